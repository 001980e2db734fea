/* GroupNorm as one line a channel: before LeakyReLU, z = factor (x - mean) + beta, with the mean and
 * scale = 1 / sqrt(variance + epsilon) of the channel's group and factor = gamma scale. The normalised value
 * is xhat = scale (x - mean). */
#ifndef PRUNET_KERNELS_CPU_BASE_NORM_H
#define PRUNET_KERNELS_CPU_BASE_NORM_H

#include "kernels/cpu/base/vector.h"
#include "kernels/norm.h"
#include "kernels/reference/norm.h"

struct norm_line {
    float mean, factor, beta, scale;
};

/* That of channel c of `shape`, from sums [channels][2] (kernels/norm.h), gamma and beta [channels]. */
INLINE struct norm_line norm_line(struct shape shape, int groups, const double *channel_sums,
                                  const float *gamma, const float *beta, int c)
{
    int size = shape_channels(shape) / groups;
    struct group_statistics group =
        reference_group_statistics(size, shape_voxels(shape), channel_sums + 2 * (c / size * size));
    return (struct norm_line){(float)group.mean, (float)(gamma[c] * group.scale), beta[c],
                              (float)group.scale};
}

#endif
