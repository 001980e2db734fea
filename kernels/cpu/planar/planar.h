/* The functions of the planar backend, each compiled once for every instruction set. The layout is the plain
 * one of the reference: rows of any width, no padding. */
#ifndef PRUNET_KERNELS_CPU_PLANAR_PLANAR_H
#define PRUNET_KERNELS_CPU_PLANAR_PLANAR_H

#include "kernels/cpu/variant.h"
#include "kernels/kernels.h"

#define planar_image_conv_forward VARIANT_NAME(planar_image_conv_forward)
#define planar_image_conv_backward VARIANT_NAME(planar_image_conv_backward)
#define planar_conv3_forward VARIANT_NAME(planar_conv3_forward)
#define planar_conv3_backward VARIANT_NAME(planar_conv3_backward)
#define planar_channel_sums VARIANT_NAME(planar_channel_sums)
#define planar_norm_forward VARIANT_NAME(planar_norm_forward)
#define planar_norm_backward VARIANT_NAME(planar_norm_backward)
#define planar_pool_forward VARIANT_NAME(planar_pool_forward)
#define planar_pool_backward VARIANT_NAME(planar_pool_backward)
#define planar_upsample_forward VARIANT_NAME(planar_upsample_forward)
#define planar_upsample_backward VARIANT_NAME(planar_upsample_backward)
#define planar_branch_forward VARIANT_NAME(planar_branch_forward)
#define planar_branch_backward VARIANT_NAME(planar_branch_backward)
#define planar_down_forward VARIANT_NAME(planar_down_forward)
#define planar_down_backward VARIANT_NAME(planar_down_backward)
#define planar_up_forward VARIANT_NAME(planar_up_forward)
#define planar_up_backward VARIANT_NAME(planar_up_backward)
#define planar_head_forward VARIANT_NAME(planar_head_forward)
#define planar_dice_sums VARIANT_NAME(planar_dice_sums)
#define planar_head_backward VARIANT_NAME(planar_head_backward)
#define planar_adam VARIANT_NAME(planar_adam)
#define planar_conv3_scratch VARIANT_NAME(planar_conv3_scratch)
#define planar_branch_scratch VARIANT_NAME(planar_branch_scratch)
#define planar_norm_scratch VARIANT_NAME(planar_norm_scratch)
#define planar_down_scratch VARIANT_NAME(planar_down_scratch)
#define planar_up_scratch VARIANT_NAME(planar_up_scratch)
#define planar_head_scratch VARIANT_NAME(planar_head_scratch)

image_conv_forward_function planar_image_conv_forward;
image_conv_backward_function planar_image_conv_backward;
conv3_forward_function planar_conv3_forward;
conv3_backward_function planar_conv3_backward;
channel_sums_function planar_channel_sums;
norm_forward_function planar_norm_forward;
norm_backward_function planar_norm_backward;
pool_forward_function planar_pool_forward;
pool_backward_function planar_pool_backward;
upsample_forward_function planar_upsample_forward;
upsample_backward_function planar_upsample_backward;
branch_forward_function planar_branch_forward;
branch_backward_function planar_branch_backward;
down_forward_function planar_down_forward;
down_backward_function planar_down_backward;
up_forward_function planar_up_forward;
up_backward_function planar_up_backward;
head_forward_function planar_head_forward;
dice_sums_function planar_dice_sums;
head_backward_function planar_head_backward;
adam_function planar_adam;

/* Scratch of forward and backward, in bytes. */
size_t planar_conv3_scratch(struct shape in, struct shape out);
size_t planar_branch_scratch(struct shape shape);
size_t planar_norm_scratch(struct shape shape);
size_t planar_down_scratch(struct shape fine, struct shape coarse);
size_t planar_up_scratch(struct shape coarse, struct shape fine);
size_t planar_head_scratch(struct shape in, int regions);

#endif
