/* The gradient of the convolution's weights for the branch of branch_fused.h, on tensor cores. */
#ifndef PRUNET_KERNELS_CUDA_BRANCH_FUSED_WEIGHTS_H
#define PRUNET_KERNELS_CUDA_BRANCH_FUSED_WEIGHTS_H

#include "kernels/cuda/norm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of `partials` that the gradient needs, for a shape that has a width (branch_fused_width). */
size_t branch_fused_weights_partials_bytes(struct shape shape);

/* dw, plain [channels][channels][27], += from the branch's input u and the gradient dy of its result, matrices as
 * there. */
void branch_fused_weight_gradient(struct shape shape, const struct norm_channel *norm, const float *u,
                                  const float *dy, float *dw, double *partials);

#ifdef __cplusplus
}
#endif

#endif
