/* The table of the reference backend, and its plain layout. */
#include "kernels/reference/reference.h"
#include <string.h>

static size_t tensor_bytes(struct shape shape)
{
    return (size_t)shape_channels(shape) * shape_voxels(shape) * sizeof(float);
}

static void copy_tensor(struct shape shape, const float *from, float *to)
{
    memcpy(to, from, tensor_bytes(shape));
}

static size_t scratch_bytes(enum operation operation, struct shape in, struct shape out)
{
    switch (operation) {
    case OPERATION_BRANCH: /* activated input; f, later its gradient */
        return 2 * tensor_bytes(in);
    case OPERATION_DOWN: /* pooled values and their gradient */
        return 2 * (size_t)shape_channels(in) * shape_voxels(out) * sizeof(float);
    case OPERATION_UP: /* mixed values or their gradient */
        return (size_t)shape_channels(out) * shape_voxels(in) * sizeof(float);
    default:
        return 0;
    }
}

const struct kernels kernels_reference = {
    .name = "reference",
    .description = "reference: plain loops, double sums",
    REFERENCE_HOST_FUNCTIONS,
    .tensor_bytes = tensor_bytes,
    .pack = copy_tensor,
    .unpack = copy_tensor,
    .scratch_bytes = scratch_bytes,
    .image_conv_forward = reference_image_conv_forward,
    .image_conv_backward = reference_image_conv_backward,
    .conv3_forward = reference_conv3_forward,
    .conv3_backward = reference_conv3_backward,
    .channel_sums = reference_channel_sums,
    .norm_forward = reference_norm_forward,
    .norm_backward = reference_norm_backward,
    .pool_forward = reference_pool_forward,
    .pool_backward = reference_pool_backward,
    .upsample_forward = reference_upsample_forward,
    .upsample_backward = reference_upsample_backward,
    .branch_forward = reference_branch_forward,
    .branch_backward = reference_branch_backward,
    .down_forward = reference_down_forward,
    .down_backward = reference_down_backward,
    .up_forward = reference_up_forward,
    .up_backward = reference_up_backward,
    .head_forward = reference_head_forward,
    .dice_sums = reference_dice_sums,
    .head_backward = reference_head_backward,
    .adam = reference_adam,
};
