#include "lib/volume/intensity.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/random.h"
#include "lib/volume/axis_filter.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Drawing ------------------------------------------------------------------------------------------- */

/* Uniform in [low, high), or `none` where chance has it so. Two numbers of the key are each channel's own. */
static double draw(uint64_t key, const char *what, int channel, double chance, double low, double high,
                   double none)
{
    uint64_t own = random_key(key, what), counter = 2 * (uint64_t)channel;
    return random_uniform(own, counter) < chance ? low + (high - low) * random_uniform(own, counter + 1)
                                                 : none;
}

static double draw_factor(uint64_t key, const char *what, int channel, double chance, double most)
{
    return exp(draw(key, what, channel, chance, -log(most), log(most), 0));
}

void intensity_draw(const struct intensity_options *o, uint64_t key, int channel, struct intensity *drawn)
{
    *drawn = (struct intensity){
        .gamma = draw_factor(key, "gamma", channel, o->chance, o->gamma),
        .contrast = draw_factor(key, "contrast", channel, o->chance, o->contrast),
        .blur = draw(key, "blur", channel, o->chance, 0, o->blur, 0),
        .coarse = {1, 1, 1},
        .noise = draw(key, "noise", channel, o->chance, 0, o->noise, 0),
        .noise_key = random_key_number(random_key(key, "white noise"), (uint64_t)channel),
    };
    double factor = draw(key, "low resolution", channel, o->chance, 1, o->low_resolution, 1);
    double axes = 6 * random_uniform(random_key(key, "coarse axes"), (uint64_t)channel);
    for (int axis = 0; axis < 3; axis++)
        if (axes >= 3 || axis == (int)axes)
            drawn->coarse[axis] = factor;
}

static bool is_coarse(const struct intensity *drawn)
{
    return drawn->coarse[0] > 1 || drawn->coarse[1] > 1 || drawn->coarse[2] > 1;
}

bool intensity_is_none(const struct intensity *drawn)
{
    return drawn->gamma == 1 && drawn->contrast == 1 && drawn->blur == 0 && drawn->noise == 0 &&
           !is_coarse(drawn);
}

/* Contrast ------------------------------------------------------------------------------------------ */

struct brain {
    size_t voxels; /* that are not 0 */
    double mean, deviation;
    float least, most;
};

static struct brain measure(size_t voxels, const float *volume)
{
    struct brain b = {.least = INFINITY, .most = -INFINITY};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < voxels; i++)
        if (volume[i] != 0) {
            b.voxels++;
            sum += volume[i];
            b.least = fminf(b.least, volume[i]);
            b.most = fmaxf(b.most, volume[i]);
        }
    b.mean = b.voxels ? sum / (double)b.voxels : 0;
    for (size_t i = 0; i < voxels; i++)
        if (volume[i] != 0)
            squares += (volume[i] - b.mean) * (volume[i] - b.mean);
    b.deviation = b.voxels ? sqrt(squares / (double)b.voxels) : 0;
    return b;
}

/* x becomes mean + factor (x - old mean) in the brain. */
static void rescale(size_t voxels, float *volume, double old_mean, double factor, double mean)
{
    for (size_t i = 0; i < voxels; i++)
        if (volume[i] != 0)
            volume[i] = (float)(mean + factor * (volume[i] - old_mean));
}

static void apply_gamma(size_t voxels, float *volume, double gamma)
{
    struct brain before = measure(voxels, volume);
    float range = before.most - before.least;
    if (!before.voxels || !(range > 0))
        return;
    for (size_t i = 0; i < voxels; i++)
        if (volume[i] != 0) /* 1 + t keeps the least value apart from the background */
            volume[i] = 1 + powf((volume[i] - before.least) / range, (float)gamma);
    struct brain after = measure(voxels, volume);
    double factor = after.deviation > 0 ? before.deviation / after.deviation : 1;
    rescale(voxels, volume, after.mean, factor, before.mean);
}

static void apply_contrast(size_t voxels, float *volume, double contrast)
{
    double mean = measure(voxels, volume).mean;
    rescale(voxels, volume, mean, contrast, mean);
}

/* Sharpness and resolution -------------------------------------------------------------------------- */

