/* The residual branch: see kernels/branch.h. Each of its three convolutions is cuDNN's, between steps of the
 * norm, or one fused kernel of our own (branch_fused.h), as own_kernels.h says. */
#include "kernels/cuda/branch_fused.h"
#include "kernels/cuda/branch_fused_weights.h"
#include "kernels/cuda/conv3.h"
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/norm.h"
#include "kernels/cuda/operations.h"
#include "kernels/cuda/own_kernels.h"
#include "kernels/cuda/streams.h"
#include "kernels/cuda/sums.h"

struct branch_buffers {
    double *partials;
    struct norm_scratch norm;
    struct conv3_scratch conv;

    /* Operands of cuDNN: the activated input and later its gradient; F and later dy. In bf16 each is half of
     * a matrix of floats. At the other precisions F and dy need no copy, and `activated` has the whole. A dy of
     * 16 bits needs none either. */
    void *activated, *product;
    void *packed; /* weights, for our own kernels */
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Our own kernels need sums of their own, but neither cuDNN's workspace nor operands in memory. */
static struct branch_buffers divide(struct scratch *s, enum precision precision, struct shape shape)
{
    struct branch_buffers b = {.partials = NULL};
    size_t matrix = stream_floats(shape) * sizeof(float),
           partials = sums_partials_bytes(shape_voxels(shape), shape.channels);
    unsigned own = own_kernels(precision, shape);
    if (own & (OWN_FORWARD | OWN_DATA))
        partials = larger(partials, branch_fused_partials_bytes(shape));
    if (own & OWN_WEIGHTS)
        partials = larger(partials, branch_fused_weights_partials_bytes(shape));
    b.partials = scratch_take(s, partials);
    b.norm = norm_take(s, shape.channels);
    if (own & (OWN_FORWARD | OWN_DATA))
        b.packed = scratch_take(s, branch_fused_packed_bytes(shape));
    if (own == OWN_ALL)
        return b;
    b.conv = conv3_take(s, shape, shape);
    b.activated = scratch_take(s, matrix);
    b.product = b.activated ? (char *)b.activated + matrix / 2 : NULL;
    return b;
}

size_t branch_scratch_bytes(enum precision precision, struct shape in, struct shape out)
{
    struct scratch s = scratch_begin(NULL);
    (void)out;
    divide(&s, precision, in);
    return s.bytes;
}

/* y += sign conv(activated), channel sums of the new y. Where the sum is a pass of its own the sign is that pass's: cuDNN
 * owes no negatives for negated weights, and 16-bit streams must get back the bits that they had. Where cuDNN adds, to floats, it
 * goes into the weights. */
static void add_convolution(const struct branch_buffers *b, struct shape shape, const float *w, float sign,
                            float *y, double *y_sums)
{
    if (operand_is_bf16()) {
        conv3_forward(&b->conv, shape, shape, b->activated, w, 1, false, b->product);
        operand_add(shape, b->product, sign, y, y_sums, b->partials, streams_wraps_of(sign));
        return;
    }
    conv3_forward(&b->conv, shape, shape, b->activated, w, sign, true, y);
    if (y_sums)
        norm_channel_sums(shape, y, y_sums, b->partials);
}

void cuda_branch_forward(struct shape shape, const struct branch_weights *weights, const double *u_sums,
                         const float *u, float sign, float *y, double *y_sums, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    if (!gpu_begin("branch_forward"))
        return;
    struct branch_buffers b = divide(&s, operand_precision(), shape);
    norm_prepare(shape, weights->groups, u_sums, weights->gamma, weights->beta, b.norm.channels);
    if (own_kernels(operand_precision(), shape) & OWN_FORWARD) {
        branch_fused_forward(shape, b.norm.channels, u, weights->conv, sign, y, y_sums, b.packed, b.partials);
        return;
    }
    norm_apply(shape, b.norm.channels, u, b.activated, operand_is_bf16());
    add_convolution(&b, shape, weights->conv, sign, y, y_sums);
}

/* du, dgamma, dbeta += , from dy as an operand; overwrites the activated input by its gradient. */
static void input_gradient(const struct branch_buffers *b, struct shape shape,
                           const struct branch_weights *weights, const struct branch_gradients *gradients,
                           const float *u, float *du, const void *dy)
{
    void *da = b->activated;
    conv3_data_gradient(&b->conv, shape, shape, weights->conv, dy, da);
    norm_backward_sums(shape, weights->groups, b->norm.channels, u, da, operand_is_bf16(), gradients->gamma,
                       gradients->beta, b->norm.corrections, b->partials);
    norm_gradient(shape, b->norm.channels, b->norm.corrections, u, da, operand_is_bf16(), du, true);
}

/* Our own kernels take u and dy as they are; cuDNN needs the activated input and dy as operands. */
void cuda_branch_backward(struct shape shape, const struct branch_weights *weights,
                          const struct branch_gradients *gradients, const double *u_sums, const float *u,
                          float *du, float *y, const float *dy, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    unsigned own = own_kernels(operand_precision(), shape), gradient = OWN_DATA | OWN_WEIGHTS;
    const void *operand_dy = NULL;
    if (!gpu_begin("branch_backward"))
        return;
    struct branch_buffers b = divide(&s, operand_precision(), shape);
    norm_prepare(shape, weights->groups, u_sums, weights->gamma, weights->beta, b.norm.channels);
    if (!(own & OWN_WEIGHTS) || (y && !(own & OWN_FORWARD)))
        norm_apply(shape, b.norm.channels, u, b.activated, operand_is_bf16());
    if (y && own & OWN_FORWARD)
        branch_fused_forward(shape, b.norm.channels, u, weights->conv, -1, y, NULL, b.packed, b.partials);
    else if (y)
        add_convolution(&b, shape, weights->conv, -1, y, NULL);
    if ((own & gradient) != gradient)
        operand_dy = streams_are_int16() ? dy : operand_of(shape, dy, b.product);
    if (own & OWN_WEIGHTS)
        branch_fused_weight_gradient(shape, b.norm.channels, u, dy, gradients->conv, b.partials);
    else
        conv3_weight_gradient(&b.conv, shape, shape, b.activated, operand_dy, gradients->conv);
    if (own & OWN_DATA)
        branch_fused_input_gradient(shape, weights->groups, &b.norm, u, weights->conv, dy, du,
                                    gradients->gamma, gradients->beta, b.packed, b.partials);
    else
        input_gradient(&b, shape, weights, gradients, u, du, operand_dy);
}
