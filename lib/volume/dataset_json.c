#include "lib/volume/dataset_json.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include "lib/base/json.h"
#include "lib/stream/record.h"
#include "lib/volume/file_kind.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number of a channel as JSON text: 0 to 63, or -1. */
static int channel_number(const char *text)
{
    char *end;
    const long number = text && *text ? strtol(text, &end, 10) : -1;
    return number >= 0 && number < RECORD_CHANNELS_MAX && !*end ? (int)number : -1;
}

/* "0": "T1", or "T1": 0. */
static int take_channel(struct dataset *dataset, const struct json *member)
{
    int channel = channel_number(member->key);
    const char *word = channel < 0 ? member->key : member->text;
    if (channel < 0)
        channel = channel_number(member->text);
    const int modality = word ? modality_of_word(word) : -1;
    if (channel < 0 || !word)
        return fail(STATUS_DATA, "'%.80s' does not say which channel is which modality", member->key);
    if (modality < 0) {
        char names[NAME_LIST_SIZE];
        modality_names(data_scheme, names);
        return fail(
            STATUS_DATA,
            "channel %d is '%.80s', which is not a modality of the scheme %s (%s): --scheme can name this "
            "file",
            channel, word, data_scheme->name, names);
    }
    if (dataset->channel_of[modality] >= 0)
        return fail(STATUS_DATA, "channels %d and %d are both %s", dataset->channel_of[modality], channel,
                    modalities[modality].name);
    dataset->channel_of[modality] = channel;
    dataset->channels++;
    return STATUS_OK;
}

static int check_ending(const struct json *root)
{
    const struct json *ending = json_member(root, "file_ending");
    if (!ending ||
        (ending->kind == JSON_STRING && (!strcmp(ending->text, ".nii.gz") || !strcmp(ending->text, ".nii"))))
        return STATUS_OK;
    return fail(STATUS_DATA, "file_ending is %.40s: only .nii.gz and .nii are read",
                ending->text ? ending->text : "no text");
}

static int take_all(const struct json *root, struct dataset *dataset)
{
    const struct json *names = json_member(root, "channel_names"),
                      *size = json_member(root, "tensorImageSize");
    if (!names)
        names = json_member(root, "modality");
    if (!names || names->kind != JSON_OBJECT || !names->first)
        return fail(STATUS_DATA, "no channel_names (or modality) say which channel is which modality");
    dataset->four_dimensions =
        size && size->text && !strcmp(size->text, "4D") && !json_member(root, "channel_names");
    int status = check_ending(root);
    for (const struct json *member = names->first; member && !status; member = member->next)
        status = take_channel(dataset, member);
    return status;
}

int dataset_json_read(const char *folder, struct dataset *dataset)
{
    struct json *root;
    char *path;
    *dataset = (struct dataset){0};
    memset(dataset->channel_of, -1, sizeof dataset->channel_of);
    if (asprintf(&path, "%s/dataset.json", folder) < 0)
        return fail(STATUS_FAILURE, "%s: out of memory", folder);
    int status = folder_has(folder, "dataset.json", &dataset->found);
    if (!status && dataset->found && !(status = json_read(path, &root))) {
        if ((status = take_all(root, dataset)))
            fail_in(status, "%s", path);
        json_free(root);
    }
    free(path);
    return status;
}
