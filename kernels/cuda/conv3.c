/* 3x3x3 convolution: see kernels/conv3.h and conv3.h. */
#include "kernels/cuda/conv3.h"
#include "kernels/cuda/convolution.h"
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/operations.h"

enum { TAPS = 27 };

/* --- of operands --- */

struct conv3_scratch conv3_take(struct scratch *scratch, struct shape in, struct shape out, bool cudnn)
{
    size_t weights = (size_t)padded(out.channels) * TAPS * (size_t)padded(in.channels) * sizeof(float);
    struct conv3_scratch s = {.workspace = NULL};
    s.weights = scratch_take(scratch, weights);
    s.weights_gradient = scratch_take(scratch, weights);
    if (cudnn)
        s.workspace = scratch_take(scratch, convolution_plan_workspace());
    return s;
}

static struct convolution problem_of(enum convolution_kind kind, bool add, struct shape in, struct shape out)
{
    return (struct convolution){.kind = kind,
                                .add = add,
                                .bf16 = operand_is_bf16(),
                                .tf32 = operand_precision() == PRECISION_TF32,
                                .in = padded(in.channels),
                                .out = padded(out.channels),
                                .depth = in.depth,
                                .height = in.height,
                                .width = in.width};
}

void conv3_forward(const struct conv3_scratch *s, struct shape in, struct shape out, const void *x,
                   const float *w, float sign, bool add, void *y)
{
    conv3_pack_weights(out.channels, in.channels, w, sign, s->weights, operand_is_bf16());
    convolve(problem_of(CONVOLUTION_FORWARD, add, in, out), x, s->weights, y, s->workspace);
}

void conv3_data_gradient(const struct conv3_scratch *s, struct shape in, struct shape out, const float *w,
                         const void *dy, void *dx)
{
    conv3_pack_weights(out.channels, in.channels, w, 1, s->weights, operand_is_bf16());
    convolve(problem_of(CONVOLUTION_DATA, false, in, out), dx, s->weights, dy, s->workspace);
}

void conv3_weight_gradient(const struct conv3_scratch *s, struct shape in, struct shape out, const void *x,
                           const void *dy, float *dw)
{
    convolve(problem_of(CONVOLUTION_FILTER, false, in, out), x, s->weights_gradient, dy, s->workspace);
    conv3_add_gradient(out.channels, in.channels, s->weights_gradient, operand_is_bf16(), dw);
}

/* --- the table's functions --- */

/* Where operands are bf16, x and later dx go through `in`, y and dy through `out`. */
struct buffers {
    struct conv3_scratch conv;
    void *in, *out;
};

static struct buffers divide(struct scratch *s, struct shape in, struct shape out)
{
    struct buffers b = {.conv = conv3_take(s, in, out, true)};
    b.in = scratch_take(s, stream_floats(in) * sizeof(uint16_t));
    b.out = scratch_take(s, stream_floats(out) * sizeof(uint16_t));
    return b;
}

size_t conv3_scratch_bytes(struct shape in, struct shape out)
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
    struct buffers b = divide(&s, in, out);
    conv3_forward(&b.conv, in, out, operand_of(in, x, b.in), w, 1, false, operand_is_bf16() ? b.out : y);
    if (operand_is_bf16())
        operand_to_floats(out, b.out, y);
}

void cuda_conv3_backward(struct shape in, struct shape out, const float *x, const float *w, const float *dy,
                         float *dx, float *dw, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    if (!gpu_begin("conv3_backward"))
        return;
    struct buffers b = divide(&s, in, out);
    const void *operand_dy = operand_of(out, dy, b.out);
    conv3_weight_gradient(&b.conv, in, out, operand_of(in, x, b.in), operand_dy, dw);
    if (!dx)
        return;
    conv3_data_gradient(&b.conv, in, out, w, operand_dy, operand_is_bf16() ? b.in : dx);
    if (operand_is_bf16())
        operand_to_floats(in, b.in, dx);
}
