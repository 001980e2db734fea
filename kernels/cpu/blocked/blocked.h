/* The blocked backend, for wide networks: each part of a tensor is
 *
 *     [ceil(channels / LANES)][depth][height][width][LANES]
 *
 * so that one vector holds LANES channels of one voxel. The lanes past the last channel are zero in every
 * tensor that an operation wrote, and stay zero. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_BLOCKED_H
#define PRUNET_KERNELS_CPU_BLOCKED_BLOCKED_H

#include "kernels/cpu/blocked/vector.h"
#include "kernels/kernels.h"

/* Blocks of a tensor, counted through its streams. */
INLINE int blocks_of_stream(struct shape s)
{
    return (s.channels + LANES - 1) / LANES;
}

INLINE int blocks_of(struct shape s)
{
    return s.streams * blocks_of_stream(s);
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
struct range {
    int first, count;
};

INLINE struct range all_blocks(struct shape s)
{
    return (struct range){0, blocks_of(s)};
}

/* Floats of a block of maps; block b of tensor x begins at x + b * block_floats. */
INLINE size_t block_floats(struct shape s)
{
    return shape_voxels(s) * LANES;
}

/* One value a channel, as vectors: lane i of values[b] belongs to channel block_first + i, 0 past the last.
 */
INLINE lanes block_values(struct shape s, int b, const float *values)
{
    lanes v = {0};
    for (int i = 0; i < block_count(s, b); i++)
        v[i] = values[block_first(s, b) + i];
    return v;
}

INLINE int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Work is cut into this many slices at most, whatever the number of threads, and what slices sum is added in
 * their order: results do not depend on the threads. Slice i of n takes [slice_begin(i), slice_begin(i + 1)).
 */
enum { SLICES_MAX = 32 };

INLINE size_t slice_begin(size_t work, int slices, int i)
{
    return work * (size_t)i / (size_t)slices;
}

#define blocked_tensor_bytes VARIANT_NAME(blocked_tensor_bytes)
#define blocked_pack VARIANT_NAME(blocked_pack)
#define blocked_unpack VARIANT_NAME(blocked_unpack)

#define blocked_image_conv_forward VARIANT_NAME(blocked_image_conv_forward)
#define blocked_image_conv_backward VARIANT_NAME(blocked_image_conv_backward)
#define blocked_conv3_forward VARIANT_NAME(blocked_conv3_forward)
#define blocked_conv3_backward VARIANT_NAME(blocked_conv3_backward)
#define blocked_channel_sums VARIANT_NAME(blocked_channel_sums)
#define blocked_norm_forward VARIANT_NAME(blocked_norm_forward)
#define blocked_norm_backward VARIANT_NAME(blocked_norm_backward)
#define blocked_pool_forward VARIANT_NAME(blocked_pool_forward)
#define blocked_pool_backward VARIANT_NAME(blocked_pool_backward)
#define blocked_upsample_forward VARIANT_NAME(blocked_upsample_forward)
#define blocked_upsample_backward VARIANT_NAME(blocked_upsample_backward)
#define blocked_branch_forward VARIANT_NAME(blocked_branch_forward)
#define blocked_branch_backward VARIANT_NAME(blocked_branch_backward)
#define blocked_down_forward VARIANT_NAME(blocked_down_forward)
#define blocked_down_backward VARIANT_NAME(blocked_down_backward)
#define blocked_up_forward VARIANT_NAME(blocked_up_forward)
#define blocked_up_backward VARIANT_NAME(blocked_up_backward)
#define blocked_head_forward VARIANT_NAME(blocked_head_forward)
#define blocked_dice_sums VARIANT_NAME(blocked_dice_sums)
#define blocked_head_backward VARIANT_NAME(blocked_head_backward)
#define blocked_adam VARIANT_NAME(blocked_adam)

size_t blocked_tensor_bytes(struct shape shape);
void blocked_pack(struct shape shape, const float *plain, float *tensor);
void blocked_unpack(struct shape shape, const float *tensor, float *plain);

image_conv_forward_function blocked_image_conv_forward;
image_conv_backward_function blocked_image_conv_backward;
conv3_forward_function blocked_conv3_forward;
conv3_backward_function blocked_conv3_backward;
channel_sums_function blocked_channel_sums;
norm_forward_function blocked_norm_forward;
norm_backward_function blocked_norm_backward;
pool_forward_function blocked_pool_forward;
pool_backward_function blocked_pool_backward;
upsample_forward_function blocked_upsample_forward;
upsample_backward_function blocked_upsample_backward;
branch_forward_function blocked_branch_forward;
branch_backward_function blocked_branch_backward;
down_forward_function blocked_down_forward;
down_backward_function blocked_down_backward;
up_forward_function blocked_up_forward;
up_backward_function blocked_up_backward;
head_forward_function blocked_head_forward;
dice_sums_function blocked_dice_sums;
head_backward_function blocked_head_backward;
adam_function blocked_adam;

#endif
