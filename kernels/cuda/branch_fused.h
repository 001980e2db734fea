/* The residual branch of the finer levels by fused kernels on tensor cores: norm and activation as the input is
 * loaded, the addition and the sums in the epilogue. Operands are rounded to bf16 on the way and never lie in
 * memory. See kernels/branch.h; the gradient of the weights is in branch_fused_weights.h. u, y, du and dy are
 * matrices [voxels][padded(channels)], streams and their gradients (streams.h). */
#ifndef PRUNET_KERNELS_CUDA_BRANCH_FUSED_H
#define PRUNET_KERNELS_CUDA_BRANCH_FUSED_H

#include "kernels/cuda/norm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The channels that the kernels compute with for such a stream, padding counted: 32, 64 or 128, as the paper's
 * levels 0, 1 and 2 have; 0 for a stream that they are not written for: one that would leave more than eight
 * channels of 64 empty, or has so many that its level has too few voxels to fill a card. */
int branch_fused_width(struct shape shape);

/* Bytes of `packed` and of `partials` that the next two need, for a shape that has a width. */
size_t branch_fused_packed_bytes(struct shape shape);
size_t branch_fused_partials_bytes(struct shape shape);

/* y += sign F(u); y_sums, unless NULL, = the channel sums of the new y. packed, partials: scratch. */
void branch_fused_forward(struct shape shape, const struct norm_channel *norm, const float *u, const float *w,
                          float sign, float *y, double *y_sums, void *packed, double *partials);

/* du, dgamma, dbeta += ; the branch's backward pass but for the weights of the convolution. Scratch as
 * above. */
void branch_fused_input_gradient(struct shape shape, int groups, const struct norm_scratch *norm,
                                 const float *u, const float *w, const float *dy, float *du, float *dgamma,
                                 float *dbeta, void *packed, double *partials);

#ifdef __cplusplus
}
#endif

#endif
