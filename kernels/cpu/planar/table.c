/* The table of the planar backend. */

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
        return conv3_scratch(in, out);
    case OPERATION_NORM:
        return norm_scratch(in);
    case OPERATION_BRANCH:
        return branch_scratch(in);
    case OPERATION_DOWN:
        return down_scratch(in, out);
    case OPERATION_UP:
        return up_scratch(in, out);
    case OPERATION_HEAD:
        return head_scratch(in, out.channels);
    }
    return 0;
}

const struct kernels VARIANT_NAME(kernels_planar) = {
    .name = "planar-" VARIANT_STRING(VARIANT),
    .description = "cpu: planar, " VARIANT_STRING(VARIANT),
    REFERENCE_HOST_FUNCTIONS,
    .tensor_bytes = tensor_bytes,
    .pack = copy_tensor,
    .unpack = copy_tensor,
    .scratch_bytes = scratch_bytes,
#define X(operation) .operation = operation,
#include "kernels/operations.def"
};
