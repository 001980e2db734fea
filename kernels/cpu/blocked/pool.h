/* Max-pooling of one window of 2x2x2 voxels, and where a voxel lies. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_POOL_H
#define PRUNET_KERNELS_CPU_BLOCKED_POOL_H

#include "kernels/cpu/blocked/blocked.h"

INLINE struct shape coarse_of(struct shape fine)
{
    return (struct shape){fine.streams, fine.channels, fine.depth / 2, fine.height / 2, fine.width / 2};
}

/* In floats from the tensor's beginning. */
INLINE size_t voxel_at(struct shape s, int block, int z, int y, int x)
{
    return (size_t)block * block_floats(s) +
           (((size_t)z * (size_t)s.height + (size_t)y) * (size_t)s.width + (size_t)x) * LANES;
}

/* The first voxel of the window of a coarse voxel. */
INLINE size_t fine_corner(struct shape fine, int block, int z, int y, int x)
{
    return voxel_at(fine, block, 2 * z, 2 * y, 2 * x);
}

/* The window of coarse voxel number v of a block. */
INLINE size_t window_of(struct shape fine, struct shape coarse, int block, size_t v)
{
    int x = (int)(v % (size_t)coarse.width);
    size_t row = v / (size_t)coarse.width;
    return fine_corner(fine, block, (int)(row / (size_t)coarse.height), (int)(row % (size_t)coarse.height),
                       x);
}

/* Voxel i of a window, in the order z, y, x. */
INLINE size_t window_at(struct shape fine, int i)
{
    return voxel_at(fine, 0, i >> 2, i >> 1 & 1, i & 1);
}

INLINE lanes pool_window(struct shape fine, const float *x)
{
    lanes largest = lanes_load(x);
    for (int i = 1; i < 8; i++)
        largest = lanes_max(largest, lanes_load(x + window_at(fine, i)));
    return largest;
}

/* dx += dy at the first of the largest values: what one voxel has taken is 0 for the next. */
INLINE void unpool_window(struct shape fine, const float *x, lanes largest, lanes dy, float *dx)
{
    for (int i = 0; i < 8; i++) {
        size_t at = window_at(fine, i);
        lanes taken = lanes_where_equal(lanes_load(x + at), largest, dy);
        lanes_store(dx + at, lanes_load(dx + at) + taken);
        dy -= taken;
    }
}

#endif
