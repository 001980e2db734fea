#include "lib/volume/crop.h"
#include "lib/base/error.h"
#include "lib/volume/samples.h"
#include <string.h>

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

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
    *low = smaller(*low, first);
    *high = larger(*high, end);
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
                    low[1] = smaller(low[1], y);
                    high[1] = larger(high[1], y + 1);
                    low[2] = smaller(low[2], z);
                    high[2] = larger(high[2], z + 1);
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

static void copy_window(const uint8_t *from, const int from_size[3], uint8_t *to, const struct window *w,
                        size_t sample)
{
    int first[3], end[3]; /* of the window, what lies inside the volume */
    for (int axis = 0; axis < 3; axis++) {
        first[axis] = larger(0, -w->offset[axis]);
        end[axis] = smaller(w->size[axis], from_size[axis] - w->offset[axis]);
    }
    if (first[0] >= end[0])
        return;
    size_t bytes = (size_t)(end[0] - first[0]) * sample;
    for (int z = first[2]; z < end[2]; z++)
        for (int y = first[1]; y < end[1]; y++) {
            size_t source_row = (size_t)(z + w->offset[2]) * from_size[1] + (size_t)(y + w->offset[1]);
            size_t source = source_row * from_size[0] + (size_t)(first[0] + w->offset[0]);
            size_t target = ((size_t)z * w->size[1] + y) * w->size[0] + first[0];
            memcpy(to + target * sample, from + source * sample, bytes);
        }
}

int crop_record(struct record *record, const struct window *window)
{
    struct record cropped;
    int status = record_derive(&cropped, record, record->sample, record->channels, window->size);
    if (status)
        return status;
    size_t sample = sample_bytes(record->sample);
    for (int c = 0; c < record->channels; c++)
        copy_window((const uint8_t *)record->data + c * record_voxels(record) * sample, record->size,
                    (uint8_t *)cropped.data + c * record_voxels(&cropped) * sample, window, sample);
    for (int axis = 0; axis < 3 && cropped.has_geometry; axis++)
        for (int k = 0; k < 3; k++)
            cropped.origin[k] += window->offset[axis] * cropped.directions[axis][k];
    record_replace(record, &cropped);
    return STATUS_OK;
}

static int aim(struct crop *crop, const struct record *image)
{
    int low[3], high[3];
    crop->case_name[0] = 0;
    if (!bounding_box(image, low, high))
        return fail(STATUS_DATA, "the image has no non-zero voxel to crop to");
    centre_box(low, high, crop->window.size, crop->window.offset);
    memcpy(crop->image_size, image->size, sizeof crop->image_size);
    memcpy(crop->case_name, image->case_name, sizeof crop->case_name);
    return STATUS_OK;
}

int crop_apply(struct crop *crop, struct record *record)
{
    int status;
    if (record->role == ROLE_IMAGE)
        status = aim(crop, record);
    else if (strcmp(crop->case_name, record->case_name))
        return fail(STATUS_DATA, "a %s without its image before it", role_name(record->role));
    else
        status = record_same_size(record, crop->image_size, role_name(record->role));
    return status ? status : crop_record(record, &crop->window);
}
