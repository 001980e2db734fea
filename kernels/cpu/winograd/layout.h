/* The layout of the winograd backend, for wide networks: each stream of a tensor is
 *
 *     [ceil(channels / LANES)][depth][height][width][LANES]
 *
 * so that one vector holds LANES channels of one voxel. The lanes past the last channel are zero in every
 * tensor that an operation wrote, and stay zero. */
#ifndef PRUNET_KERNELS_CPU_WINOGRAD_LAYOUT_H
#define PRUNET_KERNELS_CPU_WINOGRAD_LAYOUT_H

#include "kernels/cpu/base/slices.h"
#include "kernels/shape.h"

/* Blocks of a tensor, counted through its streams. */
INLINE int blocks_of_stream(struct shape s)
{
    return (s.channels + LANES - 1) / LANES;
}

INLINE int blocks_of(struct shape s)
{
    return s.streams * blocks_of_stream(s);
}

/* The first block of the last stream. */
INLINE int last_stream_block(struct shape s)
{
    return blocks_of(s) - blocks_of_stream(s);
}

/* The network's channel in lane 0 of block b, and how many lanes hold channels. */
INLINE int block_first(struct shape s, int b)
{
    return b / blocks_of_stream(s) * s.channels + b % blocks_of_stream(s) * LANES;
}

INLINE int block_count(struct shape s, int b)
{
    int left = s.channels - b % blocks_of_stream(s) * LANES;
    return left < LANES ? left : LANES;
}

/* Where channel c of the network lies. */
INLINE int channel_block(struct shape s, int c)
{
    return c / s.channels * blocks_of_stream(s) + c % s.channels / LANES;
}

INLINE int channel_lane(struct shape s, int c)
{
    return c % s.channels % LANES;
}

/* Blocks [first, first + count) of a tensor. */
struct block_range {
    int first, count;
};

INLINE struct block_range all_blocks(struct shape s)
{
    return (struct block_range){0, blocks_of(s)};
}

/* Floats of a block of maps; block b of tensor x begins at x + b * block_floats. */
INLINE size_t block_floats(struct shape s)
{
    return shape_voxels(s) * LANES;
}

/* One value a channel, as a vector: lane i belongs to channel block_first + i, 0 past the last. */
INLINE lanes block_values(struct shape s, int b, const float *values)
{
    lanes v = {0};
    for (int i = 0; i < block_count(s, b); i++)
        v[i] = values[block_first(s, b) + i];
    return v;
}

/* Where a voxel of a block lies, in floats from the tensor's beginning. */
INLINE size_t voxel_at(struct shape s, int block, int z, int y, int x)
{
    return (size_t)block * block_floats(s) +
           (((size_t)z * (size_t)s.height + (size_t)y) * (size_t)s.width + (size_t)x) * LANES;
}

#endif
