/* The steps of GroupNorm and LeakyReLU on the device, for the norm itself and for the residual branch;
 * formulas and names are those of kernels/norm.h. x, a, y and their gradients are matrices
 * [voxels][padded(channels)] of floats; a pointer to void is an operand: bf16 where `bf16` is true, else
 * floats. Beside an operand of bf16, and in norm_channel_sums and norm_correct, x is a stream and dx the gradient of
 * one (streams.h). */
#ifndef PRUNET_KERNELS_CUDA_NORM_H
#define PRUNET_KERNELS_CUDA_NORM_H

#include "kernels/cuda/gpu.h"
#include "kernels/cuda/scratch.h"
#include "kernels/norm.h"
#include "kernels/shape.h"
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What normalising needs of a channel; zeros for padding channels, which so stay zero. */
struct norm_channel {
    float mean, scale; /* of its group: scale = 1 / sqrt(variance + epsilon) */
    float gamma, beta;
};

/* What the backward pass subtracts: the group's mean of gamma dz and of gamma dz xhat. */
struct norm_correction {
    float constant, slope;
};

/* Both by channel, [padded(channels)]. */
struct norm_scratch {
    struct norm_channel *channels;
    struct norm_correction *corrections;
};

struct norm_scratch norm_take(struct scratch *scratch, int channels);

/* channel_sums = sums over x; partials: see sums.h */
void norm_channel_sums(struct shape shape, const float *x, double *channel_sums, double *partials);

/* norm = mean, scale, gamma and beta of each channel, from the channel sums. */
void norm_prepare(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                  const float *beta, struct norm_channel *norm);

/* a = LeakyReLU(norm(x)) */
void norm_apply(struct shape shape, const struct norm_channel *norm, const float *x, void *a, bool bf16);

/* dgamma, dbeta += and the corrections =, from x and the gradient da behind the activation. */
void norm_backward_sums(struct shape shape, int groups, const struct norm_channel *norm, const float *x,
                        const void *da, bool bf16, float *dgamma, float *dbeta,
                        struct norm_correction *corrections, double *partials);

/* dx = or += scale (gamma dz - constant - slope xhat); dx may be da where that is of floats. */
void norm_gradient(struct shape shape, const struct norm_channel *norm,
                   const struct norm_correction *corrections, const float *x, const void *da, bool bf16,
                   float *dx, bool add);

/* The same in two steps for a kernel that produces da: it has added scale gamma dz to dx and stored its block
 * sums of dz and dz xhat at partials[blocks][padded(channels)][2], with space for one more block behind them.
 * The first step makes dgamma, dbeta and the corrections, the second subtracts the rest from dx. */
void norm_reduce_sums(struct shape shape, int groups, const struct norm_channel *norm, unsigned blocks,
                      double *partials, float *dgamma, float *dbeta, struct norm_correction *corrections);
void norm_correct(struct shape shape, const struct norm_channel *norm,
                  const struct norm_correction *corrections, const float *x, float *dx);

#ifdef __cplusplus
}

/* --- one number, on the device --- */

__device__ static inline float normalized(float x, const struct norm_channel &n)
{
    return (x - n.mean) * n.scale;
}

__device__ static inline float activated(float x, const struct norm_channel &n)
{
    float a = normalized(x, n) * n.gamma + n.beta;
    return a > 0 ? a : LEAKY_SLOPE * a;
}

/* dz, the gradient before the activation, from da behind it */
__device__ static inline float before_activation(float x, float da, const struct norm_channel &n)
{
    return normalized(x, n) * n.gamma + n.beta > 0 ? da : LEAKY_SLOPE * da;
}
#endif

#endif
