/* Between two levels: `fine` has twice the depth, height and width of `coarse`.
 *
 * Plain steps:
 *     pool:      y = max over 2x2x2 of x
 *                backward: dx += dy at the first maximum in z, y, x order
 *     upsample:  y += x trilinearly doubled, align_corners = false (weights 3/4, 1/4, clamped at the border)
 *                backward: the exact transpose, dx = (not +=)
 *     conv1:     1x1x1 convolution with bias, y[o] = sum_i w[o,i] x[i] + b[o]
 *                backward: dx =, dw +=, db +=
 *
 * Fused as the network uses them; bias and w [out][in] span both streams of a tensor:
 *     down_forward:   y = conv1(pool(x))                                fine -> coarse
 *     down_backward:  dx += pool'^T conv1'^T dy;  dw +=, db +=; x is read again for the pooled values
 *     up_forward:     y += sign * upsample(conv1(x))                    coarse -> fine; sign -1 subtracts it
 *     up_backward:    dx = conv1'^T upsample'^T dy;  dw +=, db +=
 *
 * channel_sums: as in norm.h, of the last stream of what is written (the first branch reads it), or NULL.
 * Relative error of each result against double sums: 2e-6. */
#ifndef PRUNET_KERNELS_RESAMPLE_H
#define PRUNET_KERNELS_RESAMPLE_H

#include "kernels/shape.h"

typedef void pool_forward_function(struct shape fine, const float *x, float *y);
typedef void pool_backward_function(struct shape fine, const float *x, const float *dy, float *dx);
typedef void upsample_forward_function(struct shape coarse, const float *x, float *y);
typedef void upsample_backward_function(struct shape coarse, const float *dy, float *dx);

typedef void down_forward_function(struct shape fine, struct shape coarse, const float *x, const float *w,
                                   const float *b, float *y, double *channel_sums, void *scratch);
typedef void down_backward_function(struct shape fine, struct shape coarse, const float *x, const float *w,
                                    const float *dy, float *dx, float *dw, float *db, void *scratch);
typedef void up_forward_function(struct shape coarse, struct shape fine, const float *x, const float *w,
                                 const float *b, float sign, float *y, double *channel_sums, void *scratch);
typedef void up_backward_function(struct shape coarse, struct shape fine, const float *x, const float *w,
                                  const float *dy, float *dx, float *dw, float *db, void *scratch);
#endif
