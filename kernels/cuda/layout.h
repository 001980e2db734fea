/* How feature maps lie in the device's memory: NDHWC, a row of channels for each voxel, the channels of each
 * stream padded with zeros to a multiple of 8.
 *
 * Eight is what the bf16 engines of cuDNN want (16 bytes a row at least, and no hidden copy of the operands:
 * 30 unpadded channels cost 600 MiB of workspace at full size). TF32 would be content with four, which saves
 * 1 % of a full network; one layout for every precision is worth more. */
#ifndef PRUNET_KERNELS_CUDA_LAYOUT_H
#define PRUNET_KERNELS_CUDA_LAYOUT_H

#include "kernels/shape.h"

#ifdef __CUDACC__
#define HOST_AND_DEVICE __host__ __device__
#else
#define HOST_AND_DEVICE
#endif

HOST_AND_DEVICE static inline int padded(int channels)
{
    return (channels + 7) / 8 * 8;
}

/* Floats of one stream: a matrix [voxels][padded(channels)]. */
static inline size_t stream_floats(struct shape shape)
{
    return shape_voxels(shape) * (size_t)padded(shape.channels);
}

#ifdef __cplusplus
extern "C" {
#endif

/* The layout functions of struct kernels; host to host. */
size_t cuda_tensor_bytes(struct shape shape);
void cuda_pack(struct shape shape, const float *plain, float *tensor);
void cuda_unpack(struct shape shape, const float *tensor, float *plain);

#ifdef __cplusplus
}
#endif

#endif
