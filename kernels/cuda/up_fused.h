/* up_forward (kernels/resample.h) in one kernel: the 1x1x1 convolution on tensor cores, the upsampling, the sum
 * and its channel sums. y is read and written once, nothing else but x is read, nothing else is written.
 *
 * Both operands of the product are sums of two bf16, high + low, whose three largest products are taken: about
 * 2^-16, better than TF32, at either precision. Sums are fp32. */
#ifndef PRUNET_KERNELS_CUDA_UP_FUSED_H
#define PRUNET_KERNELS_CUDA_UP_FUSED_H

#include "kernels/cuda/operand.h"
#include <stddef.h>

/* Whether the kernel serves that precision and tensor: its weights have to stay in shared memory. */
bool up_fused_fits(enum precision precision, struct shape coarse);

/* Bytes of `partials` below. */
size_t up_fused_partials_bytes(struct shape coarse, struct shape fine);

/* y += sign upsample(w x + b); channel_sums = those of the last stream of y, unless NULL. The same w, b and x
 * give the same bits of what is added, whatever sign and channel_sums are. */
void up_fused_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                      float sign, float *y, double *channel_sums, double *partials);

#endif
