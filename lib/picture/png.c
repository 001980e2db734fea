#include "lib/picture/png.h"
#include "lib/base/error.h"
#include "lib/base/memory_stream.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LEVEL = 9, GREY = 0, RGB = 2, FILTERS = 3 };

static void put_u32(uint8_t *to, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        to[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A chunk: its length, its type, the data and a checksum of the latter two. */
static void put_chunk(FILE *file, const char *type, const uint8_t *data, size_t size)
{
    uint8_t word[4];
    uLong sum = crc32(crc32(0, NULL, 0), (const Bytef *)type, 4);
    if (size)
        sum = crc32(sum, data, (uInt)size);
    put_u32(word, (uint32_t)size);
    fwrite(word, 1, 4, file);
    fwrite(type, 1, 4, file);
    fwrite(data, 1, size, file);
    put_u32(word, (uint32_t)sum);
    fwrite(word, 1, 4, file);
}

static void put_text(FILE *file, const char *keyword, const char *text)
{
    uint8_t data[2048];
    const int length = text ? snprintf((char *)data, sizeof data, "%s%c%s", keyword, 0, text) : 0;
    if (length > 0)
        put_chunk(file, "tEXt", data, (size_t)length < sizeof data ? (size_t)length : sizeof data - 1);
}

static bool is_grey(const struct raster *raster)
{
    const size_t pixels = (size_t)raster->width * (size_t)raster->height;
    bool grey = true;
    for (size_t i = 0; i < pixels && grey; i++)
        grey = raster->rgb[3 * i] == raster->rgb[3 * i + 1] && raster->rgb[3 * i] == raster->rgb[3 * i + 2];
    return grey;
}

/* One row by one filter: 0 none, 1 minus the pixel before, 2 minus the one above. Returns the sum of the absolute
 * differences, of which the smallest tends to compress best. */
static long filter_row(int filter, const uint8_t *row, const uint8_t *above, size_t length, size_t channels,
                       uint8_t *to)
{
    long sum = 0;
    *to++ = (uint8_t)filter;
    for (size_t i = 0; i < length; i++) {
        const uint8_t before = filter == 1 && i >= channels ? row[i - channels] : 0;
        to[i] = (uint8_t)(row[i] - (filter == 2 ? above[i] : before));
        sum += abs((int8_t)to[i]);
    }
    return sum;
}

/* The rows as they are compressed, each behind its filter; scratch: two rows of samples and FILTERS of filtered ones. */
static void filter_rows(const struct raster *raster, size_t channels, uint8_t *scratch, uint8_t *filtered)
{
    const size_t length = (size_t)raster->width * channels;
    uint8_t *row = scratch, *above = scratch + length, *tried = above + length;
    memset(above, 0, length);
    for (int y = 0; y < raster->height; y++, filtered += length + 1) {
        const uint8_t *rgb = raster->rgb + 3 * (size_t)y * (size_t)raster->width;
        for (size_t i = 0; i < length; i++)
            row[i] = channels == 1 ? rgb[3 * i] : rgb[i];
        int best = 0;
        long sums[FILTERS];
        for (int f = 0; f < FILTERS; f++) {
            sums[f] = filter_row(f, row, above, length, channels, tried + (size_t)f * (length + 1));
            best = sums[f] < sums[best] ? f : best;
        }
        memcpy(filtered, tried + (size_t)best * (length + 1), length + 1);
        uint8_t *last = above;
        above = row;
        row = last;
    }
}

/* Header, notes, compressed rows, end. */
static void put_file(FILE *file, const struct raster *raster, const struct png_notes *notes, bool grey,
                     const uint8_t *data, size_t size)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    uint8_t header[13] = {[8] = 8, [9] = grey ? GREY : RGB},
            density[9] = {[8] = 1}; /* 8 bits; by the metre */
    put_u32(header, (uint32_t)raster->width);
    put_u32(header + 4, (uint32_t)raster->height);
    fwrite(signature, 1, sizeof signature, file);
    put_chunk(file, "IHDR", header, sizeof header);
    if (notes->pixel_mm > 1e-6 && notes->pixel_mm < 1e6) {
        const uint32_t pixels = (uint32_t)(1000 / notes->pixel_mm + 0.5);
        put_u32(density, pixels);
        put_u32(density + 4, pixels);
        put_chunk(file, "pHYs", density, sizeof density);
    }
    put_text(file, "Title", notes->title);
    put_text(file, "Description", notes->description);
    put_chunk(file, "IDAT", data, size);
    put_chunk(file, "IEND", header, 0);
}

int png_encode(const struct raster *raster, const struct png_notes *notes, uint8_t **bytes, size_t *size)
{
    const bool grey = is_grey(raster);
    const size_t channels = grey ? 1 : 3, length = (size_t)raster->width * channels;
    const size_t whole = (length + 1) * (size_t)raster->height;
    uLongf compressed = compressBound((uLong)whole);
    uint8_t *scratch = malloc(2 * length + FILTERS * (length + 1)), *filtered = malloc(whole),
            *data = malloc(compressed);
    struct memory_stream stream = {.text = NULL};
    FILE *file = NULL;
    int status = STATUS_FAILURE;
    if (scratch && filtered && data) {
        filter_rows(raster, channels, scratch, filtered);
        if (compress2(data, &compressed, filtered, (uLong)whole, LEVEL) == Z_OK)
            file = memory_stream_open(&stream);
    }
    if (file)
        put_file(file, raster, notes, grey, data, compressed);
    free(scratch);
    free(filtered);
    free(data);
    if (file)
        status = memory_stream_close(file, &stream);
    *bytes = status ? NULL : (uint8_t *)stream.text;
    *size = status ? 0 : stream.size;
    return status ? fail(STATUS_FAILURE, "out of memory for a picture of %dx%d pixels", raster->width,
                         raster->height)
                  : STATUS_OK;
}
