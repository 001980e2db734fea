/* The residual branch of a reversible block, the network's one big operation:
 *
 *     F(u) = conv3x3x3( LeakyReLU( GroupNorm(u) ) )
 *
 * forward:   y += sign * F(u)          sign +1 runs the network, -1 inverts it
 * backward:  y -= F(u)                 unless y is NULL: its old value is not needed or was saved
 *            du += F'(u)^T dy
 *            dgamma, dbeta, dconv +=
 *
 * u, y, du, dy: tensors of one stream, all of the same shape; u and dy are only read. None may overlap.
 * u_sums: [channels][2] doubles, sum and sum of squares of u (see norm.h), gathered beforehand.
 * y_sums: = those of the new y, unless NULL.
 *
 * Relative error of each result against double sums: 2e-6; of dgamma and dbeta, in which nearly all of a
 * convolution's results cancel, 1e-5.
 *
 * The same input gives the same bits forward and in the recomputation, whatever the number of threads. */
#ifndef PRUNET_KERNELS_BRANCH_H
#define PRUNET_KERNELS_BRANCH_H

#include "kernels/shape.h"

struct branch_weights {
    int groups;
    const float *gamma, *beta; /* [channels] */
    const float *conv;         /* [channels][channels][3][3][3] */
};

struct branch_gradients {
    float *gamma, *beta, *conv;
};

typedef void branch_forward_function(struct shape shape, const struct branch_weights *weights,
                                     const double *u_sums, const float *u, float sign, float *y,
                                     double *y_sums, void *scratch);
typedef void branch_backward_function(struct shape shape, const struct branch_weights *weights,
                                      const struct branch_gradients *gradients, const double *u_sums,
                                      const float *u, float *du, float *y, const float *dy, void *scratch);
#endif
