/* Weights of 3x3x3 convolutions, from and to plain arrays. See conv3.h. */
#include "kernels/cuda/conv3.h"
#include "kernels/cuda/rows.h"

enum { TAPS = 27 };

/* one thread an element of packed [padded(out)][27][padded(in)] */
template <class OUT>
__global__ void conv3_pack_weights_kernel(int out, int in, const float *w, float sign, OUT *packed)
{
    size_t n = thread_number(), row = (size_t)padded(in);
    int i = (int)(n % row), tap = (int)(n / row % TAPS), o = (int)(n / row / TAPS);
    if (o >= padded(out))
        return;
    bool real = o < out && i < in;
    store1(packed + n, real ? sign * w[((size_t)o * (size_t)in + (size_t)i) * TAPS + (size_t)tap] : 0.0f);
}

void conv3_pack_weights(int out, int in, const float *w, float sign, void *packed, bool bf16)
{
    size_t count = (size_t)padded(out) * TAPS * (size_t)padded(in);
    if (bf16)
        GPU_LAUNCH(conv3_pack_weights_kernel<uint16_t>, array_grid(count), dim3(ARRAY_THREADS), 0, out, in, w,
                   sign, static_cast<uint16_t *>(packed));
    else
        GPU_LAUNCH(conv3_pack_weights_kernel<float>, array_grid(count), dim3(ARRAY_THREADS), 0, out, in, w,
                   sign, static_cast<float *>(packed));
}

/* one thread an element of dw [out][in][27] */
template <class IN> __global__ void conv3_add_gradient_kernel(int out, int in, const IN *packed, float *dw)
{
    size_t n = thread_number(), row = (size_t)padded(in);
    size_t tap = n % TAPS, i = n / TAPS % (size_t)in, o = n / TAPS / (size_t)in;
    if (o < (size_t)out)
        dw[n] += load1(packed + (o * TAPS + tap) * row + i);
}

void conv3_add_gradient(int out, int in, const void *packed, bool bf16, float *dw)
{
    size_t count = (size_t)out * TAPS * (size_t)in;
    if (bf16)
        GPU_LAUNCH(conv3_add_gradient_kernel<uint16_t>, array_grid(count), dim3(ARRAY_THREADS), 0, out, in,
                   static_cast<const uint16_t *>(packed), dw);
    else
        GPU_LAUNCH(conv3_add_gradient_kernel<float>, array_grid(count), dim3(ARRAY_THREADS), 0, out, in,
                   static_cast<const float *>(packed), dw);
}
