/* Matrix products by cuBLAS. */
#ifndef PRUNET_KERNELS_CUDA_PRODUCT_H
#define PRUNET_KERNELS_CUDA_PRODUCT_H

#include <cuda_runtime_api.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Floats in row-major order; `stride` of them from row to row; read as its transpose if `transposed`. */
struct matrix {
    float *data;
    size_t stride;
    bool transposed;
};

struct product_scratch {
    void *workspace; /* cuBLAS's: at a multiple of SCRATCH_ALIGNMENT */
    size_t bytes;
};

/* Starts cuBLAS, which libraries_open has opened. NULL, or one line of advice. */
const char *product_open(cudaStream_t queue);

/* c [rows][columns] = (or +=, if add) a b over `inner`, by the precision of operand.h; the same bits every time. */
void product(const struct product_scratch *s, size_t rows, size_t columns, size_t inner, struct matrix a,
             struct matrix b, bool add, struct matrix c);

#ifdef __cplusplus
}
#endif

#endif
