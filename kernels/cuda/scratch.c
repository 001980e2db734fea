/* See scratch.h. */
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/by_hand.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/plan.h"

enum { ALIGNMENT = 256, TAPS = 27 };

/* The next `bytes` of scratch; with no base only the size is counted. */
static void *take(struct scratch *s, char *base, size_t bytes)
{
    char *at = base ? base + s->total : NULL;
    s->total += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return at;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void take_workspace(struct scratch *s, char *base)
{
    s->workspace_bytes = convolution_plan_workspace();
    s->workspace = take(s, base, s->workspace_bytes);
}

static void take_norm(struct scratch *s, char *base, int channels)
{
    s->norm = take(s, base, (size_t)padded(channels) * sizeof *s->norm);
    s->correction = take(s, base, (size_t)padded(channels) * sizeof *s->correction);
}

static void take_weights(struct scratch *s, char *base, size_t count)
{
    s->weights = take(s, base, count * sizeof(float));
    s->weights_gradient = take(s, base, count * sizeof(float));
}

static size_t conv_weights(struct shape in, struct shape out)
{
    return (size_t)padded(out.channels) * TAPS * (size_t)padded(in.channels);
}

static size_t conv1_weights(struct shape in, struct shape out)
{
    return (size_t)(out.streams * padded(out.channels)) * (size_t)(in.streams * padded(in.channels));
}

static size_t row_bytes(struct shape s)
{
    return (size_t)padded(s.channels) * sizeof(float);
}

/* What is done by hand needs neither the workspace nor operands in memory, but its own sums. */
static void take_branch(struct scratch *s, char *base, enum precision precision, struct shape shape)
{
    size_t voxels = shape_voxels(shape), sheet = voxels * row_bytes(shape),
           partials = partials_bytes(voxels, shape.channels);
    unsigned hand = by_hand(precision, shape);
    if (hand & (BY_HAND_FORWARD | BY_HAND_DATA))
        partials = larger(partials, level0_partials_bytes(shape));
    if (hand & BY_HAND_WEIGHTS)
        partials = larger(partials, level0_weights_partials_bytes(shape));
    s->partials = take(s, base, partials);
    take_norm(s, base, shape.channels);
    take_weights(s, base, conv_weights(shape, shape));
    if (hand == BY_HAND_ALL)
        return;
    take_workspace(s, base);
    s->first = take(s, base, sheet);
    s->second = base ? (char *)s->first + sheet / 2 : NULL;
}

static struct scratch divide(enum precision precision, enum operation operation, struct shape in,
                             struct shape out, void *base)
{
    struct scratch s = {.total = 0};
    size_t voxels = shape_voxels(in);
    switch (operation) {
    case OPERATION_IMAGE_CONV:
        s.partials = take(&s, base, image_partials_bytes(out, in.channels));
        break;
    case OPERATION_CONV3:
        take_workspace(&s, base);
        take_weights(&s, base, conv_weights(in, out));
        s.first = take(&s, base, voxels * row_bytes(in) / 2);
        s.second = take(&s, base, voxels * row_bytes(out) / 2);
        break;
    case OPERATION_NORM:
        s.partials = take(&s, base, partials_bytes(voxels, in.channels));
        take_norm(&s, base, in.channels);
        break;
    case OPERATION_BRANCH:
        take_branch(&s, base, precision, in);
        break;
    case OPERATION_DOWN:
        take_workspace(&s, base);
        s.partials = take(&s, base, partials_bytes(shape_voxels(out), out.channels));
        take_weights(&s, base, conv1_weights(in, out));
        s.first = take(&s, base, (size_t)in.streams * shape_voxels(out) * row_bytes(in));
        break;
    case OPERATION_UP:
        take_workspace(&s, base);
        s.partials = take(&s, base, partials_bytes(shape_voxels(out), out.channels));
        take_weights(&s, base, conv1_weights(in, out));
        s.first = take(&s, base, (size_t)out.streams * voxels * row_bytes(out));
        break;
    case OPERATION_HEAD:
        s.partials = take(&s, base, head_partials_bytes(in));
        break;
    }
    return s;
}

struct scratch scratch_of(enum operation operation, struct shape in, struct shape out, void *base)
{
    return divide(gpu_precision(), operation, in, out, base);
}

size_t scratch_bytes(enum precision precision, enum operation operation, struct shape in, struct shape out)
{
    return divide(precision, operation, in, out, NULL).total;
}
