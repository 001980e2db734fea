/* The residual branch composed of the plain operations: see branch.h. Scratch: two tensors of u's shape. */
#include "kernels/reference/reference.h"

/* y += sign * f */
static void add(size_t n, float sign, const float *f, float *y)
{
    for (size_t i = 0; i < n; i++)
        y[i] += sign * f[i];
}

void reference_branch_forward(struct shape shape, const struct branch_weights *weights, const double *u_sums,
                              const float *u, float sign, float *y, double *y_sums, void *scratch)
{
    size_t n = (size_t)shape_channels(shape) * shape_voxels(shape);
    float *activated = scratch, *f = activated + n;
    reference_norm_forward(shape, weights->groups, u_sums, weights->gamma, weights->beta, u, activated, NULL);
    reference_conv3_forward(shape, shape, activated, weights->conv, f, NULL);
    add(n, sign, f, y);
    if (y_sums)
        reference_channel_sums(shape, y, y_sums, NULL);
}

void reference_branch_backward(struct shape shape, const struct branch_weights *weights,
                               const struct branch_gradients *gradients, const double *u_sums, const float *u,
                               float *du, float *y, const float *dy, void *scratch)
{
    size_t n = (size_t)shape_channels(shape) * shape_voxels(shape);
    float *activated = scratch, *f = activated + n, *gradient = f;
    reference_norm_forward(shape, weights->groups, u_sums, weights->gamma, weights->beta, u, activated, NULL);
    if (y) {
        reference_conv3_forward(shape, shape, activated, weights->conv, f, NULL);
        add(n, -1, f, y);
    }
    reference_conv3_backward(shape, shape, activated, weights->conv, dy, gradient, gradients->conv, NULL);
    reference_norm_backward(shape, weights->groups, u_sums, weights->gamma, weights->beta, u, gradient,
                            gradient, gradients->gamma, gradients->beta, NULL);
    add(n, 1, gradient, du);
}
