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
    case OPERATION_UP: /* what the convolution yields, or its gradient */
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
#define X(operation) .operation = reference_##operation,
#include "kernels/operations.def"
};
