/* Matrix products, for the 1x1x1 convolutions: cuBLAS. */
#ifndef PRUNET_KERNELS_CUDA_PRODUCT_H
#define PRUNET_KERNELS_CUDA_PRODUCT_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NULL, or one line of advice. */
const char *product_open(cudaStream_t stream);

/* A matrix of floats in row-major order; `stride` floats from row to row; read as its transpose if
 * `transposed`. */
struct matrix {
    const float *data;
    size_t stride;
    bool transposed;
};

/* c [rows][columns] = (or +=, if add) a b over `inner`, with the operands rounded to TF32 unless the
 * precision is fp32; the same bits every time. */
void product(size_t rows, size_t columns, size_t inner, struct matrix a, struct matrix b, bool add, float *c,
             size_t stride, void *workspace, size_t workspace_bytes);

#ifdef __cplusplus
}
#endif

#endif
