#include "lib/volume/crop.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/volume/background.h"
#include "lib/volume/samples.h"
#include <stdio.h>
#include <string.h>

/* The bits that tell a value from zero; the sign of a float does not. */
static uint32_t sample_bits(enum sample sample, const void *row, int x)
{
    switch (sample) {
    case SAMPLE_FLOAT:
        return ((const uint32_t *)row)[x] & 0x7fffffff;
    case SAMPLE_BFLOAT16:
        return ((const uint16_t *)row)[x] & 0x7fff;
    case SAMPLE_INT16:
        return ((const uint16_t *)row)[x];
    case SAMPLE_UINT8:
        break;
    }
    return ((const uint8_t *)row)[x];
}

/* Most rows of a brain are background: one pass that compilers vectorise tells them apart. */
static bool row_is_zero(const void *row, size_t bytes)
{
    const uint8_t *p = row;
    uint8_t any = 0;
    for (size_t i = 0; i < bytes; i++)
        any |= p[i];
    return !any;
}

/* Widens [*low, *high) to the row's non-zero samples; whether there is one. */
static bool widen_by_row(enum sample sample, const void *row, int width, int *low, int *high)
{
    if (row_is_zero(row, (size_t)width * sample_bytes(sample)))
        return false;
    int first = 0, end = width;
    while (first < end && !sample_bits(sample, row, first))
        first++;
    while (end > first && !sample_bits(sample, row, end - 1))
        end--;
    if (first == end)
        return false;
    *low = int_min(*low, first);
    *high = int_max(*high, end);
    return true;
}

bool bounding_box(const struct record *record, int low[3], int high[3])
{
    const int *size = record->size;
    const uint8_t *row = record->data;
    size_t row_bytes = (size_t)size[0] * sample_bytes(record->sample);
    for (int axis = 0; axis < 3; axis++) {
        low[axis] = size[axis];
        high[axis] = 0;
    }
    for (int c = 0; c < record->channels; c++)
        for (int z = 0; z < size[2]; z++)
            for (int y = 0; y < size[1]; y++, row += row_bytes)
                if (widen_by_row(record->sample, row, size[0], &low[0], &high[0])) {
                    low[1] = int_min(low[1], y);
                    high[1] = int_max(high[1], y + 1);
                    low[2] = int_min(low[2], z);
                    high[2] = int_max(high[2], z + 1);
                }
    return high[0] > 0;
}

void centre_box(const int low[3], const int high[3], const int size[3], int offset[3])
{
    for (int axis = 0; axis < 3; axis++) {
        int extent = high[axis] - low[axis];
        /* C's division rounds towards zero: both the cut and the pad are rounded down */
        offset[axis] = low[axis] + (extent - size[axis]) / 2;
    }
}

int crop_record(struct record *record, const struct window *window)
{
    struct record cropped;
    int status = record_derive(&cropped, record, record->sample, record->channels, window->size);
    if (status)
        return status;
    size_t sample = sample_bytes(record->sample), channels = (size_t)record->channels;
    const int offset[3] = {-window->offset[0], -window->offset[1],
                           -window->offset[2]}; /* of the volume in the window */
    for (size_t c = 0; c < channels; c++)
        grid_copy((const char *)record->data + c * (record->bytes / channels), record->size, offset,
                  (char *)cropped.data + c * (cropped.bytes / channels), window->size, sample);
    for (int axis = 0; axis < 3 && cropped.has_geometry; axis++)
        for (int k = 0; k < 3; k++)
            cropped.origin[k] += window->offset[axis] * cropped.directions[axis][k];
    record_replace(record, &cropped);
    return STATUS_OK;
}

static bool is_inside(const struct window *window, int axis, int at)
{
    return at >= window->offset[axis] && at < window->offset[axis] + window->size[axis];
}

/* Voxels outside the window that are not 0 in one of the channels. */
static size_t count_cut(const struct record *record, const struct window *window)
{
    const int *size = record->size;
    const size_t channel = record->bytes / (size_t)record->channels;
    const size_t row_bytes = (size_t)size[0] * sample_bytes(record->sample);
    size_t cut = 0, row = 0;
    for (int z = 0; z < size[2]; z++)
        for (int y = 0; y < size[1]; y++, row += row_bytes) {
            if (record->channels == 1 && row_is_zero((const char *)record->data + row, row_bytes))
                continue; /* as most of a label map */
            const bool inside = is_inside(window, 1, y) && is_inside(window, 2, z);
            for (int x = 0; x < size[0]; x++) {
                if (inside && is_inside(window, 0, x))
                    continue;
                uint32_t any = 0;
                for (size_t c = 0; c < (size_t)record->channels; c++)
                    any |= sample_bits(record->sample, (const char *)record->data + c * channel + row, x);
                cut += any != 0;
            }
        }
    return cut;
}

static int report_cut(const struct crop *crop, const struct record *record, const int extent[3])
{
    const int *size = crop->window.size;
    const bool image = record->role == ROLE_IMAGE;
    const size_t cut = count_cut(record, &crop->window);
    char text[256];
    if (!cut)
        return STATUS_OK;
    if (image)
        snprintf(text, sizeof text,
                 "the head is %dx%dx%d, larger than %dx%dx%d: %zu of its voxels are cut off", extent[0],
                 extent[1], extent[2], size[0], size[1], size[2], cut);
    else
        snprintf(text, sizeof text, "%zu labelled voxels are cut off by %dx%dx%d", cut, size[0], size[1],
                 size[2]);
    if (crop->strict)
        return fail(STATUS_DATA, "%s: a larger --size is needed", text);
    warn("case %s: %s", record->case_name, text);
    return STATUS_OK;
}

static int centre_window(struct crop *crop, struct record *image)
{
    int low[3], high[3];
    crop->case_name[0] = 0;
    background_clear(image);
    if (!bounding_box(image, low, high))
        return fail(STATUS_DATA, "the image has no non-zero voxel to crop to");
    centre_box(low, high, crop->window.size, crop->window.offset);
    memcpy(crop->image_size, image->size, sizeof crop->image_size);
    memcpy(crop->case_name, image->case_name, sizeof crop->case_name);
    const int extent[3] = {high[0] - low[0], high[1] - low[1], high[2] - low[2]};
    const int *size = crop->window.size;
    const bool fits = extent[0] <= size[0] && extent[1] <= size[1] && extent[2] <= size[2];
    return fits ? STATUS_OK : report_cut(crop, image, extent);
}

static int check_bytes(const struct crop *crop, const struct record *record)
{
    const uint64_t most = crop->max_bytes ? crop->max_bytes : RECORD_BYTES_MAX;
    const uint64_t bytes =
        grid_voxels(crop->window.size) * (size_t)record->channels * sample_bytes(record->sample);
    return bytes <= most ? STATUS_OK
                         : fail(STATUS_DATA, "%llu bytes when cropped, more than the limit of %llu",
                                (unsigned long long)bytes, (unsigned long long)most);
}

int crop_apply(struct crop *crop, struct record *record)
{
    int status;
    if (record->role == ROLE_IMAGE)
        status = centre_window(crop, record);
    else if (strcmp(crop->case_name, record->case_name))
        return fail(STATUS_DATA, "a %s without its image before it", role_name(record->role));
    else
        status = record_same_size(record, crop->image_size, role_name(record->role));
    if (!status && record->role == ROLE_LABEL)
        status = report_cut(crop, record, NULL);
    if (!status)
        status = check_bytes(crop, record);
    return status ? status : crop_record(record, &crop->window);
}
