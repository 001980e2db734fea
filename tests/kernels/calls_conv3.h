/* 3x3x3 convolution, group norm, and the residual branch of both. */
#ifndef PRUNET_TESTS_KERNELS_CALLS_CONV3_H
#define PRUNET_TESTS_KERNELS_CALLS_CONV3_H

#include "tests/kernels/calls_begin.h"

/* --- convolutions --- */

static inline void call_conv3_forward(const struct kernels *k, const struct drive *d, void **at,
                                      void *scratch)
{
    k->conv3_forward(d->in, d->out, at[0], at[1], at[2], scratch);
}

static inline struct drive conv3_forward(struct shape in, struct shape out)
{
    struct drive d = drive_start("conv3_forward", OPERATION_CONV3, in, out, call_conv3_forward);
    drive_tensor(&d, "x", READ, in);
    drive_weights(&d, "w", out.channels, in.channels, 27);
    drive_tensor(&d, "y", WRITTEN, out);
    return d;
}

static inline void call_conv3_backward(const struct kernels *k, const struct drive *d, void **at,
                                       void *scratch)
{
    k->conv3_backward(d->in, d->out, at[0], at[1], at[2], at[3], at[4], scratch);
}

static inline struct drive conv3_backward(struct shape in, struct shape out, int with_dx)
{
    struct drive d = drive_start(with_dx ? "conv3_backward" : "conv3_backward, dx NULL", OPERATION_CONV3, in,
                                 out, call_conv3_backward);
    drive_tensor(&d, "x", READ, in);
    drive_weights(&d, "w", out.channels, in.channels, 27);
    drive_tensor(&d, "dy", READ, out);
    drive_tensor(&d, "dx", with_dx ? WRITTEN : ABSENT, in);
    drive_array(&d, "dw", ADDED, FLOATS, (size_t)out.channels * (size_t)in.channels * 27);
    return d;
}

static inline void call_image_conv_forward(const struct kernels *k, const struct drive *d, void **at,
                                           void *scratch)
{
    k->image_conv_forward(d->number, d->out, at[0], at[1], at[2], scratch);
}

static inline struct drive image_conv_forward(struct shape image, struct shape out)
{
    struct drive d =
        drive_start("image_conv_forward", OPERATION_IMAGE_CONV, image, out, call_image_conv_forward);
    d.number = image.channels;
    drive_array(&d, "image", READ, FLOATS, (size_t)image.channels * shape_voxels(image));
    drive_weights(&d, "w", shape_channels(out), image.channels, 27);
    drive_tensor(&d, "y", WRITTEN, out);
    return d;
}

static inline void call_image_conv_backward(const struct kernels *k, const struct drive *d, void **at,
                                            void *scratch)
{
    k->image_conv_backward(d->number, d->out, at[0], at[1], at[2], scratch);
}

static inline struct drive image_conv_backward(struct shape image, struct shape out)
{
    struct drive d =
        drive_start("image_conv_backward", OPERATION_IMAGE_CONV, image, out, call_image_conv_backward);
    d.number = image.channels;
    drive_array(&d, "image", READ, FLOATS, (size_t)image.channels * shape_voxels(image));
    drive_tensor(&d, "dy", READ, out);
    drive_array(&d, "dw", ADDED, FLOATS, (size_t)shape_channels(out) * (size_t)image.channels * 27);
    return d;
}

/* --- norm --- */

static inline void call_channel_sums(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    k->channel_sums(d->in, at[0], at[1], scratch);
}

static inline struct drive channel_sums(struct shape shape)
{
    struct drive d = drive_start("channel_sums", OPERATION_NORM, shape, shape, call_channel_sums);
    drive_tensor(&d, "x", READ, shape);
    drive_array(&d, "channel_sums", WRITTEN, DOUBLES, 2 * (size_t)shape.channels);
    return d;
}

static inline void call_norm_forward(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    k->norm_forward(d->in, d->number, at[1], at[2], at[3], at[0], at[4] ? at[4] : at[0], scratch);
}

/* Moves x off LeakyReLU's kink: where it is met to rounding, the gradient is one of two, and which one no
 * tolerance can say. */
static inline void off_the_kink(struct shape shape, int groups, const double *channel_sums,
                                const float *gamma, const float *beta, float *x)
{
    const double near = 1e-4;
    size_t voxels = shape_voxels(shape);
    int size = shape.channels / groups;
    for (int c = 0; c < size * groups; c++) {
        struct group_statistics g =
            reference_group_statistics(size, voxels, channel_sums + 2 * (c / size * size));
        double scale = gamma[c] * g.scale;
        for (size_t v = (size_t)c * voxels; v < (size_t)(c + 1) * voxels; v++)
            if (fabs(scale * (x[v] - g.mean) + beta[c]) < near && fabs(scale) > near)
                x[v] += (float)(2 * near / scale);
    }
}

