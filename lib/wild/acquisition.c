#include "lib/wild/acquisition.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/base/random.h"
#include "lib/wild/exact.h"
#include "lib/wild/properties.h"
#include <stdlib.h>
#include <string.h>

enum { TAPS = 5, LEVELS = 4096 };

int bias_draw(uint64_t key, modal *nodes)
{
    modal amplitude = {0};
    int cells = 2 + (int)(3 * random_uniform(random_key(key, "bias cells"), 0));
    for (int m = 0; m < 4; m++)
        amplitude[m] = (float)draw(random_key_number(key, (uint64_t)m), BIAS);
    int status = coarse_add(nodes, random_key(key, "bias field"), cells, &amplitude);
    for (int i = 0; i < COARSE_NODES * COARSE_NODES * COARSE_NODES && !status; i++)
        for (int m = 0; m < 4; m++)
            nodes[i][m] = (float)exact_exp(nodes[i][m]);
    return status;
}

/* to = from, weighted along an axis by five taps; 0 beyond the volume. */
static void filter_axis(const float *from, float *to, const int size[3], int axis, const float weight[TAPS])
{
    const ptrdiff_t row = size[0], step = axis == 0 ? 1 : axis == 1 ? row : row * size[1];
#pragma omp parallel for
    for (int line = 0; line < size[1] * size[2]; line++) {
        const float *in = from + line * row;
        float *out = to + line * row;
        int place = axis == 1 ? line % size[1] : line / size[1];
        memset(out, 0, (size_t)row * sizeof *out);
        for (int t = -TAPS / 2; t <= TAPS / 2; t++) {
            ptrdiff_t low = axis ? 0 : int_max(0, -t), high = axis ? row : int_min(size[0], size[0] - t);
            if (axis && (place + t < 0 || place + t >= size[axis]))
                continue;
            for (ptrdiff_t x = low; x < high; x++)
                out[x] += weight[t + TAPS / 2] * in[x + t * step];
        }
    }
}

/* Gaussian weights about a shift, in voxels, whose sum is 1. */
static void gaussian(double deviation, double shift, float weight[TAPS])
{
    double w[TAPS], sum = 0;
    for (int t = 0; t < TAPS; t++) {
        double d = (t - TAPS / 2 - shift) / fmax(deviation, 0.3);
        sum += w[t] = exact_exp(-0.5 * d * d);
    }
    for (int t = 0; t < TAPS; t++)
        weight[t] = (float)(w[t] / sum);
}

/* The scanner's and the registration's blur, with what the modality is shifted by. Overwrites scratch a. */
static void blur(uint64_t key, const struct wild_grid *grid, float *levels, float *scratch)
{
    float weight[3][TAPS];
    for (int axis = 0; axis < 3; axis++) {
        uint64_t own = random_key_number(key, (uint64_t)axis);
        double shift = double_clamp(draw(own, MISREGISTRATION) / grid->spacing, -1, 1);
        gaussian(draw(own, BLUR) / grid->spacing, shift, weight[axis]);
    }
    filter_axis(levels, scratch, grid->size, 0, weight[0]);
    filter_axis(scratch, levels, grid->size, 1, weight[1]);
    filter_axis(levels, scratch, grid->size, 2, weight[2]);
    memcpy(levels, scratch, grid_voxels(grid->size) * sizeof *levels);
}

static double masked_mean(const float *levels, const uint8_t *mask, size_t voxels)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < voxels; i++)
        if (mask[i]) {
            sum += levels[i];
            count++;
        }
    return count ? sum / (double)count : 0;
}

/* Unit noise into scratch a, smooth in half of the images. */
static void make_noise(uint64_t key, const int size[3], const struct acquisition_scratch *scratch)
{
    size_t voxels = grid_voxels(size);
    uint64_t own = random_key(key, "noise of voxels");
#pragma omp parallel for
    for (size_t i = 0; i < voxels; i++)
        scratch->a[i] = exact_normal(own, i);
    if (!drawn(key, NOISE_SMOOTH))
        return;
    float weight[TAPS], squares = 0;
    gaussian(draw(key, NOISE_WIDTH), 0, weight);
    for (int t = 0; t < TAPS; t++)
        squares += weight[t] * weight[t];
    for (int t = 0; t < TAPS; t++)
        weight[t] /= sqrtf(squares);
    filter_axis(scratch->a, scratch->b, size, 0, weight);
    filter_axis(scratch->b, scratch->a, size, 1, weight);
    filter_axis(scratch->a, scratch->b, size, 2, weight);
    memcpy(scratch->a, scratch->b, voxels * sizeof *scratch->a);
}

