/* What a tensor of feature maps is.
 *
 * A tensor holds `streams` stacks of `channels` maps of depth x height x width voxels: the two streams x1, x2
 * of a reversible sequence, one stream elsewhere. Channel c of the network is channel c % channels of stream
 * c / channels. A tensor of two streams is two tensors of one stream, one after the other.
 *
 * How the maps of a stream lie in memory is the backend's own business: ask `tensor_bytes`, and go through
 * `pack` and `unpack`. Images, probabilities and weights are plain C-order arrays for every backend. */
#ifndef PRUNET_KERNELS_SHAPE_H
#define PRUNET_KERNELS_SHAPE_H

#include <stddef.h>

struct shape {
    int streams, channels; /* channels of each stream */
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

/* One stream of it. */
static inline struct shape shape_half(struct shape s)
{
    s.streams = 1;
    return s;
}

/* The first channel of the last stream. */
static inline int shape_last_stream(struct shape s)
{
    return (s.streams - 1) * s.channels;
}

/* The same channels at the next level, whose voxels are twice as long, and back. */
static inline struct shape shape_coarser(struct shape fine)
{
    return (struct shape){fine.streams, fine.channels, fine.depth / 2, fine.height / 2, fine.width / 2};
}

static inline struct shape shape_finer(struct shape coarse)
{
    return (struct shape){coarse.streams, coarse.channels, 2 * coarse.depth, 2 * coarse.height,
                          2 * coarse.width};
}

/* Where row (z, y) of map c begins in a plain array [channels][depth][height][width]. */
static inline size_t shape_row(struct shape s, int c, int z, int y)
{
    return (((size_t)c * (size_t)s.depth + (size_t)z) * (size_t)s.height + (size_t)y) * (size_t)s.width;
}

#endif
