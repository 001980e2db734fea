/* The instructions of a warp that feed a tensor core, and their stand-ins on a CPU. See "Matrix Fragments
 * for mma.m16n8k16" and "ldmatrix" in the PTX ISA. */
#ifndef PRUNET_KERNELS_CUDA_TENSOR_CORE_H
#define PRUNET_KERNELS_CUDA_TENSOR_CORE_H

#include "kernels/cuda/gpu.h"
#include <stdint.h>

/* d (16 x 8 floats) += a (16 x 16 bf16, row after row) b (16 x 8 bf16, column after column) */
__device__ static inline void multiply_add_16x8x16(float d[4], const unsigned a[4], unsigned b_low,
                                                   unsigned b_high)
{
#ifdef __CUDACC__
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b_low), "r"(b_high));
#else
    const unsigned b[2] = {b_low, b_high};
    shim_mma_bf16(d, a, b);
#endif
}

/* Four matrices of 8 x 8 bf16 from shared memory, which must have been stored there before: lane 8 m + r names row r of matrix m (16 bytes); lane l
 * gets of each matrix the two elements 2 (l % 4) and 2 (l % 4) + 1 of row l / 4. */
__device__ static inline void load_matrices(unsigned to[4], const uint16_t *row)
{
#ifdef __CUDACC__
    unsigned address = (unsigned)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(address)
                 : "memory");
#else
    shim_load_matrices(to, row);
#endif
}

/* As load_matrices, transposed: lane l gets of each matrix the elements l / 4 of the rows 2 (l % 4) and
 * 2 (l % 4) + 1. */
__device__ static inline void load_matrices_transposed(unsigned to[4], const uint16_t *row)
{
#ifdef __CUDACC__
    unsigned address = (unsigned)__cvta_generic_to_shared(row);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(address)
                 : "memory");
#else
    shim_load_matrices_transposed(to, row);
#endif
}

#endif
