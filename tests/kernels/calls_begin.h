/* How the `drive` of an operation begins: its name and shapes, and arguments that most have. Weights are
 * scaled so that results are of the order of 1. */
#ifndef PRUNET_TESTS_KERNELS_CALLS_BEGIN_H
#define PRUNET_TESTS_KERNELS_CALLS_BEGIN_H

#include "kernels/reference/norm.h"
#include "kernels/reference/reference.h"
#include "tests/kernels/drive.h"

static inline struct drive
drive_start(const char *name, enum operation operation, struct shape in, struct shape out,
            void (*call)(const struct kernels *, const struct drive *, void **, void *))
{
    struct drive d = {.name = name, .operation = operation, .in = in, .out = out, .sign = 1, .call = call};
    d.key = random_key(0, name);
    const int sizes[] = {in.streams, in.channels, in.depth, in.height, in.width, out.channels};
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

static inline void drive_channel_sums(struct drive *d, const char *name, struct shape shape, const float *of)
{
    struct argument *channel_sums = drive_array(d, name, READ, DOUBLES, 2 * (size_t)shape_channels(shape));
    reference_channel_sums(shape, of, channel_sums->host, NULL);
}

#endif
