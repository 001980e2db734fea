#include "lib/volume/augment.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/base/random.h"
#include "lib/volume/samples.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static double draw_between(uint64_t key, const char *what, uint64_t counter, double low, double high)
{
    return low + (high - low) * random_uniform(random_key(key, what), counter);
}

static int draw_patch(uint64_t key, const int patch[3], struct warp *warp)
{
    for (int axis = 0; axis < 3; axis++) {
        int spare = patch[axis] ? warp->size[axis] - patch[axis] : 0;
        if (spare < 0)
            return fail(STATUS_DATA, "a patch of %dx%dx%d does not fit into %dx%dx%d: crop to a larger size",
                        patch[0], patch[1], patch[2], warp->size[0], warp->size[1], warp->size[2]);
        warp->patch[axis] = warp->size[axis] - spare;
        warp->offset[axis] = (int)draw_between(key, "patch", (uint64_t)axis, 0, spare + 1);
    }
    return STATUS_OK;
}

/* The key of all that is drawn for a case. */
static uint64_t case_key(const struct augmentation *a, const char *case_name)
{
    return random_key_number(random_key(random_key(a->seed, "augment"), case_name), a->epoch);
}

int warp_draw(const struct augmentation *a, const char *case_name, const int size[3], struct warp *warp)
{
    uint64_t key = case_key(a, case_name);
    uint64_t elastic = random_key(key, "elastic");
    *warp = (struct warp){.angle = pi / 180 * draw_between(key, "rotate", 0, -a->rotate, a->rotate),
                          .scale = draw_between(key, "scale", 0, 1 / a->scale, a->scale)};
    for (int i = 0; i < 18; i++)
        warp->displacement[i / 9][i / 3 % 3][i % 3] = a->elastic * random_normal(elastic, (uint64_t)i);
    for (int c = 0; c < RECORD_CHANNELS_MAX; c++)
        warp->shift[c] = (float)draw_between(key, "shift", (uint64_t)c, -a->shift, a->shift);
    for (int axis = 0; axis < 3; axis++)
        warp->flip[axis] = a->flip && draw_between(key, "flip", (uint64_t)axis, 0, 1) < 0.5;
    memcpy(warp->size, size, sizeof warp->size);
    return draw_patch(key, a->patch, warp);
}

void modalities_draw(const struct augmentation *a, const char *case_name, int channels,
                     struct modality_change changes[])
{
    uint64_t key = case_key(a, case_name), drop = random_key(key, "drop modality");
    int kept = 0;
    for (int c = 0; c < channels; c++) {
        intensity_draw(&a->intensity, key, c, &changes[c].intensity);
        changes[c].dropped = random_uniform(drop, (uint64_t)c) < a->drop_modality;
        kept += !changes[c].dropped;
    }
    if (!kept)
        changes[(int)(channels * random_uniform(drop, (uint64_t)channels))].dropped = false;
}

static void warp_slice(const struct slice_map *map, const float *from, float outside, float shift, float *to)
{
    const float *w0 = map->weight[0], *w1 = map->weight[1], *w2 = map->weight[2], *w3 = map->weight[3];
    int step_x = map->step_x, step_y = map->step_y;
    for (size_t i = 0; i < map->pixels; i++) {
        const float *v = from + map->corner[i];
        float inside = w0[i] * v[0] + w1[i] * v[step_x] + w2[i] * v[step_y] + w3[i] * v[step_x + step_y];
        to[i] = inside + map->outside[i] * outside + shift;
    }
}

static void warp_labels(const struct slice_map *map, const uint8_t *from, uint8_t *to)
{
    for (size_t i = 0; i < map->pixels; i++)
        to[i] = map->nearest[i] < 0 ? 0 : from[map->nearest[i]];
}

/* The slice of the volume that output slice z shows. */
static size_t source_slice(const struct warp *warp, int z)
{
    int warped_z = warp->offset[2] + z;
    return (size_t)(warp->flip[2] ? warp->size[2] - 1 - warped_z : warped_z);
}

static void warp_samples(const struct warp *warp, const struct slice_map *map, const struct record *from,
                         struct record *to)
{
    size_t slice = (size_t)from->size[0] * from->size[1], voxels = record_voxels(from);
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < from->channels; c++)
        for (int z = 0; z < to->size[2]; z++) {
            size_t source = c * voxels + source_slice(warp, z) * slice;
            size_t target = ((size_t)c * to->size[2] + z) * map->pixels;
            if (from->role == ROLE_LABEL)
                warp_labels(map, (const uint8_t *)from->data + source, (uint8_t *)to->data + target);
            else
                warp_slice(map, (const float *)from->data + source, ((const float *)from->data)[c * voxels],
                           warp->shift[c], (float *)to->data + target);
        }
}

