/* The winograd backend's layout from and to plain arrays, and its table. */

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

#define LAYOUT winograd
#define DESCRIPTION "blocked, Winograd"
#define STREAM_FUNCTIONS .stream_bytes = tensor_bytes, .gradient_bytes = tensor_bytes
#include "kernels/cpu/base/table.h"
