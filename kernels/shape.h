/* What a tensor of feature maps is.
 *
 * A tensor holds `streams` stacks of `channels` maps of depth x height x width voxels: two streams for the two
 * streams x1, x2 of a reversible sequence, one part elsewhere. Channel c of the network is channel
 * c % channels of part c / channels. A tensor of two streams is two tensors of one part, one after the other.
 *
 * How the maps of a part lie in memory is the backend's own business: ask `tensor_bytes`, and go through
 * `pack` and `unpack`. Images, probabilities and weights are plain C-order arrays for every backend. */
#ifndef PRUNET_KERNELS_SHAPE_H
#define PRUNET_KERNELS_SHAPE_H

#include <stddef.h>

struct shape {
    int streams, channels; /* channels of each part */
    int depth, height, width;
};

static inline size_t shape_voxels(struct shape s)
{
    return (size_t)s.depth * (size_t)s.height * (size_t)s.width;
}

static inline int shape_channels(struct shape s)
{
    return s.streams * s.channels;
}

static inline struct shape shape_half(struct shape s)
{
    s.streams = 1;
    return s;
}

#endif
