/* Between two levels: pooling, upsampling, and each with its 1x1x1 convolution. */
#ifndef PRUNET_TESTS_KERNELS_CALLS_RESAMPLE_H
#define PRUNET_TESTS_KERNELS_CALLS_RESAMPLE_H

#include "tests/kernels/calls_begin.h"

/* The next finer level, with `channels` channels in each stream. */
static inline struct shape finer(struct shape coarse, int channels)
{
    return (struct shape){coarse.streams, channels, 2 * coarse.depth, 2 * coarse.height, 2 * coarse.width};
}

static inline void call_pool_forward(const struct kernels *k, const struct drive *d, void **at, void *scratch)
{
    (void)scratch;
    k->pool_forward(d->in, at[0], at[1]);
}

/* Rounds to integers, so that cells have several maxima. */
static inline void round_argument(struct argument *a)
{
    for (size_t i = 0; i < a->count; i++)
        ((float *)a->host)[i] = rintf(((float *)a->host)[i]);
}

static inline struct drive pool_forward(struct shape fine)
{
    struct drive d =
        drive_start("pool_forward", OPERATION_DOWN, fine, shape_coarser(fine), call_pool_forward);
    drive_tensor(&d, "x", READ, fine);
    drive_tensor(&d, "y", WRITTEN, shape_coarser(fine));
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
    struct drive d =
        drive_start("pool_backward", OPERATION_DOWN, fine, shape_coarser(fine), call_pool_backward);
    round_argument(drive_tensor(&d, "x", READ, fine));
    drive_tensor(&d, "dy", READ, shape_coarser(fine));
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

static inline struct drive down_forward(struct shape fine, struct shape coarse, int with_sums)
{
    struct drive d = drive_start("down_forward", OPERATION_DOWN, fine, coarse, call_down_forward);
    drive_tensor(&d, "x", READ, fine);
    drive_weights(&d, "w", shape_channels(coarse), shape_channels(fine), 1);
    drive_array(&d, "b", READ, FLOATS, (size_t)shape_channels(coarse));
    drive_tensor(&d, "y", WRITTEN, coarse);
    drive_array(&d, "channel_sums", with_sums ? WRITTEN : ABSENT, DOUBLES, 2 * (size_t)coarse.channels);
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

static inline struct drive up_forward(struct shape coarse, struct shape fine, float sign, int with_sums)
{
    struct drive d = drive_start(sign > 0 ? "up_forward +1" : "up_forward -1", OPERATION_UP, coarse, fine,
                                 call_up_forward);
    d.sign = sign;
    drive_tensor(&d, "x", READ, coarse);
    drive_weights(&d, "w", shape_channels(fine), shape_channels(coarse), 1);
    drive_array(&d, "b", READ, FLOATS, (size_t)shape_channels(fine));
    drive_tensor(&d, "y", ADDED, fine);
    drive_array(&d, "channel_sums", with_sums ? WRITTEN : ABSENT, DOUBLES, 2 * (size_t)fine.channels);
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

#endif
