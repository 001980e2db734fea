/* The residual branch in two passes over memory: see branch.h.
 *
 * Everything but the group's share of GroupNorm's gradient happens while a slab walks through the volume:
 * normalise and activate while loading u, convolve, add into y while storing and gather its channel_sums; going
 * back, the same normalised slab serves the recomputation and the weight gradient, and the slab of dy the
 * weight and the data gradient. With dz the gradient before LeakyReLU,
 *
 *     du += factor dz           at once, factor = gamma scale
 *     du -= scale (mean(gamma dz) + xhat mean(gamma dz xhat))    once the means are known */
#include "kernels/cpu/planar/partials.h"
#include "kernels/cpu/planar/planar.h"
#include "kernels/cpu/planar/statistics.h"
#include "kernels/cpu/planar/stencil.h"

/* Scratch of either direction. */
struct branch {
    struct shape shape;
    struct partition partition;
    struct norm_lines lines;
    float *packed, *packed_back; /* [quads][channels][27][QUAD], for conv and its transpose */
    float *line_factor,
        *line_offset; /* [channels] of the second pass: du += line_factor (u - mean) + line_offset */
    struct partials partials;
    size_t slot_bytes;
    char *slots;
};

struct branch_slot {
    struct slab activated, dy;
    float *result; /* [QUAD][room] */
    float *row;    /* [width] */
};

/* Sums that a slot gathers: channel_sums [channels][2] forward; gradient sums [channels][2], then those of the
 * weights [channels][channels][27] backward. */
static size_t sums_of(int channels, int backward)
{
    return 2 * (size_t)channels + (backward ? 27 * (size_t)channels * (size_t)channels : 0);
}

static struct branch_slot branch_slot(const struct branch *b, struct arena *arena, int backward)
{
    int width = b->shape.width, rows = b->partition.rows;
    struct branch_slot slot = {.activated = slab_take(arena, b->shape.channels, width, rows)};
    slot.result = arena_take(arena, QUAD * strip_room(width, rows) * sizeof(float));
    if (backward) {
        slot.dy = slab_take(arena, b->shape.channels, width, rows);
        slot.row = arena_take(arena, (size_t)width * sizeof(float));
    }
    return slot;
}

/* Forward and recomputation share the partition only by chance: a voxel's result does not depend on it. */
static struct branch branch_take(struct arena *arena, struct shape shape, int backward)
{
    size_t line = (size_t)shape.channels * sizeof(float);
    size_t packed = packed_floats(shape.channels, shape.channels) * sizeof(float);
    struct branch b = {.shape = shape};
    b.partition = partition_of(shape, (1 + backward) * shape.channels,
                               sums_of(shape.channels, backward) * sizeof(double));
    b.lines = (struct norm_lines){arena_take(arena, line), arena_take(arena, line), arena_take(arena, line),
                                  arena_take(arena, line)};
    b.packed = arena_take(arena, packed);
    if (backward) {
        b.packed_back = arena_take(arena, packed);
        b.line_factor = arena_take(arena, line);
        b.line_offset = arena_take(arena, line);
    }
    b.partials = partials_take(arena, b.partition.slots, sums_of(shape.channels, backward));
    struct arena count = {0};
    branch_slot(&b, &count, backward);
    b.slot_bytes = count.used;
    b.slots = arena_take(arena, b.slot_bytes * (size_t)b.partition.slots);
    return b;
}

size_t planar_branch_scratch(struct shape shape)
{
    struct arena forward = {0}, backward = {0};
    branch_take(&forward, shape, 0);
    branch_take(&backward, shape, 1);
    return forward.used > backward.used ? forward.used : backward.used;
}

static size_t row_at(struct shape s, int c, struct place place, int r)
{
    return (((size_t)c * (size_t)s.depth + (size_t)place.z) * (size_t)s.height +
            (size_t)(place.first_row + r)) *
           (size_t)s.width;
}

static void add_row(size_t width, float sign, const float *restrict f, float *restrict y)
{
    for (size_t v = 0; v < width; v++)
        y[v] += sign * f[v];
}

/* y += sign * F(u) in the slab's strip; channel_sums[channels][2] += those of the new y, unless NULL. */
static void add_branch(const struct branch *b, const struct branch_slot *slot, struct place place, float sign,
                       float *y, double *channel_sums)
{
    struct shape s = b->shape;
    size_t width = (size_t)s.width, room = strip_room(s.width, b->partition.rows);
    for (int first = 0; first < s.channels; first += QUAD) {
        stencil_convolve(&slot->activated,
                         b->packed + (size_t)(first / QUAD) * packed_floats(QUAD, s.channels), room,
                         slot->result);
        for (int c = first; c < first + QUAD && c < s.channels; c++)
            for (int r = 0; r < place.rows; r++) {
                float *row = y + row_at(s, c, place, r);
                add_row(width, sign, slot->result + (size_t)(c - first) * room + (size_t)r * (width + 1),
                        row);
                if (channel_sums)
                    add_sums(row, width, channel_sums + 2 * c);
            }
    }
}

