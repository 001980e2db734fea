/* Down and up between two levels: see resample.h.
 *
 * Down: a stretch of coarse rows is pooled, for all channels, into a small buffer and mixed from there; going
 * back it is pooled again. Up: the mixed values (or their gradient) of the coarse grid lie in scratch, an
 * eighth of the fine tensor. */
#include "kernels/cpu/planar/conv1.h"
#include "kernels/cpu/planar/planar.h"
#include "kernels/cpu/planar/rows.h"
#include "kernels/cpu/planar/statistics.h"

enum { LEVEL_SLOTS = 32 };

/* The coarse grid in stretches: whole rows of one plane, about STRETCH voxels. */
struct stretches {
    struct shape coarse;
    int rows, in_plane; /* rows of a stretch (the plane's last may have fewer), stretches of a plane */
    int slots;
};

static struct stretches stretches_of(struct shape coarse)
{
    int rows = STRETCH / coarse.width;
    rows = rows < 1 ? 1 : rows > coarse.height ? coarse.height : rows;
    int in_plane = (coarse.height + rows - 1) / rows;
    return (struct stretches){coarse, rows, in_plane,
                              range_slots((size_t)coarse.depth * (size_t)in_plane, LEVEL_SLOTS)};
}

static size_t stretch_begin(const struct stretches *s, int slot)
{
    return range_begin((size_t)s->coarse.depth * (size_t)s->in_plane, s->slots, slot);
}

struct stretch {
    int z, y, rows;
    size_t at, count; /* voxels */
};

static struct stretch stretch_of(const struct stretches *s, size_t item)
{
    int z = (int)(item / (size_t)s->in_plane), y = (int)(item % (size_t)s->in_plane) * s->rows;
    int rows = s->coarse.height - y < s->rows ? s->coarse.height - y : s->rows;
    return (struct stretch){z, y, rows,
                            ((size_t)z * (size_t)s->coarse.height + (size_t)y) * (size_t)s->coarse.width,
                            (size_t)rows * (size_t)s->coarse.width};
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

/* --- down --- */

struct down {
    struct shape fine;
    struct stretches stretches;
    struct partials partials; /* forward: channel_sums [coarse.channels][2]; backward: [out][in + 1] */
    size_t buffer_bytes;
    char *buffers; /* of each slot: [fine channels][room], twice */
};

static struct down down_take(struct arena *arena, struct shape fine, struct shape coarse)
{
    struct down d = {.fine = fine, .stretches = stretches_of(coarse)};
    size_t room = (size_t)d.stretches.rows * (size_t)coarse.width;
    d.partials = partials_take(arena, d.stretches.slots,
                               (size_t)shape_channels(coarse) * (size_t)most(shape_channels(fine) + 1, 2));
    d.buffer_bytes = ((size_t)shape_channels(fine) * room * sizeof(float) + 63) / 64 * 64;
    d.buffers = arena_take(arena, 2 * d.buffer_bytes * (size_t)d.stretches.slots);
    return d;
}

size_t planar_down_scratch(struct shape fine, struct shape coarse)
{
    struct arena arena = {0};
    down_take(&arena, fine, coarse);
    return arena.used;
}

static float *down_buffer(const struct down *d, int slot, int which)
{
    return (float *)(void *)(d->buffers + d->buffer_bytes * (size_t)(2 * slot + which));
}

static size_t cells_at(struct shape fine, int c, int z, int y)
{
    return (((size_t)c * (size_t)fine.depth + 2 * (size_t)z) * (size_t)fine.height + 2 * (size_t)y) *
           (size_t)fine.width;
}

/* pooled[fine channels][stretch.count] */
static void pool_stretch(const struct down *d, struct stretch stretch, const float *x, float *pooled)
{
    int width = d->stretches.coarse.width;
    for (int c = 0; c < shape_channels(d->fine); c++)
        for (int r = 0; r < stretch.rows; r++, pooled += width)
            rows_pool(d->fine, x + cells_at(d->fine, c, stretch.z, stretch.y + r), width, pooled);
}

static void unpool_stretch(const struct down *d, struct stretch stretch, const float *x, const float *pooled,
                           const float *gradient, float *dx)
{
    int width = d->stretches.coarse.width;
    for (int c = 0; c < shape_channels(d->fine); c++)
        for (int r = 0; r < stretch.rows; r++, pooled += width, gradient += width) {
            size_t at = cells_at(d->fine, c, stretch.z, stretch.y + r);
            rows_unpool(d->fine, x + at, width, pooled, gradient, dx + at);
        }
}

/* sums[channels][2] += channel_sums of the last part's stretch */
static void last_stream_sums(struct shape shape, size_t at, size_t count, const float *y, double *sums)
{
    size_t voxels = shape_voxels(shape), first = (size_t)(shape.streams - 1) * (size_t)shape.channels;
    for (int c = 0; c < shape.channels; c++)
        add_sums(y + (first + (size_t)c) * voxels + at, count, sums + 2 * c);
}

static void sums_total(const struct partials *partials, int channels, double *channel_sums)
{
    for (int k = 0; k < 2 * channels; k++)
        channel_sums[k] = partials_total(partials, (size_t)k);
}

static void down_forward_slot(const struct down *d, int slot, const float *x, const float *w, const float *b,
                              float *y, int with_sums)
{
    struct shape coarse = d->stretches.coarse;
    int in = shape_channels(d->fine);
    float *pooled = down_buffer(d, slot, 0);
    double *sums = partials_start(&d->partials, slot);
    for (size_t i = stretch_begin(&d->stretches, slot); i < stretch_begin(&d->stretches, slot + 1); i++) {
        struct stretch stretch = stretch_of(&d->stretches, i);
        pool_stretch(d, stretch, x, pooled);
        conv1_stretch((struct maps){in, pooled, stretch.count}, shape_channels(coarse),
                      (struct matrix){w, in, 1}, b, stretch.count, y + stretch.at, shape_voxels(coarse));
        if (with_sums)
            last_stream_sums(coarse, stretch.at, stretch.count, y, sums);
    }
}

void planar_down_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                         const float *b, float *y, double *channel_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct down d = down_take(&arena, fine, coarse);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < d.stretches.slots; slot++)
        down_forward_slot(&d, slot, x, w, b, y, channel_sums != NULL);
    if (channel_sums)
        sums_total(&d.partials, coarse.channels, channel_sums);
}

