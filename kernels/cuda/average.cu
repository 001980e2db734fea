/* Moving average of the weights. See kernels/average.h. */
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/operations.h"

enum { AVERAGE_THREADS = 256 };

__global__ void average_kernel(size_t n, double decay, const float *w, float *a)
{
    size_t i = (size_t)blockIdx.x * AVERAGE_THREADS + threadIdx.x;
    if (i < n)
        a[i] = (float)((double)a[i] + (1 - decay) * ((double)w[i] - (double)a[i]));
}

void cuda_average(size_t n, double decay, const float *w, float *a)
{
    if (gpu_begin("average") && n)
        GPU_LAUNCH(average_kernel, dim3((unsigned)((n + AVERAGE_THREADS - 1) / AVERAGE_THREADS)),
                   dim3(AVERAGE_THREADS), 0, n, decay, w, a);
}
