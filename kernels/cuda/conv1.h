/* 1x1x1 convolutions between levels, over all streams of a tensor: matrix products (product.h). Weights w, dw
 * [out][in] and biases b, db [out] are plain; x, y, dx, dy are tensors of one grid. */
#ifndef PRUNET_KERNELS_CUDA_CONV1_H
#define PRUNET_KERNELS_CUDA_CONV1_H

#include "kernels/cuda/layout.h"
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

/* The gradients of the weights and the bias from a kernel of our own, each of whose blocks stores its sums: dw
 * [outs][ins], then db [outs]. The places of the input (places.h) are cut into slices, one a block; the blocks of a
 * tile of voxels are neighbours. */
struct conv1_slices {
    int slices, ins, outs;
};

struct conv1_sums {
    float *partials; /* of each tile, of each slice */
    double *totals;  /* of each slice */
};

HOST_AND_DEVICE static inline size_t conv1_slice_sums(struct conv1_slices s)
{
    return (size_t)s.outs * (size_t)s.ins + (size_t)s.outs;
}

struct conv1_sums conv1_sums_take(struct scratch *scratch, unsigned tiles, struct conv1_slices slices);

/* dw, db += the sums over the tiles, in a fixed order; db is that of the first slice. */
void conv1_sums_add(const struct conv1_sums *sums, unsigned tiles, struct conv1_slices slices,
                    struct shape in, struct shape out, float *dw, float *db);

#ifdef __cplusplus
}
#endif

#endif