static inline void drive_norm(struct drive *d, int groups, enum role x_role)
{
    d->number = groups;
    struct argument *x = drive_tensor(d, "x", x_role, d->in);
    drive_channel_sums(d, "channel_sums", d->in, x->host);
    double *channel_sums = drive_find(d, "channel_sums")->host;
    float *gamma = drive_array(d, "gamma", READ, FLOATS, (size_t)d->in.channels)->host;
    float *beta = drive_array(d, "beta", READ, FLOATS, (size_t)d->in.channels)->host;
    off_the_kink(d->in, groups, channel_sums, gamma, beta, x->host);
    reference_channel_sums(d->in, x->host, channel_sums, NULL);
}

/* in_place: y is x */
static inline struct drive norm_forward(struct shape shape, int groups, int in_place)
{
    struct drive d = drive_start(in_place ? "norm_forward in place" : "norm_forward", OPERATION_NORM, shape,
                                 shape, call_norm_forward);
    drive_norm(&d, groups, in_place ? ADDED : READ);
    drive_tensor(&d, "y", in_place ? ABSENT : WRITTEN, shape);
    return d;
}

static inline void call_norm_backward(const struct kernels *k, const struct drive *d, void **at,
                                      void *scratch)
{
    k->norm_backward(d->in, d->number, at[1], at[2], at[3], at[0], at[4], at[5] ? at[5] : at[4], at[6], at[7],
                     scratch);
}

/* in_place: dx is dy */
static inline struct drive norm_backward(struct shape shape, int groups, int in_place)
{
    struct drive d = drive_start(in_place ? "norm_backward in place" : "norm_backward", OPERATION_NORM, shape,
                                 shape, call_norm_backward);
    drive_norm(&d, groups, READ);
    drive_tensor(&d, "dy", in_place ? ADDED : READ, shape);
    drive_tensor(&d, "dx", in_place ? ABSENT : WRITTEN, shape);
    drive_array(&d, "dgamma", ADDED, FLOATS, (size_t)shape.channels);
    drive_array(&d, "dbeta", ADDED, FLOATS, (size_t)shape.channels);
    return d;
}

/* --- branch --- */

static inline void drive_branch(struct drive *d, int groups)
{
    drive_norm(d, groups, READ);
    drive_weights(d, "conv", d->in.channels, d->in.channels, 27);
}

static inline void call_branch_forward(const struct kernels *k, const struct drive *d, void **at,
                                       void *scratch)
{
    struct branch_weights weights = {d->number, at[2], at[3], at[4]};
    k->branch_forward(d->in, &weights, at[1], at[0], d->sign, at[5], at[6], scratch);
}

static inline struct drive branch_forward(struct shape shape, int groups, float sign, int with_sums)
{
    struct drive d = drive_start(sign > 0 ? "branch_forward +1" : "branch_forward -1", OPERATION_BRANCH,
                                 shape, shape, call_branch_forward);
    d.sign = sign;
    drive_branch(&d, groups);
    drive_tensor(&d, "y", ADDED, shape);
    drive_array(&d, "y_sums", with_sums ? WRITTEN : ABSENT, DOUBLES, 2 * (size_t)shape.channels);
    return d;
}

static inline void call_branch_backward(const struct kernels *k, const struct drive *d, void **at,
                                        void *scratch)
{
    struct branch_weights weights = {d->number, at[2], at[3], at[4]};
    struct branch_gradients gradients = {at[8], at[9], at[10]};
    k->branch_backward(d->in, &weights, &gradients, at[1], at[0], at[5], at[6], at[7], scratch);
}

static inline struct drive branch_backward(struct shape shape, int groups, int with_y)
{
    size_t channels = (size_t)shape.channels;
    struct drive d = drive_start(with_y ? "branch_backward" : "branch_backward, y NULL", OPERATION_BRANCH,
                                 shape, shape, call_branch_backward);
    drive_branch(&d, groups);
    drive_tensor(&d, "du", ADDED, shape);
    drive_tensor(&d, "y", with_y ? ADDED : ABSENT, shape);
    drive_tensor(&d, "dy", READ, shape);
    drive_array(&d, "dgamma", ADDED, FLOATS, channels)->tolerance = 1e-5;
    drive_array(&d, "dbeta", ADDED, FLOATS, channels)->tolerance = 1e-5;
    drive_array(&d, "dconv", ADDED, FLOATS, channels * channels * 27);
    return d;
}

#endif
