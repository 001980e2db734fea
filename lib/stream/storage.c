#include "lib/stream/storage.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/stream/zstd.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = INT16_MAX };

bool storage_is_plain(const struct record *record)
{
    return !record->stored.scaled && !record->stored.zstd;
}

/* Bytes of the samples that lie in the file, when they are not compressed. */
static size_t inner_bytes(const struct record *record)
{
    return record->stored.scaled ? record->bytes / sizeof(float) * sizeof(int16_t) : record->bytes;
}

size_t storage_bytes(const struct record *record)
{
    return record->stored.zstd ? record->stored.bytes : inner_bytes(record);
}

/* The scale of a channel; a negative one where a value is not finite. */
static float scale_of(const float *values, size_t count)
{
    float largest = 0;
    bool finite = true;
    for (size_t i = 0; i < count; i++) {
        finite &= isfinite(values[i]) != 0;
        largest = fmaxf(largest, fabsf(values[i]));
    }
    return !finite ? -1 : largest > 0 ? fmaxf(largest / LARGEST, FLT_MIN) : 1;
}

static int16_t narrow(float value, float scale)
{
    const float steps = rintf(fminf(fmaxf(value / scale, -LARGEST), LARGEST));
    return (int16_t)(steps != 0 || value == 0 ? steps : value < 0 ? -1 : 1);
}

/* The record's floats as integers, malloc'd; the scales go into its header. */
static int narrow_all(struct record *record, int16_t **samples)
{
    const size_t voxels = record_voxels(record), channels = (size_t)record->channels;
    const float *values = record->data;
    int16_t *to = malloc(voxels * channels * sizeof *to);
    if (!to)
        return fail(STATUS_FAILURE, "case %s: out of memory", record->case_name);
    record->stored.scaled = true;
    for (size_t c = 0; c < channels; c++) {
        const float scale = record->stored.scale[c] = scale_of(values + c * voxels, voxels);
        if (scale < 0) {
            free(to);
            return fail(STATUS_DATA, "case %s: a voxel is not finite", record->case_name);
        }
        for (size_t i = c * voxels; i < (c + 1) * voxels; i++)
            to[i] = narrow(values[i], scale);
    }
    *samples = to;
    return STATUS_OK;
}

int storage_pack(struct record *packed, const struct record *record, const struct storage_choice *choice)
{
    int status = record_copy_header(packed, record);
    if (status)
        return status;
    packed->data = record->data;
    packed->bytes = record->bytes;
    packed->borrowed = true;
    packed->stored = (struct storage){0};
    int16_t *samples = NULL;
    void *frame = NULL;
    if (choice->half && record->role == ROLE_IMAGE && record->sample == SAMPLE_FLOAT)
        status = narrow_all(packed, &samples);
    if (!status && choice->zstd) {
        status = zstd_compress(samples ? (void *)samples : record->data, inner_bytes(packed), &frame,
                               &packed->stored.bytes);
        packed->stored.zstd = true;
    }
    if (status || frame)
        free(samples);
    if (status) {
        record_free(packed);
        return status;
    }
    if (frame || samples) {
        packed->data = frame ? frame : samples;
        packed->borrowed = false;
    }
    return STATUS_OK;
}

void storage_widen(const struct record *record, size_t first, const int16_t *samples, size_t count, float *to)
{
    const size_t voxels = record_voxels(record);
    for (size_t i = 0, next; i < count; i = next) {
        const float scale = record->stored.scale[(first + i) / voxels];
        next = size_min(count, i + voxels - (first + i) % voxels);
        for (; i < next; i++)
            to[i] = (float)samples[i] * scale;
    }
}

int storage_unpack(struct record *record, const void *payload, void *destination)
{
    const bool scaled = record->stored.scaled;
    void *expanded = NULL, *data = destination;
    int status = STATUS_OK;
    if (record->stored.zstd)
        status = zstd_expand(payload, record->stored.bytes, inner_bytes(record), scaled ? NULL : destination,
                             &expanded);
    if (status)
        return status;
    if (!scaled)
        data = expanded;
    else if (!data && !(data = malloc(record->bytes)))
        status = fail(STATUS_FAILURE, "no memory for %zu bytes", record->bytes);
    else
        storage_widen(record, 0, expanded ? expanded : payload, record->bytes / sizeof(float), data);
    if (scaled)
        free(expanded);
    if (status)
        return status;
    record->data = data;
    record->borrowed = destination != NULL;
    return STATUS_OK;
}
