/* prunet-infer: image records to probabilities or label maps. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/progress.h"
#include "lib/network/backend_choice.h"
#include "lib/network/ensemble.h"
#include "lib/network/launched.h"
#include "lib/stream/reader.h"
#include "lib/stream/record_write.h"
#include "lib/volume/assessment.h"
#include "lib/volume/channels.h"
#include "lib/volume/labels.h"
#include "lib/volume/regions.h"
#include "lib/volume/samples.h"
#include "lib/volume/scheme.h"
#include <stdio.h>
#include <string.h>

static struct option_texts models;
static const char *out, *missing, *assess_path;
static bool label_map, pass_label, flips;
static struct tiling_choice windows = TILING_DEFAULT;
static struct backend_choice backend;
static struct reader_options input;

static const struct option_spec options[] = {
    {"model", 'm', OPTION_TEXTS, &models, "STATE",
     "the checkpoint to segment with (required); several: their mean"},
    {"label-map", 0, OPTION_FLAG, &label_map, NULL, "label maps instead of probabilities"},
    OLDER_NAME("labels", "label-map"),
    {"pass-label", 0, OPTION_FLAG, &pass_label, NULL, "copy each case's label record behind its result"},
    MISSING_OPTION(&missing),
    {"assess", 0, OPTION_TEXT, &assess_path, "TABLE",
     "how the probabilities compare with each case's label record, as a table"},
    {"flip-tta", 0, OPTION_FLAG, &flips, NULL,
     "mean over the eight flips of the image (eight times the work)"},
    TILING_OPTIONS(windows),
};

static const struct tool tool = {
    .name = "prunet-infer",
    .usage = "-m STATE... [--label-map] [--pass-label] [OPTION...] [FILE...]",
    .summary =
        "Segments each image record in one pass. The result has the image's geometry: probabilities of\n"
        "whole tumour, tumour core and enhancing tumour, or with --label-map the label map that regions\n"
        "--inverse makes of them. A size that the network cannot halve often enough is padded with zeros\n"
        "at the high end of each axis and cut again. Label records are dropped unless --pass-label is\n"
        "given.\n\n"
        "Not part of the paper's figures: several -m give the mean of their probabilities, --flip-tta the\n"
        "mean over the image and its mirror images. --window is for what was trained on patches, and for\n"
        "volumes that do not fit (prunet-plan --window tells): the windows' probabilities are averaged "
        "where\n"
        "they overlap, with --gaussian by weights that fall towards their edges, and a volume that is no\n"
        "larger than the window is segmented as without it.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {BACKEND_OPTIONS(backend), .output = &out, .expect = &input.expect_path,
               .digests = &input.digests_path, .max_bytes = &input.max_bytes},
    .example = "nii2raw --dir BraTS2021_00006 | crop | standardize |\n"
               "      prunet-infer -m best.safetensors --label-map | raw2nii -o BraTS2021_00006.nii.gz",
};

/* The table of --assess. */
struct assessing {
    struct output output;
    struct record probabilities;       /* of the last image, until its label map comes */
    const struct label_scheme *scheme; /* of their regions */
};

static int assess_begin(struct assessing *assessing)
{
    if (!assess_path)
        return STATUS_OK;
    int status = output_open(&assessing->output, assess_path, false);
    if (!status && (status = assessment_begin(&assessing->output)))
        output_discard(&assessing->output);
    return status;
}

static int remember(struct assessing *assessing, const struct record *result)
{
    if (!assess_path)
        return STATUS_OK;
    if (result->channels != assessing->scheme->region_count)
        return fail(STATUS_DATA, "--assess: %d outputs are not the regions of a label map", result->channels);
    record_free(&assessing->probabilities);
    int status =
        record_derive(&assessing->probabilities, result, SAMPLE_FLOAT, result->channels, result->size);
    if (!status)
        samples_to_float(result->sample, result->data, record_voxels(result) * (size_t)result->channels,
                         assessing->probabilities.data);
    return status;
}

