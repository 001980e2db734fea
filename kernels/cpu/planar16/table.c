/* The table: tensors are the planar backend's, and streams and their gradients [channels][D][H][W], too, of 16 bits. */

static size_t tensor_bytes(struct shape shape)
{
    return (size_t)shape_channels(shape) * shape_voxels(shape) * sizeof(float);
}

static size_t stream_bytes(struct shape shape)
{
    return (size_t)shape_channels(shape) * shape_voxels(shape) * sizeof(stream);
}

static size_t gradient_bytes(struct shape shape)
{
    return (size_t)shape_channels(shape) * shape_voxels(shape) * sizeof(stream_gradient);
}

static void pack(struct shape shape, const float *plain, float *tensor)
{
    memcpy(tensor, plain, tensor_bytes(shape));
}

static void unpack(struct shape shape, const float *tensor, float *plain)
{
    memcpy(plain, tensor, tensor_bytes(shape));
}

#define LAYOUT planar16
#define DESCRIPTION "planar, int16"
#define STREAM_FUNCTIONS .stream_bytes = stream_bytes, .gradient_bytes = gradient_bytes, .wraps = wraps
#include "kernels/cpu/base/table.h"
