/* One record: made, described, converted. */
#include "lib/api/inside.h"
#include "lib/base/error.h"
#include "lib/volume/regions.h"
#include "lib/volume/samples.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)PRUNET_IMAGE == ROLE_IMAGE && (int)PRUNET_LABEL == ROLE_LABEL &&
                  (int)PRUNET_PROB == ROLE_PROB && (int)PRUNET_MASK == ROLE_MASK,
              "roles are those of lib/stream/record.h");
static_assert((int)PRUNET_FLOAT == SAMPLE_FLOAT && (int)PRUNET_UINT8 == SAMPLE_UINT8 &&
                  (int)PRUNET_INT16 == SAMPLE_INT16 && (int)PRUNET_BFLOAT16 == SAMPLE_BFLOAT16,
              "samples, too");

int api_wrap(struct prunet_record **wrapped, struct record *record)
{
    struct prunet_record *w = malloc(sizeof *w);
    if (!w) {
        record_free(record);
        return fail(STATUS_FAILURE, "out of memory");
    }
    w->record = *record;
    *wrapped = w;
    return STATUS_OK;
}

static int check_kind(enum prunet_role role, enum prunet_sample sample, int channels)
{
    if ((unsigned)role > PRUNET_MASK)
        return fail(STATUS_USAGE, "%d is no role of a record", (int)role);
    if ((unsigned)sample > PRUNET_BFLOAT16)
        return fail(STATUS_USAGE, "%d is no type of samples", (int)sample);
    if (channels < 1 || channels > RECORD_CHANNELS_MAX)
        return fail(STATUS_USAGE, "%d channels are not within 1..%d", channels, RECORD_CHANNELS_MAX);
    return STATUS_OK;
}

static int check_geometry(const struct prunet_record_info *info)
{
    bool finite = true;
    for (int i = 0; i < 3 && info->has_geometry; i++)
        for (int k = 0; k < 3; k++)
            finite = finite && isfinite(info->directions[i][k]) && isfinite(info->origin[k]);
    return finite ? STATUS_OK : fail(STATUS_USAGE, "a number in the geometry is not finite");
}

/* A name for each channel, or none. */
static int check_channel_names(const struct prunet_record_info *info)
{
    const char *names = info->channel_names ? info->channel_names : "";
    int count = 0;
    for (const char *c = names + strspn(names, " "); *c; c += strspn(c, " "), count++)
        c += strcspn(c, " ");
    if (strlen(names) >= CHANNEL_NAMES_SIZE || strpbrk(names, "\t\r\n") ||
        (*names && count != info->channels))
        return fail(STATUS_USAGE, "channel_names does not name %d channels", info->channels);
    return STATUS_OK;
}

static int check_info(const struct prunet_record_info *info)
{
    int status = check_kind(info->role, info->sample, info->channels);
    if (status || (status = check_geometry(info)) || (status = check_channel_names(info)))
        return status;
    if (!info->case_name || !case_name_valid(info->case_name))
        return fail(STATUS_USAGE, "case_name is none: letters, digits, '.', '_', '-', at most %d",
                    CASE_NAME_SIZE - 1);
    for (int axis = 0; axis < 3; axis++)
        if (info->size[axis] < 1 || info->size[axis] > RECORD_SIZE_MAX)
            return fail(STATUS_USAGE, "size %d is not within 1..%d", info->size[axis], RECORD_SIZE_MAX);
    return STATUS_OK;
}

int prunet_record_make(struct prunet_record **record, const struct prunet_record_info *info)
{
    api_begin();
    int status = check_info(info);
    if (status)
        return status;
    struct record r = {.role = (enum role)info->role,
                       .sample = (enum sample)info->sample,
                       .size = {info->size[0], info->size[1], info->size[2]},
                       .channels = info->channels,
                       .last = info->last,
                       .has_geometry = info->has_geometry};
    snprintf(r.case_name, sizeof r.case_name, "%s", info->case_name);
    snprintf(r.channel_names, sizeof r.channel_names, "%s", info->channel_names ? info->channel_names : "");
    if (r.has_geometry) {
        memcpy(r.directions, info->directions, sizeof r.directions);
        memcpy(r.origin, info->origin, sizeof r.origin);
    }
    status = record_allocate(&r);
    return status ? status : api_wrap(record, &r);
}

int prunet_record_like(struct prunet_record **record, const struct prunet_record *from, enum prunet_role role,
                       enum prunet_sample sample, int channels)
{
    struct record r;
    int status = check_kind(role, sample, channels);
    if (!status)
        status = record_derive(&r, &from->record, (enum sample)sample, channels, from->record.size);
    if (status)
        return status;
    r.role = (enum role)role;
    if (channels != from->record.channels || r.role != from->record.role)
        r.channel_names[0] = 0;
    return api_wrap(record, &r);
}

void prunet_record_free(struct prunet_record *record)
{
    if (!record)
        return;
    record_free(&record->record);
    free(record);
}

void prunet_record_describe(const struct prunet_record *record, struct prunet_record_info *info)
{
    const struct record *r = &record->record;
    *info = (struct prunet_record_info){.case_name = r->case_name,
                                        .role = (enum prunet_role)r->role,
                                        .sample = (enum prunet_sample)r->sample,
                                        .size = {r->size[0], r->size[1], r->size[2]},
                                        .channels = r->channels,
                                        .channel_names = r->channel_names,
                                        .last = r->last,
                                        .has_geometry = r->has_geometry,
                                        .bytes = r->bytes};
    memcpy(info->directions, r->directions, sizeof info->directions);
    memcpy(info->origin, r->origin, sizeof info->origin);
}

void *prunet_record_data(struct prunet_record *record)
{
    return record->record.data;
}

const char *prunet_record_key(const struct prunet_record *record, const char *key, char *value, size_t size)
{
    return record_key(&record->record, key, value, size);
}

int prunet_record_set_key(struct prunet_record *record, const char *key, const char *value)
{
    return record_set_key(&record->record, key, value);
}

int prunet_record_to_float(struct prunet_record *record)
{
    return record_make_float(&record->record);
}

int prunet_record_to_labels(struct prunet_record *record)
{
    struct record *r = &record->record;
    if (r->role == ROLE_IMAGE)
        return fail(STATUS_DATA, "an image is no label map");
    return r->role == ROLE_LABEL ? record_make_labels(r) : regions_to_label(r);
}
