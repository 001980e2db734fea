#include "lib/volume/samples.h"
#include "lib/base/error.h"
#include "lib/volume/regions.h"
#include <string.h>

int record_derive(struct record *to, const struct record *from, enum sample sample, int channels,
                  const int size[3])
{
    int status = record_copy_header(to, from);
    if (status)
        return status;
    to->sample = sample;
    to->channels = channels;
    memcpy(to->size, size, sizeof to->size);
    if ((status = record_allocate(to)))
        record_free(to);
    return status;
}

void record_replace(struct record *record, struct record *with)
{
    record_free(record);
    *record = *with;
}

/* bfloat16 is the upper half of a float. */
static float widen(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void copy_as_float(const struct record *from, float *to)
{
    size_t n = record_voxels(from) * (size_t)from->channels;
    switch (from->sample) {
    case SAMPLE_FLOAT:
        memcpy(to, from->data, n * sizeof *to);
        return;
    case SAMPLE_UINT8:
        for (size_t i = 0; i < n; i++)
            to[i] = ((const uint8_t *)from->data)[i];
        return;
    case SAMPLE_INT16:
        for (size_t i = 0; i < n; i++)
            to[i] = ((const int16_t *)from->data)[i];
        return;
    case SAMPLE_BFLOAT16:
        for (size_t i = 0; i < n; i++)
            to[i] = widen(((const uint16_t *)from->data)[i]);
        return;
    }
}

int record_make_float(struct record *record)
{
    if (record->sample == SAMPLE_FLOAT)
        return STATUS_OK;
    struct record wide;
    int status = record_derive(&wide, record, SAMPLE_FLOAT, record->channels, record->size);
    if (status)
        return status;
    copy_as_float(record, wide.data);
    record_replace(record, &wide);
    return STATUS_OK;
}

static bool is_label(float value)
{
    return value == 0 || value == 1 || value == 2 || value == 4;
}

static int refuse_labels(const float *values, size_t n, float wrong)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += values[i] == wrong || (wrong != wrong && values[i] != values[i]);
    return fail(STATUS_DATA, "label %g in %zu voxels is none of 0, 1, 2, 4", wrong, count);
}

/* Whole vectors at a time, where counting would take a voxel after the other. */
static bool are_labels(const uint8_t *bytes, size_t n)
{
    uint8_t wrong = 0;
    for (size_t i = 0; i < n; i++)
        wrong |= is_no_label(bytes[i]);
    return !wrong;
}

static int check_bytes(const uint8_t *labels, size_t n)
{
    size_t counts[256] = {0};
    if (are_labels(labels, n))
        return STATUS_OK;
    for (size_t i = 0; i < n; i++)
        counts[labels[i]]++;
    for (int value = 0; value < 256; value++)
        if (counts[value] && is_no_label((uint8_t)value))
            return fail(STATUS_DATA, "label %d in %zu voxels is none of 0, 1, 2, 4", value, counts[value]);
    return STATUS_OK;
}

int record_make_labels(struct record *record)
{
    size_t n = record_voxels(record);
    if (record->channels != 1)
        return fail(STATUS_DATA, "a label map of %d channels", record->channels);
    if (record->sample == SAMPLE_UINT8)
        return check_bytes(record->data, n);
    struct record narrow;
    int status = record_make_float(record);
    if (!status)
        status = record_derive(&narrow, record, SAMPLE_UINT8, 1, record->size);
    if (status)
        return status;
    const float *values = record->data;
    uint8_t *labels = narrow.data;
    for (size_t i = 0; i < n; i++) {
        if (!is_label(values[i])) {
            record_free(&narrow);
            return refuse_labels(values, n, values[i]);
        }
        labels[i] = (uint8_t)values[i];
    }
    record_replace(record, &narrow);
    return STATUS_OK;
}

int record_same_size(const struct record *record, const int size[3], const char *what)
{
    const int *own = record->size;
    if (own[0] == size[0] && own[1] == size[1] && own[2] == size[2])
        return STATUS_OK;
    return fail(STATUS_DATA, "the %s is %dx%dx%d, its image %dx%dx%d", what, own[0], own[1], own[2], size[0],
                size[1], size[2]);
}
