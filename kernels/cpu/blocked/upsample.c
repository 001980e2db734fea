/* Trilinear doubling as a step of its own: see kernels/resample.h and upsample.h here. */
#include "kernels/cpu/blocked/upsample.h"

void blocked_upsample_forward(struct shape coarse, const float *x, float *y)
{
    struct shape fine = {coarse.streams, coarse.channels, 2 * coarse.depth, 2 * coarse.height,
                         2 * coarse.width};
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < blocks_of(fine); b++)
        for (int z = 0; z < fine.depth; z++)
            for (int row = 0; row < fine.height; row++) {
                const float *planes[2] = {x + voxel_at(coarse, b, z / 2, 0, 0),
                                          x + voxel_at(coarse, b, other_of(z, coarse.depth), 0, 0)};
                struct coarse_rows rows = coarse_rows(coarse, planes, row);
                upsample_row(&rows, coarse.width, 1, y + voxel_at(fine, b, z, row, 0), NULL);
            }
}

void blocked_upsample_backward(struct shape coarse, const float *dy, float *dx)
{
    struct shape fine = {coarse.streams, coarse.channels, 2 * coarse.depth, 2 * coarse.height,
                         2 * coarse.width};
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < blocks_of(coarse); b++)
        for (int z = 0; z < coarse.depth; z++)
            for (int y = 0; y < coarse.height; y++) {
                struct fine_rows rows = fine_rows(fine, dy, b, z, y);
                upsample_transposed(&rows, coarse.width, 0, coarse.width, dx + voxel_at(coarse, b, z, y, 0));
            }
}
