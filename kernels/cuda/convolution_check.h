/* Samples of a convolution's result, at corners, edges and the centre, beside plain sums on the device. */
#ifndef PRUNET_KERNELS_CUDA_CONVOLUTION_CHECK_H
#define PRUNET_KERNELS_CUDA_CONVOLUTION_CHECK_H

#include "kernels/cuda/convolution_plan.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CHECK_PLACES = 6, CHECK_CHANNELS = 8, CHECK_SAMPLES = CHECK_PLACES * CHECK_CHANNELS };

/* saved [CHECK_SAMPLES] = the samples of the problem's result as it is now; 0 where it will be overwritten */
void convolution_check_save(struct convolution problem, const void *result, float *saved);

/* *wrong = mark when a sample of the result is not what the plain sum gives (plus saved), within rounding. */
void convolution_check_compare(struct convolution problem, const void *x, const void *w, const void *y,
                               const float *saved, int mark, int *wrong);

#ifdef __cplusplus
}
#endif

#endif
