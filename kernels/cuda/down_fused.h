/* down_forward and down_backward (kernels/resample.h) in one kernel each. Forward: pooling, the 1x1x1 convolution on
 * tensor cores and the channel sums; x is read, y is written, nothing else. Backward: pooling once more, the gradients
 * of the convolution, and the unpooling onto dx.
 *
 * Operands are sums of two bf16, as in up_fused.h: better than TF32, at either precision. Sums are fp32. Places:
 * places.h. */
#ifndef PRUNET_KERNELS_CUDA_DOWN_FUSED_H
#define PRUNET_KERNELS_CUDA_DOWN_FUSED_H

#include "kernels/cuda/conv1.h"
#include "kernels/cuda/operand.h"
#include "kernels/cuda/scratch.h"
#include <stddef.h>

/* Places of the finer tensor that both kernels serve, and of the coarser one that the backward one does. */
enum { DOWN_FUSED_INS = 128, DOWN_FUSED_OUTS = 256 };

/* Whether the kernel serves that precision and these tensors forward. Its offsets are of 32 bits. */
bool down_fused_fits(enum precision precision, struct shape fine, struct shape coarse);

/* Bytes of `partials` below. */
size_t down_fused_partials_bytes(struct shape fine, struct shape coarse);

/* y = w pool(x) + b; channel_sums = those of the last stream of y, unless NULL. */
void down_fused_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                        const float *b, float *y, double *channel_sums, double *partials);

/* Whether the backward kernel serves these tensors; the forward one then does, too. */
bool down_fused_backward_fits(enum precision precision, struct shape fine, struct shape coarse);

struct conv1_sums down_fused_take(struct scratch *scratch, struct shape fine, struct shape coarse);

/* dx += pool'^T conv1'^T dy;  dw +=, db += */
void down_fused_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                         const float *dy, float *dx, float *dw, float *db, struct conv1_sums sums);

#endif