static void down_backward_slot(const struct down *d, int slot, const float *x, const float *w,
                               const float *dy, float *dx)
{
    struct shape coarse = d->stretches.coarse;
    int in = shape_channels(d->fine), out = shape_channels(coarse);
    float *pooled = down_buffer(d, slot, 0), *gradient = down_buffer(d, slot, 1);
    double *sums = partials_start(&d->partials, slot);
    for (size_t i = stretch_begin(&d->stretches, slot); i < stretch_begin(&d->stretches, slot + 1); i++) {
        struct stretch stretch = stretch_of(&d->stretches, i);
        struct maps from_dy = {out, dy + stretch.at, shape_voxels(coarse)};
        pool_stretch(d, stretch, x, pooled);
        conv1_correlate((struct maps){in, pooled, stretch.count}, from_dy, stretch.count, sums);
        conv1_stretch(from_dy, in, (struct matrix){w, 1, in}, NULL, stretch.count, gradient, stretch.count);
        unpool_stretch(d, stretch, x, pooled, gradient, dx);
    }
}

void planar_down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                          const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct down d = down_take(&arena, fine, coarse);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < d.stretches.slots; slot++)
        down_backward_slot(&d, slot, x, w, dy, dx);
    partials_add_conv1(&d.partials, shape_channels(coarse), shape_channels(fine), dw, db);
}

/* --- up --- */

struct up {
    struct shape fine;
    struct stretches stretches;
    struct partials partials; /* forward: channel_sums [fine.channels][2]; backward: [out][in + 1] */
    float *mixed;             /* [fine channels][coarse voxels] */
};

static struct up up_take(struct arena *arena, struct shape coarse, struct shape fine)
{
    struct up u = {.fine = fine, .stretches = stretches_of(coarse)};
    u.partials = partials_take(arena, LEVEL_SLOTS,
                               (size_t)shape_channels(fine) * (size_t)(shape_channels(coarse) + 1));
    u.mixed = arena_take(arena, (size_t)shape_channels(fine) * shape_voxels(coarse) * sizeof(float));
    return u;
}

