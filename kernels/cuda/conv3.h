/* 3x3x3 convolutions of operands (see operand.h), for conv3 itself and for the residual branch: weights
 * packed for cuDNN, then cuDNN. */
#ifndef PRUNET_KERNELS_CUDA_CONV3_H
#define PRUNET_KERNELS_CUDA_CONV3_H

#include "kernels/cuda/scratch.h"
#include "kernels/shape.h"
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct conv3_scratch {
    void *workspace;                  /* cuDNN's */
    void *weights, *weights_gradient; /* packed, as operands: [padded(out)][27][padded(in)] */
};

struct conv3_scratch conv3_take(struct scratch *scratch, struct shape in, struct shape out);

/* y = sign conv(x, w) as an operand; with `add`, where operands are floats, y += */
void conv3_forward(const struct conv3_scratch *s, struct shape in, struct shape out, const void *x,
                   const float *w, float sign, bool add, void *y);

/* dx = conv^T(dy, w), all but w as operands */
void conv3_data_gradient(const struct conv3_scratch *s, struct shape in, struct shape out, const float *w,
                         const void *dy, void *dx);

/* dw, plain, += from operands */
void conv3_weight_gradient(const struct conv3_scratch *s, struct shape in, struct shape out, const void *x,
                           const void *dy, float *dw);

#ifdef __cplusplus
}
#endif

#endif
