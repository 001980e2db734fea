/* The table of the blocked backend. */
#include "kernels/cpu/blocked/conv1.h"
#include "kernels/cpu/blocked/head.h"
#include "kernels/cpu/blocked/winograd.h"
#include "kernels/reference/reference.h"

static size_t scratch_bytes(enum operation operation, struct shape in, struct shape out)
{
    switch (operation) {
    case OPERATION_IMAGE_CONV:
    case OPERATION_CONV3:
        return blocked_winograd_bytes(in, out);
    case OPERATION_NORM:
        return blocked_norm_bytes(in);
    case OPERATION_BRANCH:
        return blocked_branch_bytes(in);
    case OPERATION_DOWN:
        return blocked_down_bytes(in, out);
    case OPERATION_UP:
        return blocked_up_bytes(in, out);
    case OPERATION_HEAD:
        return blocked_head_bytes(in, out.channels);
    }
    return 0;
}

extern const struct kernels VARIANT_NAME(kernels_winograd);
const struct kernels VARIANT_NAME(kernels_winograd) = {
    .name = "winograd-" VARIANT_STRING(VARIANT),
    .description = "cpu: blocked, Winograd, " VARIANT_STRING(VARIANT),
    REFERENCE_HOST_FUNCTIONS,
    .tensor_bytes = blocked_tensor_bytes,
    .pack = blocked_pack,
    .unpack = blocked_unpack,
    .scratch_bytes = scratch_bytes,
    .image_conv_forward = blocked_image_conv_forward,
    .image_conv_backward = blocked_image_conv_backward,
    .conv3_forward = blocked_conv3_forward,
    .conv3_backward = blocked_conv3_backward,
    .channel_sums = blocked_channel_sums,
    .norm_forward = blocked_norm_forward,
    .norm_backward = blocked_norm_backward,
    .pool_forward = blocked_pool_forward,
    .pool_backward = blocked_pool_backward,
    .upsample_forward = blocked_upsample_forward,
    .upsample_backward = blocked_upsample_backward,
    .branch_forward = blocked_branch_forward,
    .branch_backward = blocked_branch_backward,
    .down_forward = blocked_down_forward,
    .down_backward = blocked_down_backward,
    .up_forward = blocked_up_forward,
    .up_backward = blocked_up_backward,
    .head_forward = blocked_head_forward,
    .dice_sums = blocked_dice_sums,
    .head_backward = blocked_head_backward,
    .adam = blocked_adam,
};