int warp_record(const struct warp *warp, const struct slice_map *map, struct record *record)
{
    struct record warped;
    int status;
    if (record->role == ROLE_IMAGE)
        status = record_make_float(record);
    else if (record->role == ROLE_LABEL)
        status = record_make_labels(record);
    else
        status =
            fail(STATUS_DATA, "a %s cannot be augmented, only images and labels", role_name(record->role));
    if (!status)
        status = record_derive(&warped, record, record->sample, record->channels, warp->patch);
    if (status)
        return status;
    warp_samples(warp, map, record, &warped);
    record_forget_geometry(&warped);
    record_replace(record, &warped);
    return STATUS_OK;
}

/* Effects on intensities, and the shift behind them; dropped modalities become 0. */
static int change_modalities(const struct augment *augment, struct record *image)
{
    size_t voxels = record_voxels(image);
    for (int c = 0; c < image->channels; c++) {
        const struct modality_change *change = &augment->changes[c];
        float *volume = (float *)image->data + (size_t)c * voxels;
        if (change->dropped) {
            memset(volume, 0, voxels * sizeof *volume);
            continue;
        }
        if (intensity_is_none(&change->intensity))
            continue;
        int status = intensity_apply(&change->intensity, image->size, volume);
        if (status)
            return status;
        for (size_t i = 0; i < voxels; i++)
            volume[i] += augment->warp.shift[c];
    }
    return STATUS_OK;
}

/* The warp without the shifts of the modalities whose intensities are still to be changed. */
static struct warp without_shifts(const struct augment *augment, int channels)
{
    struct warp warp = augment->warp;
    for (int c = 0; c < channels; c++)
        if (!intensity_is_none(&augment->changes[c].intensity))
            warp.shift[c] = 0;
    return warp;
}

static int augment_image(struct augment *augment, struct record *image)
{
    const struct warp warp = without_shifts(augment, image->channels);
    int status = warp_record(&warp, &augment->map, image);
    return status ? status : change_modalities(augment, image);
}

/* A text of bounded length; what does not fit is left out. */
struct description {
    char text[512];
    size_t length;
};

static void __attribute__((format(printf, 2, 3))) describe(struct description *d, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(d->text + d->length, sizeof d->text - d->length, format, arguments);
    va_end(arguments);
    if (length > 0)
        d->length = size_min(sizeof d->text - 1, d->length + (size_t)length);
}

static void describe_changes(struct description *d, const struct augment *augment, int channels)
{
    for (int c = 0; c < channels; c++) {
        char text[160];
        intensity_text(&augment->changes[c].intensity, text, sizeof text);
        if (augment->changes[c].dropped)
            describe(d, " channel %d dropped", c);
        else if (*text)
            describe(d, " channel %d %s", c, text);
    }
}

/* prunet.aug: what was asked for and what was drawn, so that a record explains itself. */
static int describe_record(const struct augment *augment, struct record *record)
{
    const struct augmentation *a = &augment->options;
    const struct warp *w = &augment->warp;
    struct description d = {.length = 0};
    describe(&d, "seed %llu epoch %llu rotate %.4g scale %.4g elastic %.4g shift %.4g flip %s%s%s",
             (unsigned long long)a->seed, (unsigned long long)a->epoch, w->angle * 180 / pi, w->scale,
             a->elastic, a->shift, w->flip[0] ? "x" : "-", w->flip[1] ? "y" : "-", w->flip[2] ? "z" : "-");
    if (a->patch[0])
        describe(&d, " patch %d %d %d at %d %d %d", w->patch[0], w->patch[1], w->patch[2], w->offset[0],
                 w->offset[1], w->offset[2]);
    if (record->role == ROLE_IMAGE)
        describe_changes(&d, augment, record->channels);
    return record_set_key(record, "prunet.aug", d.text);
}

static int next_case(struct augment *augment, const struct record *record)
{
    augment->case_name[0] = 0;
    slice_map_free(&augment->map);
    int status = warp_draw(&augment->options, record->case_name, record->size, &augment->warp);
    if (!status && record->role == ROLE_IMAGE)
        modalities_draw(&augment->options, record->case_name, record->channels, augment->changes);
    if (!status)
        status = slice_map_make(&augment->map, &augment->warp);
    if (!status)
        memcpy(augment->case_name, record->case_name, sizeof augment->case_name);
    return status;
}

int augment_apply(struct augment *augment, struct record *record)
{
    int status;
    if (strcmp(augment->case_name, record->case_name) || record->role == ROLE_IMAGE)
        status = next_case(augment, record);
    else
        status = record_same_size(record, augment->warp.size, role_name(record->role));
    if (!status)
        status = record->role == ROLE_IMAGE ? augment_image(augment, record)
                                            : warp_record(&augment->warp, &augment->map, record);
    return status ? status : describe_record(augment, record);
}
