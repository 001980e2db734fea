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
HOST_AND_DEVICE static inline size_t stream_floats(struct shape s)
{
    return (size_t)s.depth * (size_t)s.height * (size_t)s.width * (size_t)padded(s.channels);
}

/* Where a voxel's row begins in a stream. */
HOST_AND_DEVICE static inline size_t row_at(struct shape s, int z, int y, int x)
{
    return (((size_t)z * (size_t)s.height + (size_t)y) * (size_t)s.width + (size_t)x) *
           (size_t)padded(s.channels);
}

#endif
