/* Every operation of the table as a `drive`: its arguments in the order of its prototype, and the call.
 * Weights are scaled so that results are of the order of 1. */
#ifndef PRUNET_TESTS_KERNELS_CALLS_H
#define PRUNET_TESTS_KERNELS_CALLS_H

#include "kernels/reference/reference.h"
#include "tests/kernels/drive.h"

static inline struct drive
drive_start(const char *name, enum operation operation, struct shape in, struct shape out,
            void (*call)(const struct kernels *, const struct drive *, void **, void *))
{
    struct drive d = {.name = name, .operation = operation, .in = in, .out = out, .sign = 1, .call = call};
    d.key = random_key(0, name);
    const int sizes[] = {in.parts, in.channels, in.depth, in.height, in.width, out.channels};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        d.key = random_key_number(d.key, (uint64_t)sizes[i]);
    return d;
}

static inline void scale_argument(struct argument *a, double factor)
{
    for (size_t i = 0; i < a->count; i++)
        ((float *)a->host)[i] *= (float)factor;
}

static inline void drive_weights(struct drive *d, const char *name, int out, int in, int taps)
{
    struct argument *w = drive_array(d, name, READ, FLOATS, (size_t)out * (size_t)in * (size_t)taps);
    scale_argument(w, 1 / sqrt((double)in * taps));
}

static inline void drive_moments(struct drive *d, const char *name, struct shape shape, const float *of)
{
    struct argument *moments = drive_array(d, name, READ, DOUBLES, 2 * (size_t)shape_channels(shape));
    reference_moments(shape, of, moments->host, NULL);
}

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

static inline void call_moments(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    k->moments(d->in, at[0], at[1], scratch);
}

static inline struct drive moments(struct shape shape)
{
    struct drive d = drive_start("moments", OPERATION_NORM, shape, shape, call_moments);
    drive_tensor(&d, "x", READ, shape);
    drive_array(&d, "moments", WRITTEN, DOUBLES, 2 * (size_t)shape.channels);
    return d;
}

static inline void call_norm_forward(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    k->norm_forward(d->in, d->number, at[1], at[2], at[3], at[0], at[4] ? at[4] : at[0], scratch);
}

/* Moves x off LeakyReLU's kink: where it is met to rounding, the gradient is one of two, and which one no
 * tolerance can say. */
