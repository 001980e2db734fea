/* Max-pooling of some channels of one coarse voxel: the first maximum over its 2x2x2 corners, in z, y, x order. The
 * bits of a corner's number are z, y, x. */
#ifndef PRUNET_KERNELS_CUDA_POOL_MAXIMUM_H
#define PRUNET_KERNELS_CUDA_POOL_MAXIMUM_H

#include "kernels/cuda/gpu.h"

template <int CHANNELS> struct maximum {
    float most[CHANNELS];
    unsigned where; /* the first corner that has it, in four bits a channel */
};

/* Whether x takes the place of the maximum so far; a NaN takes it and keeps it. */
__device__ static inline bool exceeds(float x, float most)
{
    return x > most || (x != x && most == most);
}

/* Corners come in order, 0 first. */
template <int CHANNELS>
__device__ static inline void take_corner(struct maximum<CHANNELS> &m, unsigned corner,
                                          const float (&values)[CHANNELS])
{
#pragma unroll
    for (int c = 0; c < CHANNELS; c++)
        if (corner == 0 || exceeds(values[c], m.most[c])) {
            m.most[c] = values[c];
            m.where = (m.where & ~(15u << 4 * c)) | corner << 4 * c;
        }
}

__device__ static inline bool stands_at(unsigned where, int channel, unsigned corner)
{
    return (where >> 4 * channel & 15u) == corner;
}

#endif
