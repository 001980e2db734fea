/* Convolutions, norms and the residual branch, composed of the device's kernels and cuDNN's. */
#include "kernels/cuda/by_hand.h"
#include "kernels/cuda/convolution.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/operations.h"
#include "kernels/cuda/scratch.h"

static bool bf16(void)
{
    return gpu_precision() == PRECISION_BF16;
}

static struct convolution problem_of(enum convolution_kind kind, bool add, struct shape in, struct shape out)
{
    return (struct convolution){.kind = kind,
                                .add = add,
                                .bf16 = bf16(),
                                .tf32 = gpu_precision() == PRECISION_TF32,
                                .in = padded(in.channels),
                                .out = padded(out.channels),
                                .depth = in.depth,
                                .height = in.height,
                                .width = in.width};
}

/* --- plain convolutions --- */

void cuda_image_conv_forward(int image_channels, struct shape out, const float *image, const float *w,
                             float *y, void *scratch)
{
    (void)scratch;
    if (gpu_begin("image_conv_forward"))
        gpu_image_forward(out, image_channels, image, w, y);
}

void cuda_image_conv_backward(int image_channels, struct shape out, const float *image, const float *dy,
                              float *dw, void *scratch)
{
    struct shape in = out;
    in.streams = 1, in.channels = image_channels;
    if (gpu_begin("image_conv_backward"))
        gpu_image_backward(out, image_channels, image, dy, dw,
                           scratch_of(OPERATION_IMAGE_CONV, in, out, scratch).partials);
}

/* A sheet of floats as an operand: itself, or its copy in bf16. */
static const void *operand(struct shape shape, const float *sheet, void *room)
{
    if (!bf16())
        return sheet;
    gpu_to_bf16(shape_voxels(shape), shape.channels, sheet, room);
    return room;
}

void cuda_conv3_forward(struct shape in, struct shape out, const float *x, const float *w, float *y,
                        void *scratch)
{
    struct scratch s = scratch_of(OPERATION_CONV3, in, out, scratch);
    if (!gpu_begin("conv3_forward"))
        return;
    gpu_pack_conv(out.channels, in.channels, w, 1, s.weights, bf16());
    const void *operand_x = operand(in, x, s.first);
    convolve(problem_of(CONVOLUTION_FORWARD, false, in, out), operand_x, s.weights, bf16() ? s.second : y,
             s.workspace);
    if (bf16())
        gpu_from_bf16(shape_voxels(out), out.channels, s.second, y);
}

/* dw += from operands */
static void weight_gradient(const struct scratch *s, struct shape in, struct shape out, const void *x,
                            const void *dy, float *dw)
{
    convolve(problem_of(CONVOLUTION_FILTER, false, in, out), x, s->weights_gradient, dy, s->workspace);
    gpu_add_conv_gradient(out.channels, in.channels, s->weights_gradient, bf16(), dw);
}

void cuda_conv3_backward(struct shape in, struct shape out, const float *x, const float *w, const float *dy,
                         float *dx, float *dw, void *scratch)
{
    struct scratch s = scratch_of(OPERATION_CONV3, in, out, scratch);
    if (!gpu_begin("conv3_backward"))
        return;
    const void *operand_x = operand(in, x, s.first), *operand_dy = operand(out, dy, s.second);
    weight_gradient(&s, in, out, operand_x, operand_dy, dw);
    if (!dx)
        return;
    gpu_pack_conv(out.channels, in.channels, w, 1, s.weights, bf16());
    convolve(problem_of(CONVOLUTION_DATA, false, in, out), bf16() ? s.first : dx, s.weights, operand_dy,
             s.workspace);
    if (bf16())
        gpu_from_bf16(shape_voxels(in), in.channels, s.first, dx);
}

/* --- norms --- */

void cuda_channel_sums(struct shape shape, const float *x, double *channel_sums, void *scratch)
{
    if (gpu_begin("channel_sums"))
        gpu_channel_sums(shape_voxels(shape), shape.channels, x, channel_sums,
                         scratch_of(OPERATION_NORM, shape, shape, scratch).partials);
}

void cuda_norm_forward(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                       const float *beta, const float *x, float *y, void *scratch)
{
    struct scratch s = scratch_of(OPERATION_NORM, shape, shape, scratch);
    size_t voxels = shape_voxels(shape);
    if (!gpu_begin("norm_forward"))
        return;
    gpu_norm_channels(voxels, shape.channels, groups, channel_sums, gamma, beta, s.norm);
    gpu_normalize(voxels, shape.channels, s.norm, x, y, false);
}

void cuda_norm_backward(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                        const float *beta, const float *x, const float *dy, float *dx, float *dgamma,
                        float *dbeta, void *scratch)
{
    struct scratch s = scratch_of(OPERATION_NORM, shape, shape, scratch);
    size_t voxels = shape_voxels(shape);
    if (!gpu_begin("norm_backward"))
        return;
    gpu_norm_channels(voxels, shape.channels, groups, channel_sums, gamma, beta, s.norm);
    gpu_norm_sums(voxels, shape.channels, groups, s.norm, x, dy, false, dgamma, dbeta, s.correction,
                  s.partials);
    gpu_norm_gradient(voxels, shape.channels, s.norm, s.correction, x, dy, false, dx, false);
}