static inline void off_the_kink(struct shape shape, int groups, const double *moments, const float *gamma,
                                const float *beta, float *x)
{
    const double near = 1e-4;
    size_t voxels = shape_voxels(shape);
    int size = shape.channels / groups;
    for (int c = 0; c < size * groups; c++) {
        struct group_statistics g = reference_group_statistics(size, voxels, moments + 2 * (c / size * size));
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
    drive_moments(d, "moments", d->in, x->host);
    double *moments = drive_find(d, "moments")->host;
    float *gamma = drive_array(d, "gamma", READ, FLOATS, (size_t)d->in.channels)->host;
    float *beta = drive_array(d, "beta", READ, FLOATS, (size_t)d->in.channels)->host;
    off_the_kink(d->in, groups, moments, gamma, beta, x->host);
    reference_moments(d->in, x->host, moments, NULL);
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

static inline struct drive branch_forward(struct shape shape, int groups, float sign, int with_moments)
{
    struct drive d = drive_start(sign > 0 ? "branch_forward +1" : "branch_forward -1", OPERATION_BRANCH,
                                 shape, shape, call_branch_forward);
    d.sign = sign;
    drive_branch(&d, groups);
    drive_tensor(&d, "y", ADDED, shape);
    drive_array(&d, "y_moments", with_moments ? WRITTEN : ABSENT, DOUBLES, 2 * (size_t)shape.channels);
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

/* --- between levels --- */

static inline struct shape finer(struct shape coarse, int channels)
{
    return (struct shape){coarse.parts, channels, 2 * coarse.depth, 2 * coarse.height, 2 * coarse.width};
}

static inline struct shape coarser(struct shape fine)
{
    return (struct shape){fine.parts, fine.channels, fine.depth / 2, fine.height / 2, fine.width / 2};
}

static inline void call_pool_forward(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    (void)scratch;
    k->pool_forward(d->in, at[0], at[1]);
}

/* Values from a small set, so that cells have several maxima. */
static inline void round_argument(struct argument *a)
{
    for (size_t i = 0; i < a->count; i++)
        ((float *)a->host)[i] = rintf(((float *)a->host)[i]);
}

static inline struct drive pool_forward(struct shape fine)
{
    struct drive d = drive_start("pool_forward", OPERATION_DOWN, fine, coarser(fine), call_pool_forward);
    drive_tensor(&d, "x", READ, fine);
    drive_tensor(&d, "y", WRITTEN, coarser(fine));
    return d;
}

static inline void call_pool_backward(const struct kernels *k, const struct drive *d, void **at,
                                      void *scratch)
{
    (void)scratch;
    k->pool_backward(d->in, at[0], at[1], at[2]);
}

static inline struct drive pool_backward(struct shape fine)
{
    struct drive d = drive_start("pool_backward", OPERATION_DOWN, fine, coarser(fine), call_pool_backward);
    round_argument(drive_tensor(&d, "x", READ, fine));
    drive_tensor(&d, "dy", READ, coarser(fine));
    drive_tensor(&d, "dx", ADDED, fine);
    return d;
}

static inline void call_upsample_forward(const struct kernels *k, const struct drive *d, void **at,
                                         void *scratch)
{
    (void)scratch;
    k->upsample_forward(d->in, at[0], at[1]);
}

static inline struct drive upsample_forward(struct shape coarse)
{
    struct shape fine = finer(coarse, coarse.channels);
    struct drive d = drive_start("upsample_forward", OPERATION_UP, coarse, fine, call_upsample_forward);
    drive_tensor(&d, "x", READ, coarse);
    drive_tensor(&d, "y", ADDED, fine);
    return d;
}

static inline void call_upsample_backward(const struct kernels *k, const struct drive *d, void **at,
                                          void *scratch)
{
    (void)scratch;
    k->upsample_backward(d->in, at[0], at[1]);
}

static inline struct drive upsample_backward(struct shape coarse)
{
    struct shape fine = finer(coarse, coarse.channels);
    struct drive d = drive_start("upsample_backward", OPERATION_UP, coarse, fine, call_upsample_backward);
    drive_tensor(&d, "dy", READ, fine);
    drive_tensor(&d, "dx", WRITTEN, coarse);
    return d;
}

static inline void call_down_forward(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    k->down_forward(d->in, d->out, at[0], at[1], at[2], at[3], at[4], scratch);
}

static inline struct drive down_forward(struct shape fine, struct shape coarse, int with_moments)
{
    struct drive d = drive_start("down_forward", OPERATION_DOWN, fine, coarse, call_down_forward);
    drive_tensor(&d, "x", READ, fine);
    drive_weights(&d, "w", shape_channels(coarse), shape_channels(fine), 1);
    drive_array(&d, "b", READ, FLOATS, (size_t)shape_channels(coarse));
    drive_tensor(&d, "y", WRITTEN, coarse);
    drive_array(&d, "moments", with_moments ? WRITTEN : ABSENT, DOUBLES, 2 * (size_t)coarse.channels);
    return d;
}

static inline void call_down_backward(const struct kernels *k, const struct drive *d, void **at,
                                      void *scratch)
{
    k->down_backward(d->in, d->out, at[0], at[1], at[2], at[3], at[4], at[5], scratch);
}

static inline struct drive down_backward(struct shape fine, struct shape coarse)
{
    size_t in = (size_t)shape_channels(fine), out = (size_t)shape_channels(coarse);
    struct drive d = drive_start("down_backward", OPERATION_DOWN, fine, coarse, call_down_backward);
    round_argument(drive_tensor(&d, "x", READ, fine));
    drive_weights(&d, "w", (int)out, (int)in, 1);
    drive_tensor(&d, "dy", READ, coarse);
    drive_tensor(&d, "dx", ADDED, fine);
    drive_array(&d, "dw", ADDED, FLOATS, out * in);
    drive_array(&d, "db", ADDED, FLOATS, out);
    return d;
}

static inline void call_up_forward(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    k->up_forward(d->in, d->out, at[0], at[1], at[2], d->sign, at[3], at[4], scratch);
}

static inline struct drive up_forward(struct shape coarse, struct shape fine, float sign, int with_moments)
{
    struct drive d = drive_start(sign > 0 ? "up_forward +1" : "up_forward -1", OPERATION_UP, coarse, fine,
                                 call_up_forward);
    d.sign = sign;
    drive_tensor(&d, "x", READ, coarse);
    drive_weights(&d, "w", shape_channels(fine), shape_channels(coarse), 1);
    drive_array(&d, "b", READ, FLOATS, (size_t)shape_channels(fine));
    drive_tensor(&d, "y", ADDED, fine);
    drive_array(&d, "moments", with_moments ? WRITTEN : ABSENT, DOUBLES, 2 * (size_t)fine.channels);
    return d;
}

static inline void call_up_backward(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    k->up_backward(d->in, d->out, at[0], at[1], at[2], at[3], at[4], at[5], scratch);
}

static inline struct drive up_backward(struct shape coarse, struct shape fine)
{
    size_t in = (size_t)shape_channels(coarse), out = (size_t)shape_channels(fine);
    struct drive d = drive_start("up_backward", OPERATION_UP, coarse, fine, call_up_backward);
    drive_tensor(&d, "x", READ, coarse);
    drive_weights(&d, "w", (int)out, (int)in, 1);
    drive_tensor(&d, "dy", READ, fine);
    drive_tensor(&d, "dx", WRITTEN, coarse);
    drive_array(&d, "dw", ADDED, FLOATS, out * in);
    drive_array(&d, "db", ADDED, FLOATS, out);
    return d;
}

/* --- the end of the network --- */

static inline struct shape regions_of(struct shape in, int regions)
{
    return (struct shape){1, regions, in.depth, in.height, in.width};
}

static inline void call_head_forward(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    k->head_forward(d->in, d->number, at[0], at[1], at[2], at[3], scratch);
}

static inline struct drive head_forward(struct shape in, int regions)
{
    struct drive d =
        drive_start("head_forward", OPERATION_HEAD, in, regions_of(in, regions), call_head_forward);
    d.number = regions;
    drive_tensor(&d, "x", READ, in);
    drive_weights(&d, "w", regions, shape_channels(in), 1);
    drive_array(&d, "b", READ, FLOATS, (size_t)regions);
    drive_array(&d, "p", WRITTEN, FLOATS, (size_t)regions * shape_voxels(in));
    return d;
}

static inline struct argument *drive_probabilities(struct drive *d, size_t count)
{
    struct argument *p = drive_array(d, "p", READ, FLOATS, count);
    for (size_t i = 0; i < count; i++)
        ((float *)p->host)[i] = 1 / (1 + expf(-((float *)p->host)[i]));
    return p;
}

static inline void call_dice_sums(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    k->dice_sums(shape_voxels(d->in), d->number, at[0], at[1], at[2], scratch);
}

static inline struct drive dice_sums(struct shape in, int regions)
{
    struct drive d = drive_start("dice_sums", OPERATION_HEAD, in, regions_of(in, regions), call_dice_sums);
    d.number = regions;
    drive_probabilities(&d, (size_t)regions * shape_voxels(in));
    drive_array(&d, "target", READ, BYTES, shape_voxels(in));
    drive_array(&d, "sums", WRITTEN, DOUBLES, (size_t)regions * sizeof(struct dice_sums) / sizeof(double));
    return d;
}

static inline void call_head_backward(const struct kernels *k, const struct drive *d, void **at,
                                      void *scratch)
{
    k->head_backward(d->in, d->number, at[0], at[1], at[2], at[3], at[4], d->sign, at[5], at[6], at[7],
                     scratch);
}

static inline struct drive head_backward(struct shape in, int regions)
{
    struct drive d =
        drive_start("head_backward", OPERATION_HEAD, in, regions_of(in, regions), call_head_backward);
    d.number = regions;
    d.sign = 0.2f * (float)shape_voxels(in); /* brings the gradient near 1 */
    drive_tensor(&d, "x", READ, in);
    drive_weights(&d, "w", regions, shape_channels(in), 1);
    struct argument *p = drive_probabilities(&d, (size_t)regions * shape_voxels(in));
    struct argument *target = drive_array(&d, "target", READ, BYTES, shape_voxels(in));
    struct argument *sums =
        drive_array(&d, "sums", READ, DOUBLES, (size_t)regions * sizeof(struct dice_sums) / sizeof(double));
    reference_dice_sums(shape_voxels(in), regions, p->host, target->host, sums->host, NULL);
    drive_tensor(&d, "dx", WRITTEN, in);
    drive_array(&d, "dw", ADDED, FLOATS, (size_t)regions * (size_t)shape_channels(in));
    drive_array(&d, "db", ADDED, FLOATS, (size_t)regions);
    return d;
}

static inline void call_adam(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    (void)scratch;
    k->adam(d->arguments[0].count, at[4], at[0], at[1], at[2], at[3]);
}

static inline struct drive adam(size_t n, double step)
{
    struct shape none = {1, 1, 1, 1, (int)n};
    struct drive d = drive_start("adam", OPERATION_NORM, none, none, call_adam);
    drive_array(&d, "g", READ, FLOATS, n);
    drive_array(&d, "w", ADDED, FLOATS, n);
    drive_array(&d, "m", ADDED, FLOATS, n);
    struct argument *v = drive_array(&d, "v", ADDED, FLOATS, n);
    for (size_t i = 0; i < n; i++)
        ((float *)v->host)[i] = fabsf(((float *)v->host)[i]);
    struct argument *settings =
        drive_array(&d, "settings", READ, DOUBLES, sizeof(struct adam) / sizeof(double));
    *(struct adam *)settings->host = (struct adam){1e-2, 1e-3, 0.9, 0.999, 1e-8, step};
    return d;
}

#endif
