#include "lib/report/chosen_model.h"
#include "lib/base/error.h"
#include "lib/base/folder.h"
#include "lib/network/checkpoint.h"
#include "lib/network/model.h"
#include "lib/report/run_training.h"
#include "lib/volume/resample.h"
#include "lib/volume/scheme.h"
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int find_state(const char **model, char path[PATH_MAX])
{
    struct stat about;
    if (stat(*model, &about) || !S_ISDIR(about.st_mode))
        return STATUS_OK;
    if (snprintf(path, PATH_MAX, "%s/best/state.safetensors", *model) >= PATH_MAX || access(path, F_OK))
        return fail(STATUS_FAILURE, "%s: is a folder without best/state.safetensors: no run that has trained",
                    *model);
    *model = path;
    return STATUS_OK;
}

int chosen_model_find(struct chosen_model *model)
{
    static char paths[OPTION_TEXTS_MAX][PATH_MAX], lacking[PATH_MAX];
    int status = STATUS_OK;
    for (int i = 0; i < model->files.count && !status; i++)
        status = find_state(&model->files.values[i], paths[i]);
    if (model->files.count)
        return status;
    status = model_default(paths[0]);
    model->lacking = model_default_lacking(lacking) ? NULL : lacking;
    model->files = (struct option_texts){1, {paths[0]}};
    if (!status && !quiet)
        fprintf(stderr,
                "%s: by the starter, which was trained on drawn heads and on no patient: not a medical "
                "device (data/models/README.md)\n",
                tool_name);
    return status;
}

static int heed_run(struct chosen_model *model, const struct checkpoint *checkpoint,
                    struct segment_settings *settings)
{
    struct run_training run;
    int status = run_training_read(model->files.values[0], &run);
    if (!status && !settings->crop[0] && !size_parse(run.crop, settings->crop))
        settings->crop[0] = 0;
    model->spacing_of_run =
        !status && !model->spacing_given && !*checkpoint->training.spacing && *run.spacing;
    return model->spacing_of_run ? spacing_parse(settings->spacing, run.spacing) : status;
}

int chosen_model_read(struct chosen_model *model, struct segment_settings *settings)
{
    struct checkpoint checkpoint;
    int status = checkpoint_open(&checkpoint, model->files.values[0]);
    if (status)
        return status;
    data_scheme_use(checkpoint_scheme(&checkpoint));
    if (!settings->crop[0])
        status = model_crop(&checkpoint, settings->crop);
    if (!status)
        status = heed_run(model, &checkpoint, settings);
    checkpoint_close(&checkpoint);
    return status;
}

int chosen_model_settle(const struct chosen_model *model, const struct ensemble *ensemble,
                        struct segment_settings *settings)
{
    int status = STATUS_OK;
    if (!model->spacing_given && !model->spacing_of_run) {
        status = ensemble_spacing(ensemble, settings->spacing);
        settings->spacing_assumed = !ensemble_says_spacing(ensemble);
    }
    if (!settings->crop[0])
        segment_field(settings->spacing, settings->crop);
    return status;
}
