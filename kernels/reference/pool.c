/* Max-pooling by 2x2x2: see resample.h. */
#include "kernels/reference/reference.h"

/* Offset of the first maximum, in z, y, x order, of the cell whose first voxel is `cell`. */
static size_t first_maximum(struct shape fine, const float *cell)
{
    size_t best = 0;
    for (int k = 1; k < 8; k++) {
        size_t at = ((size_t)(k >> 2) * (size_t)fine.height + (size_t)(k >> 1 & 1)) * (size_t)fine.width +
                    (size_t)(k & 1);
        if (cell[at] > cell[best])
            best = at;
    }
    return best;
}

static size_t cell_of(struct shape fine, int c, int z, int y, int x)
{
    return (((size_t)c * (size_t)fine.depth + 2 * (size_t)z) * (size_t)fine.height + 2 * (size_t)y) *
               (size_t)fine.width +
           2 * (size_t)x;
}

void reference_pool_forward(struct shape fine, const float *x, float *y)
{
    int depth = fine.depth / 2, height = fine.height / 2, width = fine.width / 2;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < shape_channels(fine); c++) {
        float *out = y + (size_t)c * (size_t)depth * (size_t)height * (size_t)width;
        for (int z = 0; z < depth; z++)
            for (int row = 0; row < height; row++)
                for (int v = 0; v < width; v++) {
                    const float *cell = x + cell_of(fine, c, z, row, v);
                    *out++ = cell[first_maximum(fine, cell)];
                }
    }
}

void reference_pool_backward(struct shape fine, const float *x, const float *dy, float *dx)
{
    int depth = fine.depth / 2, height = fine.height / 2, width = fine.width / 2;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < shape_channels(fine); c++) {
        const float *gradient = dy + (size_t)c * (size_t)depth * (size_t)height * (size_t)width;
        for (int z = 0; z < depth; z++)
            for (int row = 0; row < height; row++)
                for (int v = 0; v < width; v++) {
                    size_t cell = cell_of(fine, c, z, row, v);
                    dx[cell + first_maximum(fine, x + cell)] += *gradient++;
                }
    }
}
