/* The residual branch of 32 padded channels, the finest level's, by fused kernels on tensor cores: norm and
 * activation as the input is loaded, the addition and the sums in the epilogue. Operands are rounded to bf16
 * on the way and never lie in memory. See kernels/branch.h; the gradient of the weights is in
 * branch_fused_weights.h. u, y, du and dy are matrices [voxels][32], streams and
 * their gradients (streams.h). */
#ifndef PRUNET_KERNELS_CUDA_BRANCH_FUSED_H
#define PRUNET_KERNELS_CUDA_BRANCH_FUSED_H

#include "kernels/cuda/norm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether a stream has the channels that the kernels were written for. */
bool branch_fused_fits(struct shape shape);

/* Bytes of `partials` that the next two need, for a shape that fits. */
size_t branch_fused_partials_bytes(struct shape shape);

/* y += sign F(u); y_sums, unless NULL, = the channel sums of the new y. packed: scratch of 27 x 32 x 32
 * bf16. */
void branch_fused_forward(struct shape shape, const struct norm_channel *norm, const float *u, const float *w,
                          float sign, float *y, double *y_sums, void *packed, double *partials);

/* du, dgamma, dbeta += ; the branch's backward pass but for the weights of the convolution. packed as
 * above. */
void branch_fused_input_gradient(struct shape shape, int groups, const struct norm_scratch *norm,
                                 const float *u, const float *w, const float *dy, float *du, float *dgamma,
                                 float *dbeta, void *packed, double *partials);

#ifdef __cplusplus
}
#endif

#endif
