/* GroupNorm followed by LeakyReLU, over all voxels of a tensor of one stream.
 *
 *     xhat = (x - mean_g) / sqrt(var_g + 1e-5),  a = gamma_c xhat + beta_c,  y = a > 0 ? a : 0.01 a
 *
 * Group g holds channels/groups consecutive channels; mean and (population) variance are those of the group.
 * `channel_sums` carries each channel's sum and sum of squares, [channels][2] doubles, so that they can be
 * gathered while x is written and used when it is read.
 *
 * norm_backward recomputes xhat from x: dx = the gradient, dgamma += , dbeta +=. y and dx may be x and dy
 * themselves (in place). Errors: 2e-6 of the largest value. */
#ifndef PRUNET_KERNELS_NORM_H
#define PRUNET_KERNELS_NORM_H

#include "kernels/shape.h"

#define NORM_EPSILON 1e-5
#define LEAKY_SLOPE 0.01f

/* channel_sums = sums over x. */
typedef void channel_sums_function(struct shape shape, const float *x, double *channel_sums, void *scratch);
typedef void norm_forward_function(struct shape shape, int groups, const double *channel_sums,
                                   const float *gamma, const float *beta, const float *x, float *y,
                                   void *scratch);
typedef void norm_backward_function(struct shape shape, int groups, const double *channel_sums,
                                    const float *gamma, const float *beta, const float *x, const float *dy,
                                    float *dx, float *dgamma, float *dbeta, void *scratch);
#endif
