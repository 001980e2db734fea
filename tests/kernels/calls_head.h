/* The head of the network with its losses, and what happens to the weights: Adam and their average. */
#ifndef PRUNET_TESTS_KERNELS_CALLS_HEAD_H
#define PRUNET_TESTS_KERNELS_CALLS_HEAD_H

#include "tests/kernels/calls_begin.h"

static inline struct shape regions_of(struct shape in, int regions)
{
    return (struct shape){1, regions, in.depth, in.height, in.width};
}

static inline void call_head_forward(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    k->head_forward(d->in, d->number, at[0], at[1], at[2], at[4], at[3], at[5], scratch);
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
    drive_array(&d, "target", ABSENT, BYTES, shape_voxels(in));
    drive_array(&d, "bce_sums", ABSENT, DOUBLES, (size_t)regions);
    return d;
}

/* The same with the cross-entropy's sums. */
static inline struct drive head_forward_bce(struct shape in, int regions)
{
    struct drive d = head_forward(in, regions);
    drive_find(&d, "target")->role = READ;
    drive_find(&d, "bce_sums")->role = WRITTEN;
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
    k->head_backward(d->in, d->number, at[0], at[1], at[2], at[3], at[4],
                     (struct loss_weights){d->sign, d->bce, d->smooth}, at[5], at[6], at[7], scratch);
}

static inline struct drive head_backward(struct shape in, int regions)
{
    struct drive d =
        drive_start("head_backward", OPERATION_HEAD, in, regions_of(in, regions), call_head_backward);
    d.number = regions;
    d.sign = 0.2f * (float)shape_voxels(in); /* brings the gradient near 1 */
    d.smooth = 1;
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

/* The same with both losses, whose gradients are of one order. */
static inline struct drive head_backward_bce(struct shape in, int regions)
{
    struct drive d = head_backward(in, regions);
    d.bce = (float)shape_voxels(in);
    d.smooth = 1e-5f;
    return d;
}

static inline void call_adam(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    (void)scratch;
    k->adam(d->arguments[0].count, at[4], at[0], at[1], at[2], at[3]);
}

static inline struct drive adam(size_t n, double step)
{
    struct shape line = {1, 1, 1, 1, (int)n};
    struct drive d = drive_start("adam", OPERATION_NORM, line, line, call_adam);
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

static inline void call_average(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    (void)scratch;
    k->average(d->arguments[0].count, (double)d->sign, at[0], at[1]);
}

static inline struct drive average(size_t n, float decay)
{
    struct shape line = {1, 1, 1, 1, (int)n};
    struct drive d = drive_start("average", OPERATION_NORM, line, line, call_average);
    d.sign = decay;
    drive_array(&d, "w", READ, FLOATS, n);
    drive_array(&d, "a", ADDED, FLOATS, n);
    return d;
}

#endif
