/* 3x3x3 convolutions of sheets. A problem gets its plan once (see plan.h); the first run of each plan is
 * checked. */
#ifndef PRUNET_KERNELS_CUDA_CONVOLUTION_H
#define PRUNET_KERNELS_CUDA_CONVOLUTION_H

#include "kernels/cuda/plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NULL, or one line of advice. */
const char *convolution_open(cudaStream_t stream);

/* Runs the problem; the result is x, w or y as plan.h says, which then is not const in fact. The first time
 * that a plan runs, samples of its result at corners, edges and the centre are compared with plain sums on
 * the device. */
void convolve(struct convolution problem, const void *x, const void *w, const void *y, void *workspace);

/* After a synchronisation: fails if a sample was wrong. */
void convolution_verdict(void);

/* --- check.cu --- */

enum { CHECK_PLACES = 6, CHECK_CHANNELS = 8, CHECK_SAMPLES = CHECK_PLACES * CHECK_CHANNELS };

/* saved = the samples of the problem's result as it is now */
void gpu_check_save(struct convolution problem, const void *result, float *saved);

/* *wrong = mark when a sample of the result is not (saved +) what the plain sum gives, within the precision.
 */
void gpu_check_compare(struct convolution problem, const void *x, const void *w, const void *y,
                       const float *saved, int mark, int *wrong);

#ifdef __cplusplus
}
#endif

#endif
