#include "lib/volume/dataset_scheme.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include "lib/volume/dataset_json.h"
#include "lib/volume/scheme.h"
#include <stdio.h>
#include <stdlib.h>

/* Whether the folder has a dataset.json beside folders of images. */
static int is_described(const char *data, bool *is)
{
    bool described = false, training = false, test = false;
    int status = folder_has(data, "dataset.json", &described);
    if (!status)
        status = folder_has(data, "imagesTr", &training);
    if (!status)
        status = folder_has(data, "imagesTs", &test);
    *is = described && (training || test);
    return status;
}

/* Whether it names the default's modalities, each once, and no others. */
static bool has_default_modalities(const char *data, struct dataset *dataset)
{
    bool all = !dataset_json_read(data, dataset) && dataset->channels == record_scheme->modality_count;
    for (int m = 0; m < record_scheme->modality_count; m++)
        all = all && dataset->channel_of[m] >= 0;
    return all;
}

/* Whether the default takes its labels' numbers: in files of four dimensions those of msd-brain. */
static bool has_default_labels(const struct dataset *dataset, const struct label_scheme *scheme)
{
    const struct label_scheme *taken =
        dataset->four_dimensions ? label_scheme_named("msd-brain") : record_scheme;
    for (int i = 0; i < scheme->label_count; i++)
        if (taken->label_of[scheme->labels[i].number] == LABEL_NONE)
            return false;
    return true;
}

static int find(const char *data, const char *path, bool *needed)
{
    const struct label_scheme *scheme;
    struct dataset dataset;
    const bool modalities_fit = has_default_modalities(data, &dataset);
    int status = scheme_find(path, &scheme);
    *needed = !status && !(modalities_fit && has_default_labels(&dataset, scheme));
    if (status && modalities_fit)
        return STATUS_OK;
    return status == STATUS_DATA
               ? fail(status, "%s: it cannot be the scheme: mend it, or name another (SCHEME=, --scheme)",
                      error_message())
               : status;
}

int dataset_scheme_find(const char *data, char **path)
{
    const struct label_scheme *chosen = data_scheme;
    bool described, needed = false;
    *path = NULL;
    int status = is_described(data, &described);
    if (status || !described)
        return status;
    if (asprintf(path, "%s/dataset.json", data) < 0) {
        *path = NULL;
        return fail(STATUS_FAILURE, "%s: out of memory", data);
    }
    data_scheme_use(record_scheme);
    status = find(data, *path, &needed);
    data_scheme_use(chosen);
    if (status || !needed) {
        free(*path);
        *path = NULL;
    }
    return status;
}
