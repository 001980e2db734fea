/* The families of a build with CUDA=1. */
#include "kernels/backends.h"
#include <stddef.h>

extern const struct kernels_family kernels_family_reference, kernels_family_reference_int16,
    kernels_family_cpu, kernels_family_cpu_int16, kernels_family_cuda, kernels_family_cuda_fp32,
    kernels_family_cuda_bf16, kernels_family_cuda_int16;

const struct kernels_family *const kernels_families[] = {
    &kernels_family_reference,
    &kernels_family_reference_int16,
    &kernels_family_cpu,
    &kernels_family_cpu_int16,
    &kernels_family_cuda,
    &kernels_family_cuda_fp32,
    &kernels_family_cuda_bf16,
    &kernels_family_cuda_int16,
    NULL,
};
