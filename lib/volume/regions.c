#include "lib/volume/regions.h"
#include "lib/base/error.h"
#include "lib/volume/samples.h"
#include "lib/volume/scheme.h"

int regions_from_label(struct record *record)
{
    struct record masks;
    const struct label_scheme *scheme = record_scheme;
    if (record->role != ROLE_LABEL)
        return STATUS_OK;
    int status = record_make_labels(record);
    if (!status)
        status = scheme_of_record(record, &scheme);
    if (!status)
        status = record_derive(&masks, record, SAMPLE_UINT8, scheme->region_count, record->size);
    if (status)
        return status;
    regions_of_labels(scheme, record->data, record_voxels(record), masks.data);
    masks.role = ROLE_MASK;
    region_columns(scheme, masks.channel_names);
    record_replace(record, &masks);
    return STATUS_OK;
}

int regions_to_label(struct record *record)
{
    struct record labels;
    const struct label_scheme *scheme;
    char names[NAME_LIST_SIZE];
    if (record->role != ROLE_PROB && record->role != ROLE_MASK)
        return STATUS_OK;
    int status = scheme_of_record(record, &scheme);
    if (status)
        return status;
    region_names(scheme, names);
    if (record->channels != scheme->region_count)
        return fail(STATUS_DATA, "a %s of %d channels, not the %d of %s", role_name(record->role),
                    record->channels, scheme->region_count, names);
    status = record_make_float(record);
    if (!status)
        status = record_derive(&labels, record, SAMPLE_UINT8, 1, record->size);
    if (status)
        return status;
    labels_of_regions(scheme, record->data, record_voxels(record), labels.data);
    labels.role = ROLE_LABEL;
    labels.channel_names[0] = 0;
    record_replace(record, &labels);
    return STATUS_OK;
}

int labels_renumber(struct record *record, const struct label_scheme *scheme)
{
    const struct label_scheme *own;
    uint8_t number_of[256] = {0}, *labels;
    int status = record_make_labels(record);
    if (!status)
        status = scheme_of_record(record, &own);
    if (!status && !scheme_same_regions(own, scheme->records))
        status = fail(STATUS_DATA, "its labels are of scheme %s, not those of %s", own->name, scheme->name);
    if (status)
        return status;
    for (int i = 0; i < scheme->label_count; i++)
        number_of[scheme->labels[i].label] = scheme->labels[i].number;
    labels = record->data;
    for (size_t i = 0; i < record_voxels(record); i++)
        labels[i] = number_of[labels[i]];
    return STATUS_OK;
}
