#include "lib/stream/nifti.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/stream/affine.h"
#include "lib/stream/inflate.h"
#include "lib/stream/magic.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A block of samples fits the second-level cache on its way from zlib to floats; 8 divides it. */
enum { BLOCK_BYTES = 1 << 18, GROWTH_FIRST = 1 << 20 /* samples */ };
static const double SAME_AFFINE = 1e-3;

struct nifti_file {
    struct inflate input;
    struct nifti_header header;
    bool nan_to_zero;
    size_t samples;
    char path[]; /* for messages */
};

/* Reads exactly `count` bytes. */
static int read_all(struct inflate *input, void *to, size_t count, const char *what)
{
    size_t got;
    int status = inflate_read(input, to, count, &got);
    if (!status && got < count)
        return fail(STATUS_DATA, "the file ends inside %s", what);
    return status;
}

/* The file's header, then whatever extensions stand before the data. */
static int read_header(struct nifti_file *file, struct nifti *volume)
{
    unsigned char bytes[NIFTI_HEADER_MAX];
    int status = read_all(&file->input, bytes, 4, "the header");
    size_t length = status ? 0 : nifti_header_bytes(bytes);
    if (!status && !length)
        return fail(STATUS_DATA, "not a NIfTI file%s", looks_like(bytes, 4));
    if (!status)
        status = read_all(&file->input, bytes + 4, length - 4, "the header");
    if (!status)
        status = nifti_header_parse(bytes, file->path, &file->header, volume);
    for (size_t rest = status ? 0 : file->header.offset - length; !status && rest;) {
        size_t part = size_min(rest, sizeof bytes);
        status = read_all(&file->input, bytes, part, "the header's extensions");
        rest -= part;
    }
    return status;
}

int nifti_open(const char *path, const struct nifti_options *options, struct nifti_file **opened,
               struct nifti *volume)
{
    const char *name = strcmp(path, "-") ? path : "standard input";
    struct nifti_file *file = calloc(1, sizeof *file + strlen(name) + 1);
    if (!file)
        return fail(STATUS_FAILURE, "%s: out of memory", name);
    strcpy(file->path, name);
    file->nan_to_zero = options && options->nan_to_zero;
    int status = inflate_open(&file->input, path);
    if (!status)
        status = read_header(file, volume);
    if (!status) { /* at most 2^36 voxels of 2^6 channels */
        file->samples = grid_voxels(volume->size) * (size_t)volume->channels;
        uint64_t most = options && options->max_bytes ? options->max_bytes : RECORD_BYTES_MAX;
        if (file->samples * sizeof(float) > most)
            status = fail(STATUS_DATA, "%zu bytes as float, more than the limit of %llu",
                          file->samples * sizeof(float), (unsigned long long)most);
    }
    if (status) {
        fail_in(status, "%s", name);
        nifti_close(file);
        *volume = (struct nifti){0};
        return status;
    }
    *opened = file;
    return STATUS_OK;
}

const char *nifti_type_name(const struct nifti_file *file)
{
    switch (file->header.type) {
    case NIFTI_UINT8:
        return "uint8";
    case NIFTI_INT8:
        return "int8";
    case NIFTI_INT16:
        return "int16";
    case NIFTI_UINT16:
        return "uint16";
    case NIFTI_INT32:
        return "int32";
    case NIFTI_UINT32:
        return "uint32";
    case NIFTI_FLOAT32:
        return "float32";
    case NIFTI_FLOAT64:
        return "float64";
    case NIFTI_INT64:
        return "int64";
    case NIFTI_UINT64:
        return "uint64";
    }
    return "unknown";
}

void nifti_close(struct nifti_file *file)
{
    if (!file)
        return;
    inflate_close(&file->input);
    free(file);
}

static void swap_samples(unsigned char *bytes, size_t count, size_t width)
{
    if (width == 2)
        for (size_t i = 0; i < count; i++) {
            uint16_t value;
            memcpy(&value, bytes + 2 * i, 2);
            value = __builtin_bswap16(value);
            memcpy(bytes + 2 * i, &value, 2);
        }
    else if (width > 2)
        for (unsigned char *sample = bytes; sample < bytes + count * width; sample += width)
            for (size_t i = 0; i < width / 2; i++) {
                unsigned char byte = sample[i];
                sample[i] = sample[width - 1 - i];
                sample[width - 1 - i] = byte;
            }
}

/* to[i] = slope * from[i] + inter, in double. */
#define SCALE(sample)                                                                                        \
    do {                                                                                                     \
        const sample *samples = from;                                                                        \
        for (size_t i = 0; i < count; i++)                                                                   \
            to[i] = (float)(slope * (double)samples[i] + inter);                                             \
    } while (0)

/* As SCALE, and counts samples that a float cannot hold. */
#define SCALE_EXACT(sample, most)                                                                            \
    do {                                                                                                     \
        const sample *whole = from;                                                                          \
        for (size_t i = 0; i < count; i++)                                                                   \
            inexact += whole[i] > (most) || (sample)(float)whole[i] != whole[i];                             \
        SCALE(sample);                                                                                       \
    } while (0)

/* As SCALE, and counts samples of 32 bits that a float rounds. */
#define SCALE_ROUNDED(sample)                                                                                \
    do {                                                                                                     \
        const sample *whole = from;                                                                          \
        for (size_t i = 0; i < count; i++)                                                                   \
            *rounded += (int64_t)(float)whole[i] != whole[i];                                                \
        SCALE(sample);                                                                                       \
    } while (0)

