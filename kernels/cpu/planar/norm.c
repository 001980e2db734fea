/* GroupNorm and LeakyReLU by themselves: see norm.h. Work is cut into (channel, chunk of voxels). */
#include "kernels/cpu/planar/planar.h"
#include "kernels/cpu/planar/statistics.h"

enum { NORM_SLOTS = 32, CHUNK = 1024 };

struct norm {
    struct shape shape;
    struct norm_lines lines;
    float *line_factor, *line_offset;
    struct partials partials; /* [channels][2] */
    size_t chunks;            /* of a channel */
};

static struct norm norm_take(struct arena *arena, struct shape shape)
{
    size_t line = (size_t)shape.channels * sizeof(float), chunks = (shape_voxels(shape) + CHUNK - 1) / CHUNK;
    struct norm n = {.shape = shape, .chunks = chunks};
    n.lines = (struct norm_lines){arena_take(arena, line), arena_take(arena, line), arena_take(arena, line),
                                  arena_take(arena, line)};
    n.line_factor = arena_take(arena, line);
    n.line_offset = arena_take(arena, line);
    int slots = range_slots((size_t)shape.channels * chunks, NORM_SLOTS);
    n.partials = partials_take(arena, slots, 2 * (size_t)shape.channels);
    return n;
}

size_t planar_norm_scratch(struct shape shape)
{
    struct arena arena = {0};
    norm_take(&arena, shape_half(shape));
    return arena.used;
}

/* Where an item lies: its channel, its first element in the tensor, its length. */
struct chunk {
    int channel;
    size_t at, count;
};

static struct chunk chunk_of(const struct norm *n, size_t item)
{
    size_t voxels = shape_voxels(n->shape), channel = item / n->chunks, first = item % n->chunks * CHUNK;
    return (struct chunk){(int)channel, channel * voxels + first,
                          voxels - first < CHUNK ? voxels - first : CHUNK};
}

void planar_channel_sums(struct shape shape, const float *x, double *channel_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct norm n = norm_take(&arena, shape);
    size_t items = (size_t)shape.channels * n.chunks;
    int slots = n.partials.slots;
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < slots; slot++) {
        double *sums = partials_start(&n.partials, slot);
        for (size_t i = range_begin(items, slots, slot); i < range_begin(items, slots, slot + 1); i++) {
            struct chunk chunk = chunk_of(&n, i);
            add_sums(x + chunk.at, chunk.count, sums + 2 * chunk.channel);
        }
    }
    for (int k = 0; k < 2 * shape.channels; k++)
        channel_sums[k] = partials_total(&n.partials, (size_t)k);
}

/* y may be x. */
static void activate(size_t count, float mean, float factor, float beta, const float *x, float *y)
{
#pragma omp simd
    for (size_t v = 0; v < count; v++) {
        float a = factor * (x[v] - mean) + beta;
        y[v] = a > 0 ? a : LEAKY_SLOPE * a;
    }
}

void planar_norm_forward(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                         const float *beta, const float *x, float *y, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct norm n = norm_take(&arena, shape);
    norm_lines_fill(shape, groups, channel_sums, gamma, beta, &n.lines);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < (size_t)shape.channels * n.chunks; i++) {
        struct chunk chunk = chunk_of(&n, i);
        activate(chunk.count, n.lines.mean[chunk.channel], n.lines.factor[chunk.channel],
                 n.lines.beta[chunk.channel], x + chunk.at, y + chunk.at);
    }
}

static void through_relu(size_t count, float mean, float factor, float beta, const float *restrict x,
                         const float *restrict dy, float *restrict dz)
{
    for (size_t v = 0; v < count; v++)
        dz[v] = factor * (x[v] - mean) + beta > 0 ? dy[v] : LEAKY_SLOPE * dy[v];
}

static void gradient_sums(const struct norm *n, int slot, const float *x, const float *dy)
{
    size_t items = (size_t)n->shape.channels * n->chunks;
    double *sums = partials_start(&n->partials, slot);
    float dz[CHUNK];
    for (size_t i = range_begin(items, n->partials.slots, slot);
         i < range_begin(items, n->partials.slots, slot + 1); i++) {
        struct chunk chunk = chunk_of(n, i);
        int c = chunk.channel;
        through_relu(chunk.count, n->lines.mean[c], n->lines.factor[c], n->lines.beta[c], x + chunk.at,
                     dy + chunk.at, dz);
        add_gradient_sums(dz, x + chunk.at, n->lines.mean[c], n->lines.scale[c], chunk.count, sums + 2 * c);
    }
}

/* dx may be dy. */
static void chunk_gradient(const struct norm *n, struct chunk chunk, const float *x, const float *dy,
                           float *dx)
{
    int c = chunk.channel;
    float dz[CHUNK], mean = n->lines.mean[c], factor = n->lines.factor[c];
    float line = n->line_factor[c], offset = n->line_offset[c];
    through_relu(chunk.count, mean, factor, n->lines.beta[c], x + chunk.at, dy + chunk.at, dz);
#pragma omp simd
    for (size_t v = 0; v < chunk.count; v++)
        dx[chunk.at + v] = factor * dz[v] + (line * (x[chunk.at + v] - mean) + offset);
}

void planar_norm_backward(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                          const float *beta, const float *x, const float *dy, float *dx, float *dgamma,
                          float *dbeta, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct norm n = norm_take(&arena, shape);
    norm_lines_fill(shape, groups, channel_sums, gamma, beta, &n.lines);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < n.partials.slots; slot++)
        gradient_sums(&n, slot, x, dy);
    group_lines_fill(shape, groups, gamma, &n.lines, &n.partials, n.line_factor, n.line_offset);
    norm_gradients_add(shape.channels, &n.partials, dgamma, dbeta);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < (size_t)shape.channels * n.chunks; i++)
        chunk_gradient(&n, chunk_of(&n, i), x, dy, dx);
}
