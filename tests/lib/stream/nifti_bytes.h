/* NIfTI files made byte by byte, so that nothing of the reader under test has a hand in them. */
#ifndef PRUNET_TESTS_LIB_STREAM_NIFTI_BYTES_H
#define PRUNET_TESTS_LIB_STREAM_NIFTI_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { NX = 3, NY = 4, NZ = 2, NVOXELS = NX * NY * NZ, FILE_MAX = 4096 };

struct bytes {
    unsigned char at[FILE_MAX];
    size_t length;
    bool wide, swapped; /* NIfTI-2; the other byte order */
};

static inline void put_raw(struct bytes *file, size_t offset, const void *value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        file->at[offset + i] = ((const unsigned char *)value)[file->swapped ? width - 1 - i : i];
}

static inline void put_integer(struct bytes *file, size_t offset, size_t width, int64_t value)
{
    put_raw(file, offset, &value, width); /* this machine is little endian: the low bytes come first */
}

static inline void put_float(struct bytes *file, size_t offset, double value)
{
    float narrow = (float)value;
    put_raw(file, offset, &narrow, 4);
}

/* A real or an index'th real of an array, in the version's width. */
static inline void put_real(struct bytes *file, size_t v1, size_t v2, size_t index, double value)
{
    if (file->wide)
        put_raw(file, v2 + 8 * index, &value, 8);
    else
        put_float(file, v1 + 4 * index, value);
}

/* Voxel i has the value i - `below`, stored as `type`. */
static inline void put_voxels(struct bytes *file, int type, int below)
{
    size_t at = file->wide ? 544 : 352;
    for (int i = 0; i < NVOXELS; i++) {
        int64_t value = i - below;
        float single = (float)value;
        double twice = (double)value;
        size_t width = type == 2 || type == 256                 ? 1
                       : type == 4 || type == 512               ? 2
                       : type == 8 || type == 16 || type == 768 ? 4
                                                                : 8;
        if (type == 16)
            put_raw(file, at, &single, 4);
        else if (type == 64)
            put_raw(file, at, &twice, 8);
        else
            put_integer(file, at, width, value);
        at += width;
    }
    file->length = at;
}

static inline void make_nifti(struct bytes *file, bool wide, bool swapped, int type, int below)
{
    static const double sform[12] = {-1, 0, 0, 10, 0, -1.5, 0, 50, 0, 0, 2, -10};
    static const int64_t dim[8] = {3, NX, NY, NZ, 1, 1, 1, 1};
    static const double pixdim[8] = {1, 1, 1.5, 2, 0, 0, 0, 0};
    static const int bits[] = {[2] = 8, [4] = 16, [8] = 32, [16] = 32, [64] = 64};
    *file = (struct bytes){.wide = wide, .swapped = swapped};
    put_integer(file, 0, 4, wide ? 540 : 348);
    for (size_t i = 0; i < 8; i++) {
        put_integer(file, wide ? 16 + 8 * i : 40 + 2 * i, wide ? 8 : 2, dim[i]);
        put_real(file, 76, 104, i, pixdim[i]);
    }
    put_integer(file, wide ? 12 : 70, 2, type);
    put_integer(file, wide ? 14 : 72, 2,
                type == 256    ? 8
                : type == 512  ? 16
                : type == 768  ? 32
                : type >= 1024 ? 64
                : type <= 64   ? bits[type]
                               : 0);
    if (wide)
        put_integer(file, 168, 8, 544);
    else
        put_float(file, 108, 352);
    put_integer(file, wide ? 348 : 254, wide ? 4 : 2, 1);
    for (size_t i = 0; i < 12; i++)
        put_real(file, 280, 400, i, sform[i]);
    if (wide)
        memcpy(file->at + 4, "n+2\0\r\n\032\n", 8);
    else
        memcpy(file->at + 344, "n+1", 4);
    put_voxels(file, type, below);
}

/* One gzip member; returns its length. */
static inline size_t gzip_bytes(const void *from, size_t count, unsigned char *to, size_t capacity)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    stream.next_in = (unsigned char *)(uintptr_t)from;
    stream.avail_in = (uInt)count;
    stream.next_out = to;
    stream.avail_out = (uInt)capacity;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
        abort();
    deflateEnd(&stream);
    return capacity - stream.avail_out;
}

#endif
