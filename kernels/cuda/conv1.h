/* 1x1x1 convolutions between levels, over all streams of a tensor: matrix products (product.h). Weights w, dw
 * [out][in] and biases b, db [out] are plain; x, y, dx, dy are tensors of one grid. */
#ifndef PRUNET_KERNELS_CUDA_CONV1_H
#define PRUNET_KERNELS_CUDA_CONV1_H

#include "kernels/cuda/product.h"
#include "kernels/cuda/scratch.h"
#include "kernels/shape.h"

#ifdef __cplusplus
extern "C" {
#endif

struct conv1_scratch {
    struct product_scratch product;
    float *weights, *weights_gradient; /* packed: [out streams][padded(out)][in streams][padded(in)] */
    double *partials;
};

struct conv1_scratch conv1_take(struct scratch *scratch, struct shape in, struct shape out);

/* y = w x + b */
void conv1_forward(const struct conv1_scratch *s, struct shape in, struct shape out, const float *x,
                   const float *w, const float *b, float *y);

/* dw, db += */
void conv1_weight_gradient(const struct conv1_scratch *s, struct shape in, struct shape out, const float *x,
                           const float *dy, float *dw, float *db);

/* dx = w^T dy */
void conv1_data_gradient(const struct conv1_scratch *s, struct shape in, struct shape out, const float *w,
                         const float *dy, float *dx);

#ifdef __cplusplus
}
#endif

#endif
