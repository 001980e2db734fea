/* 3x3x3 convolution, stride 1, zero padding 1, no bias.
 *
 *     y[o,v] = sum over i, t of w[o,i,t] x[i, v + t],  t in {-1,0,1}^3
 *
 * x: in.channels maps, y: out.channels maps of the same grid. w, dw: plain [out][in][3][3][3], z y x.
 * Written with `=` are y and dx (dx may be NULL: not wanted), with `+=` dw. Relative error of each result
 * against double sums: 2e-6.
 *
 * The image conv reads a plain [C][D][H][W] array and needs no gradient of its input. */
#ifndef PRUNET_KERNELS_CONV3_H
#define PRUNET_KERNELS_CONV3_H

#include "kernels/shape.h"

typedef void conv3_forward_function(struct shape in, struct shape out, const float *x, const float *w,
                                    float *y, void *scratch);
typedef void conv3_backward_function(struct shape in, struct shape out, const float *x, const float *w,
                                     const float *dy, float *dx, float *dw, void *scratch);
typedef void image_conv_forward_function(int image_channels, struct shape out, const float *image,
                                         const float *w, float *y, void *scratch);
typedef void image_conv_backward_function(int image_channels, struct shape out, const float *image,
                                          const float *dy, float *dw, void *scratch);
#endif