static void add_noise(uint64_t key, const struct wild_grid *grid, const uint8_t *mask, float *levels,
                      const struct acquisition_scratch *scratch)
{
    size_t voxels = grid_voxels(grid->size);
    float strength = (float)(draw(key, NOISE) * masked_mean(levels, mask, voxels));
    float rician = drawn(key, NOISE_RICIAN) ? strength : 0;
    uint64_t second = random_key(key, "second channel");
    make_noise(key, grid->size, scratch);
#pragma omp parallel for
    for (size_t i = 0; i < voxels; i++) {
        float real = levels[i] + strength * scratch->a[i], imaginary = rician * exact_normal(second, i);
        levels[i] = sqrtf(real * real + imaginary * imaginary);
    }
}

/* A curve from levels, 0 .. top in LEVELS steps, to numbers of a file, and how often each level is met. */
struct tone {
    float top;
    size_t count[LEVELS], total;
    double number[LEVELS + 1];
};

static void count_levels(const float *levels, const uint8_t *mask, size_t voxels, struct tone *tone)
{
    float top = 0;
    for (size_t i = 0; i < voxels; i++)
        top = mask[i] && levels[i] > top ? levels[i] : top;
    memset(tone->count, 0, sizeof tone->count);
    tone->total = 0;
    tone->top = top > 0 ? top : 1;
    for (size_t i = 0; i < voxels; i++)
        if (mask[i]) {
            tone->count[int_min((int)(levels[i] / tone->top * LEVELS), LEVELS - 1)]++;
            tone->total++;
        }
}

/* The step below which a share of the voxels lies. */
static int step_of_share(const struct tone *tone, double share)
{
    double left = share * (double)tone->total;
    for (int i = 0; i < LEVELS; i++)
        if ((left -= (double)tone->count[i]) < 0)
            return i;
    return LEVELS;
}

/* Gamma, a logarithm's compression, a maximum and a minimum, and the gain that makes the brain's mean. */
static void draw_tone(uint64_t key, struct tone *tone)
{
    double exponent = exact_exp(draw(key, GAMMA)), sum = 0, bright = fmax(1, step_of_share(tone, 0.99));
    double compression = drawn(key, COMPRESSED) ? draw(key, COMPRESSION) : 0;
    int high = drawn(key, SATURATED) ? int_max(1, step_of_share(tone, draw(key, SATURATION))) : LEVELS;
    int low = drawn(key, FLOORED) ? int_min(high, step_of_share(tone, draw(key, FLOOR_SHARE))) : 0;
    for (int i = 0; i <= LEVELS; i++) {
        double level = int_clamp(i, low, high) / bright;
        level = level > 0 ? exact_exp(exponent * exact_log(level)) : 0;
        tone->number[i] = compression > 0 ? exact_log(1 + compression * level) : level;
    }
    for (int i = 0; i < LEVELS; i++)
        sum += (double)tone->count[i] * tone->number[i];
    double gain = sum > 0 ? draw(key, GAIN) * (double)tone->total / sum : 1;
    for (int i = 0; i <= LEVELS; i++)
        tone->number[i] *= gain;
}

static int apply_tone(uint64_t key, const float *levels, const uint8_t *mask, size_t voxels, int16_t *image)
{
    struct tone *tone = malloc(sizeof *tone);
    if (!tone)
        return fail(STATUS_FAILURE, "out of memory");
    count_levels(levels, mask, voxels, tone);
    draw_tone(key, tone);
#pragma omp parallel for
    for (size_t i = 0; i < voxels; i++) {
        if (!mask[i]) {
            image[i] = 0;
            continue;
        }
        float at = levels[i] / tone->top * LEVELS;
        int step = int_min((int)at, LEVELS - 1);
        double number =
            tone->number[step] + (at - (float)step) * (tone->number[step + 1] - tone->number[step]);
        image[i] = (int16_t)(double_clamp(number, 1, INT16_MAX) + 0.5);
    }
    free(tone);
    return STATUS_OK;
}

int acquire(uint64_t key, int modality, const struct wild_grid *grid, const uint8_t *mask, float *levels,
            const struct acquisition_scratch *scratch, int16_t *image)
{
    int status = STATUS_OK;
    key = random_key_number(random_key(key, "acquisition"), (uint64_t)modality);
    double thickness = draw(key, SLICE_THICKNESS) / grid->spacing;
    if (drawn(key, THICK) && thickness > 1.3) {
        int axis = drawn(key, SLICE_AXIAL) ? 2 : (int)(2 * random_uniform(random_key(key, "slice axis"), 0));
        status = thicken(levels, grid->size, axis, thickness, draw(key, SLICE_PHASE));
    }
    if (status)
        return status;
    blur(key, grid, levels, scratch->a);
    add_noise(key, grid, mask, levels, scratch);
    return apply_tone(key, levels, mask, grid_voxels(grid->size), image);
}
