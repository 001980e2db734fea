/* Padded channels of all streams of a tensor, counted through: "places". They are the rows or columns of a product
 * whose channels in memory lie stream after stream (layout.h), in the weights of a network one after the other. */
#ifndef PRUNET_KERNELS_CUDA_PLACES_H
#define PRUNET_KERNELS_CUDA_PLACES_H

#include "kernels/cuda/gpu.h"
#include "kernels/cuda/layout.h"

HOST_AND_DEVICE static inline int places(const struct shape &s)
{
    return s.streams * padded(s.channels);
}

/* The channel of the network that stands at a place; -1 for padding and behind the last. */
__device__ static inline int channel_of(const struct shape &s, int place)
{
    int stream = place / padded(s.channels), channel = place % padded(s.channels);
    return stream < s.streams && channel < s.channels ? stream * s.channels + channel : -1;
}

/* Floats from a tensor to a place of its first voxel; negative where there is none. */
__device__ static inline ptrdiff_t place_at(const struct shape &s, int place)
{
    int stream = place / padded(s.channels), channel = place % padded(s.channels);
    return stream < s.streams ? (ptrdiff_t)((size_t)stream * stream_floats(s)) + channel : -1;
}

#endif
