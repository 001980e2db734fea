/* 3x3x3 convolution by cuDNN: see kernels/conv3.h and conv3.h. */
#include "kernels/cuda/conv3.h"
#include "kernels/cuda/convolution.h"
#include "kernels/cuda/operations.h"
#include "kernels/cuda/rows.h"

enum { TAPS = 27 };

/* --- weights --- */

/* packed = sign w, plain [out][in][27]; one thread an element of packed [padded(out)][27][padded(in)] */
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

static void pack_weights(int out, int in, const float *w, float sign, void *packed, bool bf16)
{
    size_t count = (size_t)padded(out) * TAPS * (size_t)padded(in);
    if (bf16)
        GPU_LAUNCH(conv3_pack_weights_kernel<uint16_t>, array_grid(count), dim3(ARRAY_THREADS), 0, out, in, w,
                   sign, static_cast<uint16_t *>(packed));
    else
        GPU_LAUNCH(conv3_pack_weights_kernel<float>, array_grid(count), dim3(ARRAY_THREADS), 0, out, in, w,
                   sign, static_cast<float *>(packed));
}

/* dw += packed; one thread an element of dw, plain [out][in][27] */
template <class IN> __global__ void conv3_add_gradient_kernel(int out, int in, const IN *packed, float *dw)
{
    size_t n = thread_number(), row = (size_t)padded(in);
    size_t tap = n % TAPS, i = n / TAPS % (size_t)in, o = n / TAPS / (size_t)in;
    if (o < (size_t)out)
        dw[n] += load1(packed + (o * TAPS + tap) * row + i);
}

static void add_gradient(int out, int in, const void *packed, bool bf16, float *dw)
{
    size_t count = (size_t)out * TAPS * (size_t)in;
    if (bf16)
        GPU_LAUNCH(conv3_add_gradient_kernel<uint16_t>, array_grid(count), dim3(ARRAY_THREADS), 0, out, in,
                   static_cast<const uint16_t *>(packed), dw);
    else
        GPU_LAUNCH(conv3_add_gradient_kernel<float>, array_grid(count), dim3(ARRAY_THREADS), 0, out, in,
                   static_cast<const float *>(packed), dw);
}

/* --- of operands --- */

struct conv3_scratch conv3_take(struct scratch *scratch, struct shape in, struct shape out)
{
    size_t weights = (size_t)padded(out.channels) * TAPS * (size_t)padded(in.channels) * sizeof(float);
    struct conv3_scratch s = {};
    s.weights = scratch_take(scratch, weights);
    s.weights_gradient = scratch_take(scratch, weights);
    s.workspace = scratch_take(scratch, CONVOLUTION_PLAN_WORKSPACE);
    return s;
}

static struct convolution problem_of(enum convolution_kind kind, bool add, struct shape in, struct shape out)
{
    struct convolution p = {};
    p.kind = kind;
    p.add = add;
    p.bf16 = operand_is_bf16();
    p.tf32 = operand_precision() == PRECISION_TF32;
    p.in = padded(in.channels);
    p.out = padded(out.channels);
    p.depth = in.depth, p.height = in.height, p.width = in.width;
    return p;
}

void conv3_forward(const struct conv3_scratch *s, struct shape in, struct shape out, const void *x,
                   const float *w, float sign, bool add, void *y)
{
    pack_weights(out.channels, in.channels, w, sign, s->weights, operand_is_bf16());
    convolve(problem_of(CONVOLUTION_FORWARD, add, in, out), x, s->weights, y, s->workspace);
}

void conv3_data_gradient(const struct conv3_scratch *s, struct shape in, struct shape out, const float *w,
                         const void *dy, void *dx)
{
    pack_weights(out.channels, in.channels, w, 1, s->weights, operand_is_bf16());
    convolve(problem_of(CONVOLUTION_DATA, false, in, out), dx, s->weights, dy, s->workspace);
}

void conv3_weight_gradient(const struct conv3_scratch *s, struct shape in, struct shape out, const void *x,
                           const void *dy, float *dw)
{
    convolve(problem_of(CONVOLUTION_WEIGHTS, false, in, out), x, s->weights_gradient, dy, s->workspace);
    add_gradient(out.channels, in.channels, s->weights_gradient, operand_is_bf16(), dw);
}

/* --- the table's functions --- */

/* Where operands are bf16, x and later dx go through `in`, y and dy through `out`. */
struct conv3_buffers {
    struct conv3_scratch conv;
    uint16_t *in, *out;
};

static struct conv3_buffers divide(struct scratch *s, struct shape in, struct shape out)
{
    struct conv3_buffers b = {conv3_take(s, in, out), NULL, NULL};
    b.in = static_cast<uint16_t *>(scratch_take(s, stream_floats(in) * sizeof(uint16_t)));
    b.out = static_cast<uint16_t *>(scratch_take(s, stream_floats(out) * sizeof(uint16_t)));
    return b;
}

size_t conv3_scratch_bytes(enum precision, struct shape in, struct shape out)
{
    struct scratch s = scratch_begin(NULL);
    divide(&s, in, out);
    return s.bytes;
}

void cuda_conv3_forward(struct shape in, struct shape out, const float *x, const float *w, float *y,
                        void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    if (!gpu_begin("conv3_forward"))
        return;
    struct conv3_buffers b = divide(&s, in, out);
    conv3_forward(&b.conv, in, out, operand_of(in, x, b.in), w, 1, false,
                  operand_is_bf16() ? static_cast<void *>(b.out) : y);
    if (operand_is_bf16())
        operand_to_floats(out, b.out, y);
}

void cuda_conv3_backward(struct shape in, struct shape out, const float *x, const float *w, const float *dy,
                         float *dx, float *dw, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    if (!gpu_begin("conv3_backward"))
        return;
    struct conv3_buffers b = divide(&s, in, out);
    const void *operand_dy = operand_of(out, dy, b.out);
    conv3_weight_gradient(&b.conv, in, out, operand_of(in, x, b.in), operand_dy, dw);
    if (!dx)
        return;
    conv3_data_gradient(&b.conv, in, out, w, operand_dy, operand_is_bf16() ? static_cast<void *>(b.in) : dx);
    if (operand_is_bf16())
        operand_to_floats(in, b.in, dx);
}