static int convert(const struct nifti_header *header, const void *from, size_t count, float *to,
                   size_t *rounded)
{
    const double slope = header->slope, inter = header->inter;
    size_t inexact = 0;
    switch (header->type) {
    case NIFTI_UINT8:
        SCALE(uint8_t);
        break;
    case NIFTI_INT8:
        SCALE(int8_t);
        break;
    case NIFTI_INT16:
        SCALE(int16_t);
        break;
    case NIFTI_UINT16:
        SCALE(uint16_t);
        break;
    case NIFTI_INT32:
        SCALE_ROUNDED(int32_t);
        break;
    case NIFTI_UINT32:
        SCALE_ROUNDED(uint32_t);
        break;
    case NIFTI_FLOAT32:
        SCALE(float);
        break;
    case NIFTI_FLOAT64:
        SCALE(double);
        break;
    case NIFTI_INT64: /* the bound keeps the cast back inside the type */
        SCALE_EXACT(int64_t, INT64_MAX / 2);
        break;
    case NIFTI_UINT64:
        SCALE_EXACT(uint64_t, UINT64_MAX / 2);
        break;
    }
    return inexact ? fail(STATUS_DATA, "%zu voxels of 64-bit integers are not exact as float", inexact)
                   : STATUS_OK;
}

/* Counts what is not finite, and makes it zero. */
static size_t clear_non_finite(float *data, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        bool finite = fabsf(data[i]) < INFINITY; /* false for NaN, too */
        found += !finite;
        data[i] = finite ? data[i] : 0;
    }
    return found;
}

static int load_samples(struct nifti_file *file, struct nifti *volume)
{
    const struct nifti_header *header = &file->header;
    size_t width = header->sample_bytes, capacity = 0;
    unsigned char *block = malloc(BLOCK_BYTES);
    int status = block ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
    for (size_t done = 0; !status && done < file->samples;) {
        size_t count = size_min(file->samples - done, BLOCK_BYTES / width), got;
        if ((status = inflate_read(&file->input, block, count * width, &got)))
            break;
        if (got < count * width) {
            status = fail(STATUS_DATA, "the file ends inside the data: %zu of %zu bytes", done * width + got,
                          file->samples * width);
            break;
        }
        /* memory follows the bytes that arrive: a header that lies about its size reserves nothing */
        if (done + count > capacity &&
            (status =
                 array_grow_within(&volume->data, &capacity, size_min(done + GROWTH_FIRST, file->samples),
                                   file->samples, sizeof *volume->data)))
            break;
        if (header->swapped)
            swap_samples(block, count, width);
        status = convert(header, block, count, volume->data + done, &volume->rounded);
        volume->zeroed += status ? 0 : clear_non_finite(volume->data + done, count);
        done += count;
    }
    free(block);
    return status;
}

/* Reads to the end of the file, which is where gzip's CRC-32 and length stand. */
static int drain(struct inflate *input)
{
    unsigned char more[4096];
    size_t got;
    int status = inflate_read(input, more, sizeof more, &got);
    if (!status && got)
        return fail(STATUS_DATA, "the file goes on after the data that its header announces");
    return status;
}

int nifti_load(struct nifti_file *file, struct nifti *volume)
{
    int status = load_samples(file, volume);
    if (!status)
        status = drain(&file->input);
    if (!status && volume->zeroed && !file->nan_to_zero)
        status = fail(STATUS_DATA, "%zu voxels are not finite", volume->zeroed);
    if (status) {
        fail_in(status, "%s", file->path);
        nifti_free(volume);
    }
    nifti_close(file);
    return status;
}

int nifti_read(const char *path, const struct nifti_options *options, struct nifti *volume)
{
    struct nifti_file *file;
    int status = nifti_open(path, options, &file, volume);
    if (!status)
        status = nifti_load(file, volume);
    if (!status)
        nifti_warn(path, volume);
    return status;
}

void nifti_warn(const char *path, const struct nifti *volume)
{
    if (volume->zeroed)
        warn("%s: %zu voxels that are not finite are read as 0", path, volume->zeroed);
    if (volume->rounded)
        warn("%s: %zu voxels of 32-bit integers above 2^24 are rounded to float", path, volume->rounded);
}

void nifti_free(struct nifti *volume)
{
    free(volume->data);
    *volume = (struct nifti){0};
}

int nifti_same_grid(const char *path_a, const struct nifti *a, const char *path_b, const struct nifti *b)
{
    if (!grid_equal(a->size, b->size))
        return fail(STATUS_DATA, "%s is %dx%dx%d, %s is %dx%dx%d", path_a, a->size[0], a->size[1], a->size[2],
                    path_b, b->size[0], b->size[1], b->size[2]);
    double difference = affine_difference(a->affine, b->affine);
    if (!(difference <= SAME_AFFINE))
        return fail(STATUS_DATA, "%s and %s: their affines differ by %g", path_a, path_b, difference);
    return STATUS_OK;
}

void nifti_describe(const struct nifti *volume, struct record *record)
{
    memcpy(record->size, volume->size, sizeof record->size);
    memcpy(record->grid, volume->size, sizeof record->grid);
    memcpy(record->affine, volume->affine, sizeof record->affine);
    affine_split(volume->affine, record->directions, record->origin);
    record->forms = volume->forms;
    record->has_geometry = record->has_grid = true;
}