size_t planar_up_scratch(struct shape coarse, struct shape fine)
{
    struct arena arena = {0};
    up_take(&arena, coarse, fine);
    return arena.used;
}

static void conv1_all(const struct up *u, const float *x, const float *w, const float *b)
{
    struct shape coarse = u->stretches.coarse;
    int in = shape_channels(coarse);
    size_t voxels = shape_voxels(coarse);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < u->stretches.slots; slot++)
        for (size_t i = stretch_begin(&u->stretches, slot); i < stretch_begin(&u->stretches, slot + 1); i++) {
            struct stretch stretch = stretch_of(&u->stretches, i);
            conv1_stretch((struct maps){in, x + stretch.at, voxels}, shape_channels(u->fine),
                          (struct matrix){w, in, 1}, b, stretch.count, u->mixed + stretch.at, voxels);
        }
}

/* Planes [begin, end) of the fine tensor, counted through its channels. */
static void upsample_planes(const struct up *u, size_t begin, size_t end, float sign, float *y, double *sums)
{
    struct shape fine = u->fine;
    size_t plane = (size_t)fine.height * (size_t)fine.width,
           coarse_voxels = shape_voxels(u->stretches.coarse);
    int first_of_last_part = (fine.streams - 1) * fine.channels;
    for (size_t item = begin; item < end; item++) {
        int c = (int)(item / (size_t)fine.depth), z = (int)(item % (size_t)fine.depth);
        for (int r = 0; r < fine.height; r++) {
            float *row = y + item * plane + (size_t)r * (size_t)fine.width;
            rows_upsample(u->stretches.coarse, z, r, sign, u->mixed + (size_t)c * coarse_voxels, row);
            if (sums && c >= first_of_last_part)
                add_sums(row, (size_t)fine.width, sums + 2 * (c - first_of_last_part));
        }
    }
}

void planar_up_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                       float sign, float *y, double *channel_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct up u = up_take(&arena, coarse, fine);
    conv1_all(&u, x, w, b);
    size_t planes = (size_t)shape_channels(fine) * (size_t)fine.depth;
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < LEVEL_SLOTS; slot++)
        upsample_planes(&u, range_begin(planes, LEVEL_SLOTS, slot),
                        range_begin(planes, LEVEL_SLOTS, slot + 1), sign, y,
                        channel_sums ? partials_start(&u.partials, slot) : NULL);
    if (channel_sums)
        sums_total(&u.partials, fine.channels, channel_sums);
}

static void gather_conv1(const struct up *u, const float *dy)
{
    struct shape coarse = u->stretches.coarse;
    size_t voxels = shape_voxels(coarse);
#pragma omp parallel for collapse(2) schedule(dynamic, 4)
    for (int c = 0; c < shape_channels(u->fine); c++)
        for (int z = 0; z < coarse.depth; z++)
            for (int r = 0; r < coarse.height; r++)
                rows_downsample(coarse, z, r, dy + (size_t)c * 8 * voxels,
                                u->mixed + (size_t)c * voxels +
                                    ((size_t)z * (size_t)coarse.height + (size_t)r) * (size_t)coarse.width);
}

static void up_backward_slot(const struct up *u, int slot, const float *x, const float *w, float *dx)
{
    size_t voxels = shape_voxels(u->stretches.coarse);
    int in = shape_channels(u->stretches.coarse), out = shape_channels(u->fine);
    double *sums = partials_start(&u->partials, slot);
    if (slot >= u->stretches.slots)
        return;
    for (size_t i = stretch_begin(&u->stretches, slot); i < stretch_begin(&u->stretches, slot + 1); i++) {
        struct stretch stretch = stretch_of(&u->stretches, i);
        struct maps gradient = {out, u->mixed + stretch.at, voxels};
        conv1_correlate((struct maps){in, x + stretch.at, voxels}, gradient, stretch.count, sums);
        conv1_stretch(gradient, in, (struct matrix){w, 1, in}, NULL, stretch.count, dx + stretch.at, voxels);
    }
}

void planar_up_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                        const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct up u = up_take(&arena, coarse, fine);
    gather_conv1(&u, dy);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < LEVEL_SLOTS; slot++)
        up_backward_slot(&u, slot, x, w, dx);
    partials_add_conv1(&u.partials, shape_channels(fine), shape_channels(coarse), dw, db);
}
