/* Adam with its settings on the device, so that a recorded step can be replayed with new ones. See
 * kernels/adam.h. */
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/operations.h"

enum { ADAM_THREADS = 256, ADAM_EACH = 8 };

/* rate / (1 - b1^t) and 1 / sqrt(1 - b2^t), computed by one thread of a block for all. */
struct bias_correction {
    double rate, second;
};

__global__ void adam_kernel(size_t n, const struct adam *settings, const float *g, float *w, float *m,
                            float *v)
{
    GPU_SHARED(struct bias_correction, correction);
    struct adam a = *settings;
    if (threadIdx.x == 0) {
        correction->rate = a.rate / (1 - pow(a.beta1, a.step));
        correction->second = 1 / sqrt(1 - pow(a.beta2, a.step));
    }
    __syncthreads();
    const double rate = correction->rate, second = correction->second;
    for (int turn = 0; turn < ADAM_EACH; turn++) {
        size_t i = ((size_t)blockIdx.x * ADAM_EACH + (size_t)turn) * ADAM_THREADS + threadIdx.x;
        if (i >= n)
            break;
        double gradient = (double)g[i] + a.decay * (double)w[i];
        double first = a.beta1 * (double)m[i] + (1 - a.beta1) * gradient;
        double square = a.beta2 * (double)v[i] + (1 - a.beta2) * gradient * gradient;
        m[i] = (float)first;
        v[i] = (float)square;
        w[i] = (float)((double)w[i] - rate * first / (sqrt(square) * second + a.epsilon));
    }
}

void cuda_adam(size_t n, const struct adam *adam, const float *g, float *w, float *m, float *v)
{
    size_t each = (size_t)ADAM_THREADS * ADAM_EACH;
    if (gpu_begin("adam") && n)
        GPU_LAUNCH(adam_kernel, dim3((unsigned)((n + each - 1) / each)), dim3(ADAM_THREADS),
                   sizeof(struct bias_correction), n, adam, g, w, m, v);
}
