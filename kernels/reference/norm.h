/* The statistics of a group (kernels/norm.h). */
#ifndef PRUNET_KERNELS_REFERENCE_NORM_H
#define PRUNET_KERNELS_REFERENCE_NORM_H

#include <stddef.h>

/* Mean and 1 / sqrt(variance + epsilon) of a group, from the sums [channels][2] of its channels (norm.h). */
struct group_statistics {
    double mean, scale;
};
struct group_statistics reference_group_statistics(int channels, size_t voxels, const double *channel_sums);

#endif
