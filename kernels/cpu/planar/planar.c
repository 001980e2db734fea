/* The table of the planar backend: the plain layout of the reference, vectorised along x. */
#include "kernels/cpu/planar/planar.h"
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
    case OPERATION_IMAGE_CONV:
    case OPERATION_CONV3:
        return planar_conv3_scratch(in, out);
    case OPERATION_NORM:
        return planar_norm_scratch(in);
    case OPERATION_BRANCH:
        return planar_branch_scratch(in);
    case OPERATION_DOWN:
        return planar_down_scratch(in, out);
    case OPERATION_UP:
        return planar_up_scratch(in, out);
    case OPERATION_HEAD:
        return planar_head_scratch(in, out.channels);
    }
    return 0;
}

extern const struct kernels VARIANT_NAME(kernels_planar);
const struct kernels VARIANT_NAME(kernels_planar) = {
    .name = "planar-" VARIANT_STRING(VARIANT),
    .description = "cpu: planar, " VARIANT_STRING(VARIANT),
    REFERENCE_HOST_FUNCTIONS,
    .tensor_bytes = tensor_bytes,
    .pack = copy_tensor,
    .unpack = copy_tensor,
    .scratch_bytes = scratch_bytes,
    .image_conv_forward = planar_image_conv_forward,
    .image_conv_backward = planar_image_conv_backward,
    .conv3_forward = planar_conv3_forward,
    .conv3_backward = planar_conv3_backward,
    .channel_sums = planar_channel_sums,
    .norm_forward = planar_norm_forward,
    .norm_backward = planar_norm_backward,
    .pool_forward = planar_pool_forward,
    .pool_backward = planar_pool_backward,
    .upsample_forward = planar_upsample_forward,
    .upsample_backward = planar_upsample_backward,
    .branch_forward = planar_branch_forward,
    .branch_backward = planar_branch_backward,
    .down_forward = planar_down_forward,
    .down_backward = planar_down_backward,
    .up_forward = planar_up_forward,
    .up_backward = planar_up_backward,
    .head_forward = planar_head_forward,
    .dice_sums = planar_dice_sums,
    .head_backward = planar_head_backward,
    .adam = planar_adam,
};
