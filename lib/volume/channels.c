#include "lib/volume/channels.h"
#include "lib/base/error.h"
#include "lib/volume/samples.h"
#include <string.h>

int missing_check(const char *missing)
{
    return missing && strcmp(missing, "zero") ? fail(STATUS_USAGE, "--missing: '%s' is not zero", missing)
                                              : STATUS_OK;
}

bool channels_are_arranged(const struct record *image, const struct label_scheme *scheme)
{
    char names[NAME_LIST_SIZE];
    modality_names(scheme, names);
    return !*image->channel_names || !strcmp(image->channel_names, names);
}

/* The channel of a modality in a record, or -1. */
static int channel_of(const struct record *image, const char *modality)
{
    char name[CHANNEL_NAMES_SIZE];
    for (int c = 0; c < image->channels; c++)
        if (!strcmp(channel_name(image, c, name, sizeof name), modality))
            return c;
    return -1;
}

/* from[m]: the channel that modality m comes from, -1 for zeros. */
static int find_channels(const struct record *image, const struct label_scheme *scheme, bool fill,
                         int from[MODALITIES_MAX])
{
    int found = 0;
    for (int m = 0; m < scheme->modality_count; m++) {
        const char *name = scheme->modalities[m].name;
        from[m] = channel_of(image, name);
        found += from[m] >= 0;
        if (from[m] < 0 && !fill)
            return fail(STATUS_DATA, "no channel is the modality %s (there are: %s): --missing zero fills it",
                        name, image->channel_names);
    }
    if (!found)
        return fail(STATUS_DATA, "no channel is a modality that the network takes (there are: %s)",
                    image->channel_names);
    for (int m = 0; m < scheme->modality_count; m++)
        if (from[m] < 0)
            warn("case %s: no %s: it is filled with zeros", image->case_name, scheme->modalities[m].name);
    if (found < image->channels)
        warn("case %s: of its channels %s the network takes %d", image->case_name, image->channel_names,
             found);
    return STATUS_OK;
}

int channels_arrange(struct record *image, const struct label_scheme *scheme, int inputs, bool fill)
{
    int from[MODALITIES_MAX];
    struct record arranged;
    if (!*image->channel_names || inputs != scheme->modality_count)
        return image->channels == inputs
                   ? STATUS_OK
                   : fail(STATUS_DATA, "%d channels, the network takes %d", image->channels, inputs);
    if (channels_are_arranged(image, scheme))
        return STATUS_OK;
    int status = find_channels(image, scheme, fill, from);
    if (!status)
        status = record_make_float(image);
    if (!status)
        status = record_derive(&arranged, image, SAMPLE_FLOAT, inputs, image->size);
    if (status)
        return status;
    const size_t voxels = record_voxels(image);
    for (int m = 0; m < inputs; m++)
        if (from[m] >= 0)
            memcpy((float *)arranged.data + (size_t)m * voxels,
                   (const float *)image->data + (size_t)from[m] * voxels, voxels * sizeof(float));
    modality_names(scheme, arranged.channel_names);
    record_replace(image, &arranged);
    return STATUS_OK;
}
