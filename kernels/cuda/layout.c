/* Tensors to plain arrays and back, on the host. */
#include "kernels/cuda/layout.h"
#include <string.h>

size_t cuda_tensor_bytes(struct shape shape)
{
    return (size_t)shape.streams * stream_floats(shape) * sizeof(float);
}

void cuda_pack(struct shape shape, const float *plain, float *tensor)
{
    size_t voxels = shape_voxels(shape), row = (size_t)padded(shape.channels);
    memset(tensor, 0, cuda_tensor_bytes(shape));
    for (int c = 0; c < shape_channels(shape); c++) {
        float *stream = tensor + (size_t)(c / shape.channels) * stream_floats(shape) + c % shape.channels;
        for (size_t v = 0; v < voxels; v++)
            stream[v * row] = plain[(size_t)c * voxels + v];
    }
}

void cuda_unpack(struct shape shape, const float *tensor, float *plain)
{
    size_t voxels = shape_voxels(shape), row = (size_t)padded(shape.channels);
    for (int c = 0; c < shape_channels(shape); c++) {
        const float *stream =
            tensor + (size_t)(c / shape.channels) * stream_floats(shape) + c % shape.channels;
        for (size_t v = 0; v < voxels; v++)
            plain[(size_t)c * voxels + v] = stream[v * row];
    }
}
