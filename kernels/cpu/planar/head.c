/* Last convolution, sigmoid, Dice sums and their gradient, stretch by stretch: see head.h. */
#include "kernels/cpu/planar/conv1.h"
#include "kernels/cpu/planar/lanes.h"
#include "kernels/cpu/planar/partials.h"
#include "kernels/cpu/planar/planar.h"

enum { HEAD_SLOTS = 32, SUMS = 5 }; /* SUMS: fields of struct dice_sums */

/* The volume in stretches. */
struct line {
    size_t voxels, items;
    int slots;
};

static struct line line_of(size_t voxels)
{
    size_t items = (voxels + STRETCH - 1) / STRETCH;
    return (struct line){voxels, items, range_slots(items, HEAD_SLOTS)};
}

static size_t stretch_count(const struct line *line, size_t item)
{
    size_t left = line->voxels - item * STRETCH;
    return left < STRETCH ? left : STRETCH;
}

/* Partial sums of the larger of dice_sums and head_backward. */
static size_t sums_most(int channels, int regions)
{
    size_t columns = (size_t)channels + 1;
    return (size_t)regions * (columns > SUMS ? columns : SUMS);
}

size_t planar_head_scratch(struct shape in, int regions)
{
    struct arena arena = {0};
    partials_take(&arena, line_of(shape_voxels(in)).slots, sums_most(shape_channels(in), regions));
    return arena.used;
}

/* exp(x) for |x| up to 87, beyond which it is clamped: 2^n times Taylor's series of the rest, |rest| <
 * log(2) / 2; relative error 1e-7. NaN stays. */
static inline float exponential(float x)
{
    const float rounder = 12582912; /* 1.5 * 2^23: adding it leaves an integer in the last bits */
    x = x < -87 ? -87 : x > 87 ? 87 : x;
    union {
        float value;
        uint32_t bits;
    } whole = {x * 1.44269504f + rounder}, power;
    float n = whole.value - rounder;
    float r = (x - n * 0.693359375f) + n * 2.12194440e-4f; /* log(2) in two parts */
    float series =
        1 +
        r * (1 + r * (1 / 2.f +
                      r * (1 / 6.f + r * (1 / 24.f + r * (1 / 120.f + r * (1 / 720.f + r * (1 / 5040.f)))))));
    power.bits = (whole.bits + 127) << 23; /* 2^n; the rounder's own bits are shifted out */
    return series * power.value;
}

static void sigmoid(size_t count, float *p)
{
    for (size_t v = 0; v < count; v++)
        p[v] = 1 / (1 + exponential(-p[v]));
}

void planar_head_forward(struct shape in, int regions, const float *x, const float *w, const float *b,
                         float *p, void *scratch)
{
    (void)scratch;
    int channels = shape_channels(in);
    size_t voxels = shape_voxels(in);
    struct line line = line_of(voxels);
#pragma omp parallel for schedule(static)
    for (size_t item = 0; item < line.items; item++) {
        size_t at = item * STRETCH, count = stretch_count(&line, item);
        conv1_stretch((struct maps){channels, x + at, voxels}, regions, (struct matrix){w, channels, 1}, b,
                      count, p + at, voxels);
        for (int k = 0; k < regions; k++)
            sigmoid(count, p + (size_t)k * voxels + at);
    }
}

/* Whether each voxel lies inside region k, 1 or 0. */
static void inside_of(size_t count, int k, const uint8_t *restrict target, float *restrict inside)
{
    for (size_t v = 0; v < count; v++)
        inside[v] = (float)(target[v] >> k & 1);
}

static void harden(size_t count, const float *restrict p, float *restrict hard)
{
    for (size_t v = 0; v < count; v++)
        hard[v] = p[v] > 0.5f ? 1 : 0;
}

static lanes load_some(const float *x, size_t count)
{
    return count < LANES ? lanes_load_first(x, count) : lanes_load(x);
}

