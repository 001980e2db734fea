/* Sums in whole multiples of 2^-48. See kernels/fixed.h. */
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/operations.h"

enum { FIXED_THREADS = 256 };

__global__ void fixed_add_kernel(size_t n, const float *g, long long *sum, int *out_of_range)
{
    size_t i = (size_t)blockIdx.x * FIXED_THREADS + threadIdx.x;
    if (i >= n)
        return;
    double value = (double)g[i];
    if (fabs(value) < FIXED_LIMIT)
        sum[i] += __double2ll_rn(value * FIXED_ONE);
    else
        atomicOr(out_of_range, 1);
}

__global__ void fixed_mean_kernel(size_t n, const long long *sum, double unit, float *g)
{
    size_t i = (size_t)blockIdx.x * FIXED_THREADS + threadIdx.x;
    if (i < n)
        g[i] = (float)((double)sum[i] * unit);
}

static dim3 blocks(size_t n)
{
    return dim3((unsigned)((n + FIXED_THREADS - 1) / FIXED_THREADS));
}

void cuda_fixed_add(size_t n, const float *g, int64_t *sum, int32_t *out_of_range)
{
    if (gpu_begin("fixed_add") && n)
        GPU_LAUNCH(fixed_add_kernel, blocks(n), dim3(FIXED_THREADS), 0, n, g, (long long *)sum, out_of_range);
}

void cuda_fixed_mean(size_t n, const int64_t *sum, int count, float *g)
{
    if (gpu_begin("fixed_mean") && n)
        GPU_LAUNCH(fixed_mean_kernel, blocks(n), dim3(FIXED_THREADS), 0, n, (const long long *)sum,
                   1 / FIXED_ONE / count, g);
}
