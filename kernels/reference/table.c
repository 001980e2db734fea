/* The reference backend: its table, its plain layout, and the family that it alone is. */
#include "kernels/backends.h"
#include "kernels/reference/memory.h"
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
    .stream_bytes = tensor_bytes,
    .gradient_bytes = tensor_bytes,
    .pack = copy_tensor,
    .unpack = copy_tensor,
    .scratch_bytes = scratch_bytes,
#define X(operation) .operation = reference_##operation,
#include "kernels/operations.def"
};

static int tables(const struct kernels *list[FAMILY_TABLES_MAX])
{
    list[0] = &kernels_reference;
    return 1;
}

static const struct kernels *choose(const int *channels, int levels, int streams, const char **why)
{
    (void)channels, (void)levels, (void)streams, (void)why;
    return &kernels_reference;
}

const struct kernels_family kernels_family_reference = {"reference", tables, choose};
