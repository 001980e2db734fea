/* 3x3x3 convolutions of operands. A problem gets its plan once (see convolution_plan.h); the first run of
 * each plan is checked (see convolution_check.h). */
#ifndef PRUNET_KERNELS_CUDA_CONVOLUTION_H
#define PRUNET_KERNELS_CUDA_CONVOLUTION_H

#include "kernels/cuda/convolution_plan.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Starts cuDNN, as convolution_plan_open. NULL, or one line of advice. */
const char *convolution_open(cudaStream_t queue);

/* Runs the problem. Of x, w and y it writes the one that is the result by problem.kind, const or not. */
void convolve(struct convolution problem, const void *x, const void *w, const void *y, void *workspace);

/* After a synchronisation: fails if one of the first results was wrong. */
void convolution_finish_checks(void);

#ifdef __cplusplus
}
#endif

#endif