/* sums[SUMS] += those of a stretch, in the order of struct dice_sums */
static void add_dice(size_t count, int k, const float *p, const uint8_t *target, double sums[SUMS])
{
    float inside[STRETCH], hard[STRETCH];
    inside_of(count, k, target, inside);
    harden(count, p, hard);
    lanes total[SUMS] = {{0}};
    for (size_t v = 0; v < count; v += LANES) {
        lanes probability = load_some(p + v, count - v), t = load_some(inside + v, count - v),
              h = load_some(hard + v, count - v);
        total[0] += probability * t;
        total[1] += probability;
        total[2] += t;
        total[3] += h * t;
        total[4] += h;
    }
    for (int i = 0; i < SUMS; i++)
        sums[i] += lanes_total(total[i]);
}

void planar_dice_sums(size_t voxels, int regions, const float *p, const uint8_t *target,
                      struct dice_sums *sums, void *scratch)
{
    struct line line = line_of(voxels);
    struct arena arena = {scratch, 0};
    struct partials partials = partials_take(&arena, line.slots, (size_t)regions * SUMS);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < line.slots; slot++) {
        double *own = partials_start(&partials, slot);
        for (size_t item = range_begin(line.items, line.slots, slot);
             item < range_begin(line.items, line.slots, slot + 1); item++)
            for (int k = 0; k < regions; k++)
                add_dice(stretch_count(&line, item), k, p + (size_t)k * voxels + item * STRETCH,
                         target + item * STRETCH, own + k * SUMS);
    }
    for (int k = 0; k < regions; k++) {
        size_t first = (size_t)k * SUMS;
        sums[k] =
            (struct dice_sums){partials_total(&partials, first), partials_total(&partials, first + 1),
                               partials_total(&partials, first + 2), partials_total(&partials, first + 3),
                               partials_total(&partials, first + 4)};
    }
}

/* dz = p (1 - p) (everywhere - within inside) */
static void logit_gradient(size_t count, float everywhere, float within, const float *restrict p,
                           const float *restrict inside, float *restrict dz)
{
    for (size_t v = 0; v < count; v++)
        dz[v] = p[v] * (1 - p[v]) * (everywhere - within * inside[v]);
}

/* dz[regions][STRETCH] of a stretch */
static void stretch_gradient(size_t count, int regions, const float *p, size_t voxels, const uint8_t *target,
                             const struct dice_sums *sums, double scale, float *dz)
{
    float inside[STRETCH];
    for (int k = 0; k < regions; k++) {
        double s = sums[k].probability + sums[k].target + 1;
        inside_of(count, k, target, inside);
        logit_gradient(count, (float)(scale * (2 * sums[k].intersection + 1) / (s * s)),
                       (float)(scale * 2 / s), p + (size_t)k * voxels, inside, dz + (size_t)k * STRETCH);
    }
}

void planar_head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                          const uint8_t *target, const struct dice_sums *sums, float scale, float *dx,
                          float *dw, float *db, void *scratch)
{
    int channels = shape_channels(in);
    size_t voxels = shape_voxels(in);
    struct line line = line_of(voxels);
    struct arena arena = {scratch, 0};
    struct partials partials = partials_take(&arena, line.slots, (size_t)regions * (size_t)(channels + 1));
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < line.slots; slot++) {
        double *own = partials_start(&partials, slot);
        for (size_t item = range_begin(line.items, line.slots, slot);
             item < range_begin(line.items, line.slots, slot + 1); item++) {
            float dz[REGIONS_MAX * STRETCH];
            size_t at = item * STRETCH, count = stretch_count(&line, item);
            struct maps gradient = {regions, dz, STRETCH};
            stretch_gradient(count, regions, p + at, voxels, target + at, sums, scale, dz);
            conv1_correlate((struct maps){channels, x + at, voxels}, gradient, count, own);
            conv1_stretch(gradient, channels, (struct matrix){w, 1, channels}, NULL, count, dx + at, voxels);
        }
    }
    partials_add_conv1(&partials, regions, channels, dw, db);
}