static void forward_slot(const struct branch *b, int number, const float *u, float sign, float *y,
                         int with_sums)
{
    struct arena arena = {b->slots + (size_t)number * b->slot_bytes, 0};
    struct branch_slot slot = branch_slot(b, &arena, 0);
    struct source source = {b->shape, u, b->lines.mean, b->lines.factor, b->lines.beta};
    double *channel_sums = with_sums ? partials_start(&b->partials, number) : NULL;
    int begin = partition_begin(&b->partition, number), end = partition_begin(&b->partition, number + 1);
    for (int item = begin; item < end; item++) {
        struct place place = partition_place(&b->partition, item);
        slab_move(&slot.activated, &source, place, item == begin || place.z == 0);
        add_branch(b, &slot, place, sign, y, channel_sums);
    }
}

void planar_branch_forward(struct shape shape, const struct branch_weights *weights, const double *u_sums,
                           const float *u, float sign, float *y, double *y_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct branch b = branch_take(&arena, shape, 0);
    norm_lines_fill(shape, weights->groups, u_sums, weights->gamma, weights->beta, &b.lines);
    stencil_pack(shape.channels, shape.channels, weights->conv, 0, b.packed);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < b.partition.slots; slot++)
        forward_slot(&b, slot, u, sign, y, y_sums != NULL);
    for (int k = 0; y_sums && k < 2 * shape.channels; k++)
        y_sums[k] = partials_total(&b.partials, (size_t)k);
}

/* dz = da through LeakyReLU, du += factor dz */
static void through_relu(size_t width, float mean, float factor, float beta, const float *restrict u,
                         const float *restrict da, float *restrict dz, float *restrict du)
{
    for (size_t v = 0; v < width; v++) {
        float d = factor * (u[v] - mean) + beta > 0 ? da[v] : LEAKY_SLOPE * da[v];
        dz[v] = d;
        du[v] += factor * d;
    }
}

/* The data gradient of the slab's strip, its immediate part into du; sums[channels][2] += those of dz. */
static void add_gradient(const struct branch *b, const struct branch_slot *slot, struct place place,
                         const float *u, float *du, double *sums)
{
    struct shape s = b->shape;
    size_t width = (size_t)s.width, room = strip_room(s.width, b->partition.rows);
    for (int first = 0; first < s.channels; first += QUAD) {
        stencil_convolve(&slot->dy, b->packed_back + (size_t)(first / QUAD) * packed_floats(QUAD, s.channels),
                         room, slot->result);
        for (int c = first; c < first + QUAD && c < s.channels; c++)
            for (int r = 0; r < place.rows; r++) {
                size_t at = row_at(s, c, place, r);
                through_relu(width, b->lines.mean[c], b->lines.factor[c], b->lines.beta[c], u + at,
                             slot->result + (size_t)(c - first) * room + (size_t)r * (width + 1), slot->row,
                             du + at);
                add_gradient_sums(slot->row, u + at, b->lines.mean[c], b->lines.scale[c], width,
                                  sums + 2 * c);
            }
    }
}

static void backward_slot(const struct branch *b, int number, const float *u, float *du, float *y,
                          const float *dy)
{
    struct arena arena = {b->slots + (size_t)number * b->slot_bytes, 0};
    struct branch_slot slot = branch_slot(b, &arena, 1);
    struct source from_u = {b->shape, u, b->lines.mean, b->lines.factor, b->lines.beta};
    struct source from_dy = {.shape = b->shape, .x = dy};
    double *sums = partials_start(&b->partials, number);
    int begin = partition_begin(&b->partition, number), end = partition_begin(&b->partition, number + 1);
    for (int item = begin; item < end; item++) {
        struct place place = partition_place(&b->partition, item);
        int fresh = item == begin || place.z == 0;
        slab_move(&slot.activated, &from_u, place, fresh);
        slab_move(&slot.dy, &from_dy, place, fresh);
        if (y)
            add_branch(b, &slot, place, -1, y, NULL);
        stencil_correlate(&slot.activated, &slot.dy, strip_voxels(b->shape.width, place.rows),
                          sums + sums_of(b->shape.channels, 0));
        add_gradient(b, &slot, place, u, du, sums);
    }
}

static void add_line(size_t n, float mean, float factor, float offset, const float *restrict u,
                     float *restrict du)
{
    for (size_t v = 0; v < n; v++)
        du[v] += factor * (u[v] - mean) + offset;
}

void planar_branch_backward(struct shape shape, const struct branch_weights *weights,
                            const struct branch_gradients *gradients, const double *u_sums, const float *u,
                            float *du, float *y, const float *dy, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct branch b = branch_take(&arena, shape, 1);
    int channels = shape.channels;
    norm_lines_fill(shape, weights->groups, u_sums, weights->gamma, weights->beta, &b.lines);
    stencil_pack(channels, channels, weights->conv, 0, b.packed);
    stencil_pack(channels, channels, weights->conv, 1, b.packed_back);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < b.partition.slots; slot++)
        backward_slot(&b, slot, u, du, y, dy);
    group_lines_fill(shape, weights->groups, weights->gamma, &b.lines, &b.partials, b.line_factor,
                     b.line_offset);
    norm_gradients_add(channels, &b.partials, gradients->gamma, gradients->beta);
    partials_add(&b.partials, sums_of(channels, 0), 27 * (size_t)channels * (size_t)channels,
                 gradients->conv);
    size_t plane = (size_t)shape.height * (size_t)shape.width;
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < channels; c++)
        for (int z = 0; z < shape.depth; z++) {
            size_t at = ((size_t)c * (size_t)shape.depth + (size_t)z) * plane;
            add_line(plane, b.lines.mean[c], b.line_factor[c], b.line_offset[c], u + at, du + at);
        }
}
