/* Max-pooling and trilinear up-sampling of streams and of their gradients as these are stored (streams.h); what lies
 * between them and a conv1 is floats. All are tensors of all streams. */
#ifndef PRUNET_KERNELS_CUDA_RESAMPLE_H
#define PRUNET_KERNELS_CUDA_RESAMPLE_H

#include "kernels/shape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y, floats on the coarse grid, = pool(x), a stream */
void resample_pool(struct shape fine, const float *x, float *y);

/* dx, a gradient, += dy, floats on the coarse grid, where x has its maxima */
void resample_unpool(struct shape fine, const float *x, const float *dy, float *dx);

/* y, a stream on the fine grid, += sign upsample(x), of floats */
void resample_upsample(struct shape coarse, const float *x, float sign, float *y);

/* dx, floats, = upsample^T(dy), a gradient on the fine grid */
void resample_upsample_transpose(struct shape coarse, const float *dy, float *dx);

#ifdef __cplusplus
}
#endif

#endif