/* Filters along the axes that have one. The result is in *a; *b is of the same size. */
static void run_filters(const struct axis_filter filters[3], const int size[3], float **a, float **b)
{
    for (int axis = 0; axis < 3; axis++)
        if (filters[axis].length) {
            axis_filter_run(&filters[axis], size, axis, *a, *b);
            float *filtered = *b;
            *b = *a;
            *a = filtered;
        }
}

/* What the filters make of the brain, over what they make of 1 inside and 0 outside it. `mask`, `spare` and
 * `weights` are of the volume's size. */
static void filter_brain(const struct axis_filter filters[3], const int size[3], float *volume,
                         unsigned char *mask, float *spare, float *weights)
{
    size_t voxels = grid_voxels(size);
    float *filtered = volume, *other = spare;
    for (size_t i = 0; i < voxels; i++) {
        mask[i] = volume[i] != 0;
        weights[i] = mask[i];
    }
    run_filters(filters, size, &filtered, &other);
    float *sums = weights;
    run_filters(filters, size, &sums, &other);
    for (size_t i = 0; i < voxels; i++)
        volume[i] = mask[i] ? filtered[i] / sums[i] : 0;
}

static int apply_filters(const struct axis_filter filters[3], const int size[3], float *volume)
{
    size_t voxels = grid_voxels(size);
    unsigned char *mask = malloc(voxels);
    float *spare = malloc(voxels * sizeof *spare), *weights = malloc(voxels * sizeof *weights);
    int status = mask && spare && weights ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
    if (!status)
        filter_brain(filters, size, volume, mask, spare, weights);
    free(mask);
    free(spare);
    free(weights);
    return status;
}

static void free_filters(struct axis_filter filters[3])
{
    for (int axis = 0; axis < 3; axis++)
        axis_filter_free(&filters[axis]);
}

static int apply_blur(const int size[3], float *volume, double deviation)
{
    struct axis_filter filters[3] = {{0}};
    int status = STATUS_OK;
    for (int axis = 0; axis < 3 && !status; axis++)
        status = axis_filter_blur(&filters[axis], size[axis], deviation);
    if (!status)
        status = apply_filters(filters, size, volume);
    free_filters(filters);
    return status;
}

static int apply_coarse(const int size[3], float *volume, const double factors[3])
{
    struct axis_filter filters[3] = {{0}};
    int status = STATUS_OK;
    for (int axis = 0; axis < 3 && !status; axis++)
        if (factors[axis] > 1)
            status = axis_filter_coarsen(&filters[axis], size[axis], factors[axis]);
    if (!status)
        status = apply_filters(filters, size, volume);
    free_filters(filters);
    return status;
}

/* All ------------------------------------------------------------------------------------------------ */

static void apply_noise(size_t voxels, float *volume, double deviation, uint64_t key)
{
    for (size_t i = 0; i < voxels; i++)
        if (volume[i] != 0)
            volume[i] += (float)(deviation * random_normal(key, i));
}

int intensity_apply(const struct intensity *drawn, const int size[3], float *volume)
{
    size_t voxels = grid_voxels(size);
    int status = STATUS_OK;
    if (drawn->gamma != 1)
        apply_gamma(voxels, volume, drawn->gamma);
    if (drawn->contrast != 1)
        apply_contrast(voxels, volume, drawn->contrast);
    if (drawn->blur > 0)
        status = apply_blur(size, volume, drawn->blur);
    if (!status && is_coarse(drawn))
        status = apply_coarse(size, volume, drawn->coarse);
    if (!status && drawn->noise > 0)
        apply_noise(voxels, volume, drawn->noise, drawn->noise_key);
    return status;
}

void intensity_text(const struct intensity *drawn, char *text, size_t size)
{
    int length = 0;
    const struct {
        const char *name;
        double value, none;
    } effects[] = {{"gamma", drawn->gamma, 1},        {"contrast", drawn->contrast, 1},
                   {"blur", drawn->blur, 0},          {"coarse x", drawn->coarse[0], 1},
                   {"coarse y", drawn->coarse[1], 1}, {"coarse z", drawn->coarse[2], 1},
                   {"noise", drawn->noise, 0}};
    text[0] = 0;
    for (size_t i = 0; i < sizeof effects / sizeof *effects && (size_t)length < size; i++)
        if (effects[i].value != effects[i].none)
            length += snprintf(text + length, size - (size_t)length, "%s%s %.3g", length ? " " : "",
                               effects[i].name, effects[i].value);
}
