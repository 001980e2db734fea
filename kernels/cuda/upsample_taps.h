/* Trilinear doubling along one axis of n coarse voxels: the fine voxel 2 k is 1/4 x[k - 1] + 3/4 x[k], the fine
 * voxel 2 k + 1 is 3/4 x[k] + 1/4 x[k + 1], indices clamped to 0 .. n - 1. */
#ifndef PRUNET_KERNELS_CUDA_UPSAMPLE_TAPS_H
#define PRUNET_KERNELS_CUDA_UPSAMPLE_TAPS_H

#include "kernels/cuda/rows.h"

struct taps {
    int near, far; /* weights 3/4 and 1/4 */
};

__device__ static inline struct taps taps_of(int fine, int n)
{
    int near = fine / 2, far = fine % 2 ? near + 1 : near - 1;
    struct taps t = {near, far < 0 ? 0 : far >= n ? n - 1 : far};
    return t;
}

/* What the coarse voxel k gave to the fine voxel 2 k - 1 + step, step = 0 .. 3: 1/4, 3/4, 3/4, 1/4; at a
 * border, where the clamped neighbour is k itself, all of it. Outside the grid: 0. */
__device__ static inline float given(int k, int step, int n)
{
    int fine = 2 * k - 1 + step;
    if (fine < 0 || fine >= 2 * n)
        return 0;
    struct taps t = taps_of(fine, n);
    return (t.near == k ? 0.75f : 0.0f) + (t.far == k ? 0.25f : 0.0f);
}

__device__ static inline float4 add_scaled(float4 sum, float weight, float4 v)
{
    return make_float4(sum.x + weight * v.x, sum.y + weight * v.y, sum.z + weight * v.z,
                       sum.w + weight * v.w);
}

#endif
