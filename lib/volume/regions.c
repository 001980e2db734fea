#include "lib/volume/regions.h"
#include "lib/base/error.h"
#include "lib/volume/samples.h"
#include <string.h>

static const char region_names[] = "wt tc et";

void regions_of_labels(const uint8_t *labels, size_t voxels, uint8_t *masks)
{
    uint8_t *wt = masks, *tc = masks + voxels, *et = masks + 2 * voxels;
    for (size_t i = 0; i < voxels; i++) {
        wt[i] = labels[i] != 0;
        tc[i] = (labels[i] == 1) | (labels[i] == 4);
        et[i] = labels[i] == 4;
    }
}

void labels_of_regions(const float *probabilities, size_t voxels, uint8_t *labels)
{
    const float *wt = probabilities, *tc = probabilities + voxels, *et = probabilities + 2 * voxels;
    for (size_t i = 0; i < voxels; i++) {
        uint8_t label = wt[i] > 0.5f ? 2 : 0;
        label = tc[i] > 0.5f ? 1 : label;
        labels[i] = et[i] > 0.5f ? 4 : label;
    }
}

int regions_from_label(struct record *record)
{
    struct record masks;
    if (record->role != ROLE_LABEL)
        return STATUS_OK;
    int status = record_make_labels(record);
    if (!status)
        status = record_derive(&masks, record, SAMPLE_UINT8, REGIONS, record->size);
    if (status)
        return status;
    regions_of_labels(record->data, record_voxels(record), masks.data);
    masks.role = ROLE_MASK;
    memcpy(masks.channel_names, region_names, sizeof region_names);
    record_replace(record, &masks);
    return STATUS_OK;
}

int regions_to_label(struct record *record)
{
    struct record labels;
    if (record->role != ROLE_PROB && record->role != ROLE_MASK)
        return STATUS_OK;
    if (record->channels != REGIONS)
        return fail(STATUS_DATA, "a %s of %d channels, not the three of WT, TC and ET",
                    role_name(record->role), record->channels);
    int status = record_make_float(record);
    if (!status)
        status = record_derive(&labels, record, SAMPLE_UINT8, 1, record->size);
    if (status)
        return status;
    labels_of_regions(record->data, record_voxels(record), labels.data);
    labels.role = ROLE_LABEL;
    labels.channel_names[0] = 0;
    record_replace(record, &labels);
    return STATUS_OK;
}
