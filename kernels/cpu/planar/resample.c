/* Pooling and doubling by themselves: see resample.h. */
#include "kernels/cpu/planar/planar.h"
#include "kernels/cpu/planar/rows.h"

static size_t map_row(struct shape fine, int c, int z, int y)
{
    return (((size_t)c * (size_t)fine.depth + (size_t)z) * (size_t)fine.height + (size_t)y) *
           (size_t)fine.width;
}

static struct shape halved(struct shape fine)
{
    return (struct shape){fine.streams, fine.channels, fine.depth / 2, fine.height / 2, fine.width / 2};
}

void planar_pool_forward(struct shape fine, const float *x, float *y)
{
    struct shape coarse = halved(fine);
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < shape_channels(fine); c++)
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++)
                rows_pool(fine, x + map_row(fine, c, 2 * z, 2 * row), coarse.width,
                          y + map_row(coarse, c, z, row));
}

void planar_pool_backward(struct shape fine, const float *x, const float *dy, float *dx)
{
    enum { CHUNK = 256 };
    struct shape coarse = halved(fine);
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < shape_channels(fine); c++)
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++)
                for (int first = 0; first < coarse.width; first += CHUNK) {
                    float largest[CHUNK];
                    int count = coarse.width - first < CHUNK ? coarse.width - first : CHUNK;
                    size_t at = map_row(fine, c, 2 * z, 2 * row) + 2 * (size_t)first;
                    rows_pool(fine, x + at, count, largest);
                    rows_unpool(fine, x + at, count, largest, dy + map_row(coarse, c, z, row) + (size_t)first,
                                dx + at);
                }
}

void planar_upsample_forward(struct shape coarse, const float *x, float *y)
{
    struct shape fine = {coarse.streams, coarse.channels, 2 * coarse.depth, 2 * coarse.height,
                         2 * coarse.width};
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < shape_channels(coarse); c++)
        for (int z = 0; z < fine.depth; z++)
            for (int row = 0; row < fine.height; row++)
                rows_upsample(coarse, z, row, 1, x + map_row(coarse, c, 0, 0), y + map_row(fine, c, z, row));
}

void planar_upsample_backward(struct shape coarse, const float *dy, float *dx)
{
    struct shape fine = {coarse.streams, coarse.channels, 2 * coarse.depth, 2 * coarse.height,
                         2 * coarse.width};
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < shape_channels(coarse); c++)
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++)
                rows_downsample(coarse, z, row, dy + map_row(fine, c, 0, 0), dx + map_row(coarse, c, z, row));
}
