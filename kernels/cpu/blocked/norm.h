/* GroupNorm and LeakyReLU, one channel a lane: with mean m and r = 1 / sqrt(variance + epsilon) of the group,
 *
 *     xhat = r (x - m),   z = gamma xhat + beta = scale (x - m) + beta,   a = max(z, slope z). */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_NORM_H
#define PRUNET_KERNELS_CPU_BLOCKED_NORM_H

#include "kernels/cpu/blocked/blocked.h"
#include <math.h>

struct activation {
    lanes mean, scale, beta; /* m, gamma r, beta */
};

INLINE lanes before_relu(const struct activation *n, lanes x)
{
    return n->scale * (x - n->mean) + n->beta;
}

INLINE lanes activate(const struct activation *n, lanes x)
{
    lanes z = before_relu(n, x);
    return lanes_max(z, LEAKY_SLOPE * z);
}

/* dz from da at x. */
INLINE lanes through_relu(const struct activation *n, lanes x, lanes da)
{
    return lanes_where_positive(before_relu(n, x), da, LEAKY_SLOPE * da);
}

/* What the backward needs of one block. */
struct norm_backward {
    struct activation activation;
    lanes rate; /* r */
};

INLINE lanes normalised(const struct norm_backward *n, lanes x)
{
    return n->rate * (x - n->activation.mean);
}

/* Sums over voxels that the backward gathers: of dz and of dz xhat. The same for channel_sums: x and x^2. */
struct lane_sums {
    lanes_double first, second;
};

struct group_scale {
    double mean, scale;
};

INLINE struct group_scale group_scale(int channels, size_t voxels, const double *channel_sums)
{
    double sum = 0, squares = 0, n = (double)channels * (double)voxels;
    for (int c = 0; c < channels; c++) {
        sum += channel_sums[2 * c];
        squares += channel_sums[2 * c + 1];
    }
    double mean = sum / n, variance = squares / n - mean * mean;
    return (struct group_scale){mean, 1 / sqrt((variance > 0 ? variance : 0) + NORM_EPSILON)};
}

#define blocked_norm_prepare VARIANT_NAME(blocked_norm_prepare)
#define blocked_norm_correct VARIANT_NAME(blocked_norm_correct)
#define blocked_norm_bytes VARIANT_NAME(blocked_norm_bytes)
#define blocked_sums_add VARIANT_NAME(blocked_sums_add)
#define blocked_sums_store VARIANT_NAME(blocked_sums_store)

/* Scratch of channel_sums, norm_forward and norm_backward. */
size_t blocked_norm_bytes(struct shape shape);

/* One struct norm_backward for each block of `shape`. */
void blocked_norm_prepare(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                          const float *beta, struct norm_backward *norms);

/* sums[0][b] += sums[1..slices-1][b], in order. */
void blocked_sums_add(int blocks, int slices, struct lane_sums *sums);

/* channel_sums [channels][2] = the sums, a channel a lane. */
void blocked_sums_store(struct shape shape, const struct lane_sums *sums, double *channel_sums);

/* GroupNorm's backward, its second part. A first pass added r gamma dz into dx and gathered the sums of dz
 * and dz xhat of each channel; this one adds them into dbeta and dgamma and takes off
 *
 *     r ( mean(gamma dz) + xhat mean(gamma dz xhat) ),   means over the group,
 *
 * which needs x, but neither dz nor a temporary. sums [blocks] is used up. */
void blocked_norm_correct(struct shape shape, int groups, const struct norm_backward *norms,
                          const float *gamma, struct lane_sums *sums, const float *x, float *dx,
                          float *dgamma, float *dbeta);

#endif
