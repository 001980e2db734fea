/* Max-pooling: see kernels/resample.h and pool.h here. */
#include "kernels/cpu/blocked/pool.h"

void blocked_pool_forward(struct shape fine, const float *x, float *y)
{
    struct shape coarse = coarse_of(fine);
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < blocks_of(fine); b++)
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++) {
                const float *from = x + fine_corner(fine, b, z, row, 0);
                float *to = y + voxel_at(coarse, b, z, row, 0);
                for (int i = 0; i < coarse.width; i++, from += 2 * LANES, to += LANES)
                    lanes_store(to, pool_window(fine, from));
            }
}

void blocked_pool_backward(struct shape fine, const float *x, const float *dy, float *dx)
{
    struct shape coarse = coarse_of(fine);
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < blocks_of(fine); b++)
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++) {
                size_t at = fine_corner(fine, b, z, row, 0);
                const float *from = dy + voxel_at(coarse, b, z, row, 0);
                for (int i = 0; i < coarse.width; i++, at += 2 * LANES, from += LANES)
                    unpool_window(fine, x + at, pool_window(fine, x + at), lanes_load(from), dx + at);
            }
}
