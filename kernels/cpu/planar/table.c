/* The planar backend's layout, which is the plain one, and its table. */

static size_t tensor_bytes(struct shape shape)
{
    return (size_t)shape_channels(shape) * shape_voxels(shape) * sizeof(float);
}

static void pack(struct shape shape, const float *plain, float *tensor)
{
    memcpy(tensor, plain, tensor_bytes(shape));
}

static void unpack(struct shape shape, const float *tensor, float *plain)
{
    memcpy(plain, tensor, tensor_bytes(shape));
}

#define LAYOUT planar
#define DESCRIPTION "planar"
#define STREAM_FUNCTIONS .stream_bytes = tensor_bytes, .gradient_bytes = tensor_bytes
#include "kernels/cpu/base/table.h"
