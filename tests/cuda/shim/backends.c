/* The families that a test of the CUDA backend on the CPU drives. */
#include "kernels/backends.h"
#include <stddef.h>

extern const struct kernels_family kernels_family_cuda, kernels_family_cuda_fp32, kernels_family_cuda_bf16,
    kernels_family_cuda_int16;

const struct kernels_family *const kernels_families[] = {
    &kernels_family_cuda,
    &kernels_family_cuda_fp32,
    &kernels_family_cuda_bf16,
    &kernels_family_cuda_int16,
    NULL,
};