/* The rows of a case, of which the label record has come; it is turned into one of bytes. */
static int assess_label(struct assessing *assessing, struct record *label)
{
    struct assessment assessment;
    struct record *probabilities = &assessing->probabilities;
    if (!assess_path || !probabilities->data || strcmp(probabilities->case_name, label->case_name))
        return STATUS_OK;
    const struct label_scheme *own;
    int status = record_same_size(label, probabilities->size, "the label map");
    if (!status)
        status = scheme_of_record(label, &own);
    if (!status && !scheme_same_regions(own, assessing->scheme))
        status = fail(STATUS_DATA, "its labels are of scheme %s, the network's regions of %s", own->name,
                      assessing->scheme->name);
    if (!status)
        status = record_make_labels(label);
    if (!status)
        status = assess(assessing->scheme, probabilities->data, label->data, label->size, &assessment);
    if (!status)
        status = assessment_rows(&assessing->output, label->case_name, &assessment);
    record_free(probabilities);
    return status;
}

static int assess_end(struct assessing *assessing, int status)
{
    record_free(&assessing->probabilities);
    if (!assess_path)
        return status;
    if (!status)
        status = output_commit(&assessing->output);
    output_discard(&assessing->output);
    return status;
}

/* Makes *result, probabilities or a label map, of the image. */
static int segment(struct ensemble *ensemble, struct record *image, struct record *result,
                   struct assessing *assessing)
{
    int status = ensemble_segment(ensemble, image, result);
    if (status)
        return status;
    if (!pass_label)
        result->last = true;
    status = remember(assessing, result);
    if (!status && label_map)
        status = regions_to_label(result);
    if (status)
        record_free(result);
    return status;
}

static int infer_record(struct ensemble *ensemble, struct record *record, struct output *output,
                        struct progress *progress, struct assessing *assessing)
{
    if (record->role == ROLE_LABEL) {
        int status = pass_label ? record_write(output, record) : STATUS_OK;
        return status ? status : assess_label(assessing, record);
    }
    if (record->role != ROLE_IMAGE)
        return fail(STATUS_DATA, "a %s record where an image is expected", role_name(record->role));
    struct record result;
    int status = segment(ensemble, record, &result, assessing);
    if (status)
        return status;
    status = record_write(output, &result);
    record_free(&result);
    if (!status)
        progress_advance(progress, record->case_name, NULL);
    return status;
}

static int infer(struct ensemble *ensemble, struct reader *reader, struct output *output,
                 struct assessing *assessing)
{
    struct progress progress;
    progress_start(&progress, "case", reader_cases_expected(reader));
    bool got = true;
    int status = STATUS_OK;
    while (!status && got) {
        struct record record;
        if ((status = reader_next(reader, &record, &got)) || !got)
            break;
        if ((status = infer_record(ensemble, &record, output, &progress, assessing)))
            fail_in(status, "%s: %s", reader_name(reader), record.case_name);
        record_free(&record);
    }
    progress_end(&progress);
    return status;
}

static int open_models(struct ensemble **ensemble)
{
    int status = ensemble_open(ensemble, &backend, models.count, models.values, flips);
    if (status)
        return status;
    const struct label_scheme *scheme = ensemble_scheme(*ensemble);
    if (!(status = ensemble_set_windows(*ensemble, &windows)) && label_map &&
        ensemble_outputs(*ensemble) != scheme->region_count)
        status = fail(STATUS_DATA, "%s: a label map cannot be made of %d outputs", models.values[0],
                      ensemble_outputs(*ensemble));
    if (status)
        ensemble_close(*ensemble);
    else if (missing)
        ensemble_fill_missing(*ensemble);
    return status;
}

static int run(struct ensemble *ensemble, int count, char **paths)
{
    struct output output;
    struct reader *reader;
    struct assessing assessing = {.output = {.fd = -1}, .scheme = ensemble_scheme(ensemble)};
    int status = output_open(&output, out, true);
    if (status)
        return status;
    if (!(status = assess_begin(&assessing)) && !(status = reader_open(&reader, count, paths, &input))) {
        status = infer(ensemble, reader, &output, &assessing);
        reader_close(reader);
    }
    status = assess_end(&assessing, status);
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

int main(int argc, char **argv)
{
    int first = options_parse(&tool, argc, argv);
    if (!models.count)
        usage_error("-m STATE is needed");
    if (missing_check(missing) || tiling_check(&windows))
        usage_error("%s", error_message());
    kernels_share_devices(launched_local());
    struct ensemble *ensemble;
    int status = open_models(&ensemble);
    if (status)
        return report(status);
    status = run(ensemble, argc - first, argv + first);
    ensemble_close(ensemble);
    return status ? report(status) : STATUS_OK;
}
