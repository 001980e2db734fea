/* up_forward and up_backward (kernels/resample.h) in one kernel each. Forward: the 1x1x1 convolution on tensor cores,
 * the upsampling, the sum and its channel sums; y is read and written once, nothing else but x is read, nothing else is
 * written. Backward: the transpose of the upsampling, and the gradients of the convolution from it.
 *
 * Both operands of a product are sums of two bf16, high + low, whose three largest products are taken: about
 * 2^-16, better than TF32, at either precision. Sums are fp32. */
#ifndef PRUNET_KERNELS_CUDA_UP_FUSED_H
#define PRUNET_KERNELS_CUDA_UP_FUSED_H

#include "kernels/cuda/conv1.h"
#include "kernels/cuda/operand.h"
#include "kernels/cuda/scratch.h"
#include <stddef.h>

/* Whether the kernel serves that precision and tensor forward: its weights have to stay in shared memory. */
bool up_fused_fits(enum precision precision, struct shape coarse);

/* Bytes of `partials` below. */
size_t up_fused_partials_bytes(struct shape coarse, struct shape fine);

/* y += sign upsample(w x + b); channel_sums = those of the last stream of y, unless NULL. The same w, b and x
 * give the same bits of what is added, whatever sign and channel_sums are. */
void up_fused_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                      float sign, float *y, double *channel_sums, double *partials);

/* Padded channels of all streams that the backward kernel serves, fine and coarse: sums of 32 KiB a block. */
enum { UP_FUSED_OUTS = 64, UP_FUSED_INS = 128 };

/* Whether the backward kernel serves these tensors; the forward one then does, too. Its offsets in dy are of 32 bits. */
bool up_fused_backward_fits(enum precision precision, struct shape coarse, struct shape fine);

struct conv1_sums up_fused_take(struct scratch *scratch, struct shape coarse, struct shape fine);

/* dx = conv1'^T upsample'^T dy;  dw +=, db += */
void up_fused_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                       const float *dy, float *dx, float *dw, float *db, struct conv1_sums sums);

#endif
