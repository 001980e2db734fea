/* Max-pooling and trilinear up-sampling on the device, all streams of a tensor at once; formulas in
 * kernels/resample.h. `fine` and `coarse` name the tensor that is read or, for the backward steps, was. */
#ifndef PRUNET_KERNELS_CUDA_RESAMPLE_H
#define PRUNET_KERNELS_CUDA_RESAMPLE_H

#include "kernels/shape.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y = max over 2x2x2 of x */
void resample_pool(struct shape fine, const float *x, float *y);

/* dx += dy at the first maximum of each 2x2x2 of x */
void resample_unpool(struct shape fine, const float *x, const float *dy, float *dx);

/* y += sign upsample(x) */
void resample_upsample(struct shape coarse, const float *x, float sign, float *y);

/* dx = upsample^T(dy) */
void resample_upsample_transpose(struct shape coarse, const float *dy, float *dx);

#ifdef __cplusplus
}
#endif

#endif
