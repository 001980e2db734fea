/* Both ends of both networks: the image convolution, and the head with its loss. */
#include "lib/network/body.h"

static struct shape image_shape(const struct network *n)
{
    return network_shape(n, 0, 1, n->architecture.inputs);
}

static struct shape region_shape(const struct network *n)
{
    return network_shape(n, 0, 1, n->architecture.outputs);
}

static size_t plain_bytes(struct shape shape)
{
    return (size_t)shape_channels(shape) * shape_voxels(shape) * sizeof(float);
}

void ends_plan_input(struct network *n)
{
    struct ends *ends = &n->ends;
    network_event(n, PHASE_INPUT, -1, 0);
    ends->image_buffer = plan_begin(&n->plan, "image", -1, plain_bytes(image_shape(n)));
    if (n->training)
        ends->target_buffer = plan_begin(&n->plan, "target", -1, shape_voxels(image_shape(n)));
    prefetch_plan(n);
}

void ends_plan_first_conv(struct network *n, enum phase phase, struct shape first)
{
    network_event(n, phase, -1, n->kernels->scratch_bytes(OPERATION_IMAGE_CONV, image_shape(n), first));
}

void ends_plan_head(struct network *n, struct shape last)
{
    size_t scratch = n->kernels->scratch_bytes(OPERATION_HEAD, last, region_shape(n));
    network_event(n, PHASE_HEAD, -1, scratch);
    n->ends.probability_buffer = plan_begin(&n->plan, "probabilities", -1, plain_bytes(region_shape(n)));
    if (!n->training)
        network_event(n, PHASE_OUTPUT, -1, 0);
}

void ends_plan_head_backward(struct network *n, struct shape last)
{
    network_event(n, PHASE_HEAD_BACKWARD, -1,
                  n->kernels->scratch_bytes(OPERATION_HEAD, last, region_shape(n)));
    plan_end(&n->plan, n->ends.probability_buffer);
    plan_end(&n->plan, n->ends.target_buffer);
}

void ends_plan_first_conv_backward(struct network *n, struct shape first)
{
    network_event(n, PHASE_FIRST_CONV_BACKWARD, -1,
                  n->kernels->scratch_bytes(OPERATION_IMAGE_CONV, image_shape(n), first));
}

void ends_bind(struct network *n)
{
    struct ends *ends = &n->ends;
    ends->image = network_buffer(n, ends->image_buffer);
    ends->probabilities = network_buffer(n, ends->probability_buffer);
    if (n->training) {
        ends->target = network_buffer(n, ends->target_buffer);
        ends->sums = network_buffer(n, ends->sums_buffer);
    }
}

void first_conv(struct network *n, enum phase phase, const struct parameter *weight, struct shape first,
                float *y)
{
    n->kernels->image_conv_forward(n->architecture.inputs, first, n->ends.image, network_weights(n, weight),
                                   y, network_scratch(n, phase, -1));
}

void first_conv_backward(struct network *n, const struct parameter *weight, struct shape first,
                         const float *dy)
{
    n->kernels->image_conv_backward(n->architecture.inputs, first, n->ends.image, dy,
                                    network_parameter_gradient(n, weight),
                                    network_scratch(n, PHASE_FIRST_CONV_BACKWARD, -1));
}

void head(struct network *n, struct shape last, const float *x)
{
    const struct ends *ends = &n->ends;
    void *scratch = network_scratch(n, PHASE_HEAD, -1);
    n->kernels->head_forward(last, n->architecture.outputs, x, network_weights(n, ends->weight),
                             network_weights(n, ends->bias), ends->probabilities, scratch);
    if (n->training)
        n->kernels->dice_sums(shape_voxels(last), n->architecture.outputs, ends->probabilities, ends->target,
                              ends->sums, scratch);
}

void head_backward(struct network *n, struct shape last, const float *x, float loss_scale, float *dx)
{
    const struct ends *ends = &n->ends;
    n->kernels->head_backward(
        last, n->architecture.outputs, x, network_weights(n, ends->weight), ends->probabilities, ends->target,
        ends->sums, loss_scale, dx, network_parameter_gradient(n, ends->weight),
        network_parameter_gradient(n, ends->bias), network_scratch(n, PHASE_HEAD_BACKWARD, -1));
}
