/* 1x1x1 convolutions over stretches of voxels. */
#ifndef PRUNET_KERNELS_CPU_PLANAR_CONV1_H
#define PRUNET_KERNELS_CPU_PLANAR_CONV1_H

#include "kernels/cpu/variant.h"
#include <stddef.h>

#define conv1_stretch VARIANT_NAME(conv1_stretch)
#define conv1_correlate VARIANT_NAME(conv1_correlate)

/* Voxels that are mixed at a time, so that all channels of a stretch stay in the first cache. */
enum { STRETCH = 512 };

/* Maps of which each has its stretch at x + i * stride. */
struct maps {
    int channels;
    const float *x;
    size_t stride;
};

/* The matrix w(o, i) = w[o * of_out + i * of_in]. */
struct matrix {
    const float *w;
    int of_out, of_in;
};

/* y[o * y_stride + v] = sum_i w(o, i) x[i][v] + b[o], for `out` channels and `count` voxels; b may be NULL.
 */
void conv1_stretch(struct maps x, int out, struct matrix w, const float *b, size_t count, float *y,
                   size_t y_stride);

/* sums[o][in.channels + 1] += sum_v dy[o][v] x[i][v], and in the last column sum_v dy[o][v]. */
void conv1_correlate(struct maps x, struct maps dy, size_t count, double *sums);

#endif
