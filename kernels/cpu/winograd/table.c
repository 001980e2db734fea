/* The table of the winograd backend, and its layout from and to plain arrays. */

static size_t tensor_bytes(struct shape s)
{
    return (size_t)blocks_of(s) * block_floats(s) * sizeof(float);
}

static void pack(struct shape s, const float *plain, float *tensor)
{
    size_t voxels = shape_voxels(s);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks_of(s); b++) {
        const float *maps = plain + (size_t)block_first(s, b) * voxels;
        float *to = tensor + (size_t)b * block_floats(s);
        int count = block_count(s, b);
        for (size_t v = 0; v < voxels; v++)
            for (int i = 0; i < LANES; i++)
                to[v * LANES + (size_t)i] = i < count ? maps[(size_t)i * voxels + v] : 0;
    }
}

static void unpack(struct shape s, const float *tensor, float *plain)
{
    size_t voxels = shape_voxels(s);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < shape_channels(s); c++) {
        const float *from = tensor + (size_t)channel_block(s, c) * block_floats(s) + channel_lane(s, c);
        for (size_t v = 0; v < voxels; v++)
            plain[(size_t)c * voxels + v] = from[v * LANES];
    }
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

const struct kernels VARIANT_NAME(kernels_winograd) = {
    .name = "winograd-" VARIANT_STRING(VARIANT),
    .description = "cpu: blocked, Winograd, " VARIANT_STRING(VARIANT),
    REFERENCE_HOST_FUNCTIONS,
    .tensor_bytes = tensor_bytes,
    .pack = pack,
    .unpack = unpack,
    .scratch_bytes = scratch_bytes,
#define X(operation) .operation = operation,
#include "kernels/operations.def"
};
