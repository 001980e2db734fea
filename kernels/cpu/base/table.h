/* The table of a CPU backend, made from the functions that the unit has defined before. Its table.c includes
 * this at its end, with LAYOUT, the backend's name without the instruction set, DESCRIPTION, what logs
 * and checkpoints call it, and STREAM_FUNCTIONS, how it stores the activations of reversible sequences and
 * their gradients. */

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

const struct kernels VARIANT_NAME(VARIANT_JOIN(kernels, LAYOUT)) = {
    .name = VARIANT_STRING(LAYOUT) "-" VARIANT_STRING(VARIANT),
    .description = "cpu: " DESCRIPTION ", " VARIANT_STRING(VARIANT),
    REFERENCE_HOST_FUNCTIONS,
    .tensor_bytes = tensor_bytes,
    STREAM_FUNCTIONS,
    .pack = pack,
    .unpack = unpack,
    .scratch_bytes = scratch_bytes,
#define X(operation) .operation = operation,
#include "kernels/operations.def"
};
