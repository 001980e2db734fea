#include "lib/volume/regions.h"
#include "lib/base/error.h"
#include "lib/volume/labels.h"
#include "lib/volume/samples.h"

int regions_from_label(struct record *record)
{
    struct record masks;
    if (record->role != ROLE_LABEL)
        return STATUS_OK;
    int status = record_make_labels(record);
    if (!status)
        status = record_derive(&masks, record, SAMPLE_UINT8, record_scheme->region_count, record->size);
    if (status)
        return status;
    regions_of_labels(record_scheme, record->data, record_voxels(record), masks.data);
    masks.role = ROLE_MASK;
    region_columns(record_scheme, masks.channel_names);
    record_replace(record, &masks);
    return STATUS_OK;
}

int regions_to_label(struct record *record)
{
    struct record labels;
    char names[NAME_LIST_SIZE];
    if (record->role != ROLE_PROB && record->role != ROLE_MASK)
        return STATUS_OK;
    region_names(record_scheme, names);
    if (record->channels != record_scheme->region_count)
        return fail(STATUS_DATA, "a %s of %d channels, not the %d of %s", role_name(record->role),
                    record->channels, record_scheme->region_count, names);
    int status = record_make_float(record);
    if (!status)
        status = record_derive(&labels, record, SAMPLE_UINT8, 1, record->size);
    if (status)
        return status;
    labels_of_regions(record_scheme, record->data, record_voxels(record), labels.data);
    labels.role = ROLE_LABEL;
    labels.channel_names[0] = 0;
    record_replace(record, &labels);
    return STATUS_OK;
}
