#include "lib/volume/samples.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/volume/scheme.h"
#include <stdio.h>
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

int record_make_float(struct record *record)
{
    if (record->sample == SAMPLE_FLOAT)
        return STATUS_OK;
    struct record wide;
    int status = record_derive(&wide, record, SAMPLE_FLOAT, record->channels, record->size);
    if (status)
        return status;
    samples_to_float(record->sample, record->data, record_voxels(record) * (size_t)record->channels,
                     wide.data);
    record_replace(record, &wide);
    return STATUS_OK;
}

int record_make_labels(struct record *record)
{
    size_t n = record_voxels(record);
    if (record->channels != 1)
        return fail(STATUS_DATA, "a label map of %d channels", record->channels);
    const struct label_scheme *scheme;
    int status = scheme_of_record(record, &scheme);
    if (status)
        return status;
    if (record->sample == SAMPLE_UINT8)
        return labels_check(scheme, record->data, n);
    struct record narrow;
    status = record_make_float(record);
    if (!status)
        status = record_derive(&narrow, record, SAMPLE_UINT8, 1, record->size);
    if (status)
        return status;
    if ((status = labels_of_values(scheme, record->data, n, narrow.data))) {
        record_free(&narrow);
        return status;
    }
    labels_warn_rounded(record->case_name, labels_rounded(record->data, n));
    record_replace(record, &narrow);
    return STATUS_OK;
}

int record_same_size(const struct record *record, const int size[3], const char *what)
{
    const int *own = record->size;
    if (grid_equal(own, size))
        return STATUS_OK;
    return fail(STATUS_DATA, "the %s is %dx%dx%d, its image %dx%dx%d", what, own[0], own[1], own[2], size[0],
                size[1], size[2]);
}

const char *channel_name(const struct record *record, int channel, char *name, size_t size)
{
    const char *at = record->channel_names;
    for (int c = 0; c < channel && *at; c++) {
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    int length = (int)strcspn(at, " ");
    if (length)
        snprintf(name, size, "%.*s", length, at);
    else
        snprintf(name, size, "channel %d", channel);
    return name;
}
