/* What the file of each operation gives to the table: its functions as kernels/ states them, and the bytes of
 * its scratch. */
#ifndef PRUNET_KERNELS_CUDA_OPERATIONS_H
#define PRUNET_KERNELS_CUDA_OPERATIONS_H

#include "kernels/cuda/operand.h"
#include "kernels/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* image_conv.cu */
image_conv_forward_function cuda_image_conv_forward;
image_conv_backward_function cuda_image_conv_backward;
size_t image_conv_scratch_bytes(struct shape image, struct shape out);

/* conv3.c */
conv3_forward_function cuda_conv3_forward;
conv3_backward_function cuda_conv3_backward;
size_t conv3_scratch_bytes(struct shape in, struct shape out);

/* norm.cu */
channel_sums_function cuda_channel_sums;
norm_forward_function cuda_norm_forward;
norm_backward_function cuda_norm_backward;
size_t norm_scratch_bytes(struct shape shape);

/* branch.c; the precision need not be open */
branch_forward_function cuda_branch_forward;
branch_backward_function cuda_branch_backward;
size_t branch_scratch_bytes(enum precision precision, struct shape shape);

/* resample.c */
pool_forward_function cuda_pool_forward;
pool_backward_function cuda_pool_backward;
upsample_forward_function cuda_upsample_forward;
upsample_backward_function cuda_upsample_backward;
down_forward_function cuda_down_forward;
down_backward_function cuda_down_backward;
up_forward_function cuda_up_forward;
up_backward_function cuda_up_backward;
size_t down_scratch_bytes(struct shape fine, struct shape coarse);
size_t up_scratch_bytes(struct shape coarse, struct shape fine);

/* head.cu */
head_forward_function cuda_head_forward;
dice_sums_function cuda_dice_sums;
head_backward_function cuda_head_backward;
size_t head_scratch_bytes(struct shape in);

/* adam.cu */
adam_function cuda_adam;

#ifdef __cplusplus
}
#endif

#endif