/* --- the residual branch --- */

/* y += sign conv(a), channel_sums of the new y; a is an operand in s->first, and the sign goes into the weights:
 * the branch and its recomputation then differ in nothing but a sign. */
static void add_convolution(const struct scratch *s, struct shape shape, const float *w, float sign, float *y,
                            double *y_sums)
{
    size_t voxels = shape_voxels(shape);
    gpu_pack_conv(shape.channels, shape.channels, w, sign, s->weights, bf16());
    if (bf16()) {
        convolve(problem_of(CONVOLUTION_FORWARD, false, shape, shape), s->first, s->weights, s->second,
                 s->workspace);
        gpu_add_bf16(voxels, shape.channels, s->second, y, y_sums, s->partials);
        return;
    }
    convolve(problem_of(CONVOLUTION_FORWARD, true, shape, shape), s->first, s->weights, y, s->workspace);
    if (y_sums)
        gpu_channel_sums(voxels, shape.channels, y, y_sums, s->partials);
}

void cuda_branch_forward(struct shape shape, const struct branch_weights *weights, const double *u_sums,
                         const float *u, float sign, float *y, double *y_sums, void *scratch)
{
    struct scratch s = scratch_of(OPERATION_BRANCH, shape, shape, scratch);
    size_t voxels = shape_voxels(shape);
    if (!gpu_begin("branch_forward"))
        return;
    gpu_norm_channels(voxels, shape.channels, weights->groups, u_sums, weights->gamma, weights->beta, s.norm);
    if (by_hand(gpu_precision(), shape) & BY_HAND_FORWARD) {
        gpu_level0_forward(shape, s.norm, u, weights->conv, sign, y, y_sums, s.weights, s.partials);
        return;
    }
    gpu_normalize(voxels, shape.channels, s.norm, u, s.first, bf16());
    add_convolution(&s, shape, weights->conv, sign, y, y_sums);
}

/* du, dgamma, dbeta += , from dy as an operand; the activated input in s->first has served and is
 * overwritten. */
static void input_gradient(const struct scratch *s, struct shape shape, const struct branch_weights *weights,
                           const struct branch_gradients *gradients, const float *u, float *du,
                           const void *dy)
{
    size_t voxels = shape_voxels(shape);
    void *da = s->first;
    gpu_pack_conv(shape.channels, shape.channels, weights->conv, 1, s->weights, bf16());
    convolve(problem_of(CONVOLUTION_DATA, false, shape, shape), da, s->weights, dy, s->workspace);
    gpu_norm_sums(voxels, shape.channels, weights->groups, s->norm, u, da, bf16(), gradients->gamma,
                  gradients->beta, s->correction, s->partials);
    gpu_norm_gradient(voxels, shape.channels, s->norm, s->correction, u, da, bf16(), du, true);
}

/* What is done by hand takes u and dy as they are; the rest wants the activated input and dy as operands. */
void cuda_branch_backward(struct shape shape, const struct branch_weights *weights,
                          const struct branch_gradients *gradients, const double *u_sums, const float *u,
                          float *du, float *y, const float *dy, void *scratch)
{
    struct scratch s = scratch_of(OPERATION_BRANCH, shape, shape, scratch);
    size_t voxels = shape_voxels(shape);
    unsigned hand = by_hand(gpu_precision(), shape), want = BY_HAND_DATA | BY_HAND_WEIGHTS;
    const void *operand_dy = NULL;
    if (!gpu_begin("branch_backward"))
        return;
    gpu_norm_channels(voxels, shape.channels, weights->groups, u_sums, weights->gamma, weights->beta, s.norm);
    if (!(hand & BY_HAND_WEIGHTS) || (y && !(hand & BY_HAND_FORWARD)))
        gpu_normalize(voxels, shape.channels, s.norm, u, s.first, bf16());
    if (y && hand & BY_HAND_FORWARD)
        gpu_level0_forward(shape, s.norm, u, weights->conv, -1, y, NULL, s.weights, s.partials);
    else if (y)
        add_convolution(&s, shape, weights->conv, -1, y, NULL);
    if ((hand & want) != want)
        operand_dy = operand(shape, dy, s.second);
    if (hand & BY_HAND_WEIGHTS)
        gpu_level0_weights(shape, s.norm, u, dy, gradients->conv, s.partials);
    else
        weight_gradient(&s, shape, shape, s.first, operand_dy, gradients->conv);
    if (hand & BY_HAND_DATA)
        gpu_level0_backward(shape, weights->groups, s.norm, u, weights->conv, dy, du, gradients->gamma,
                            gradients->beta, s.correction, s.weights, s.partials);
    else
        input_gradient(&s, shape, weights, gradients, u, du, operand_dy);
}
