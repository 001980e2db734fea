/* Segmentation: image records to probabilities or label maps. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/progress.h"
#include "lib/network/backend.h"
#include "lib/network/segment.h"
#include "lib/volume/regions.h"
#include "lib/volume/samples.h"
#include <stdio.h>

static const char *model_path, *out;
static bool labels, pass_label;
static struct backend_choice backend;
static struct reader_options input;

static const struct option_spec options[] = {
    {"model", 'm', OPTION_TEXT, &model_path, "STATE", "the checkpoint to segment with (required)"},
    {"output", 'o', OPTION_TEXT, &out, "FILE", "write to FILE, whole or not at all (stdout)"},
    {"labels", 0, OPTION_FLAG, &labels, NULL, "label maps instead of probabilities"},
    {"pass-label", 0, OPTION_FLAG, &pass_label, NULL, "copy each case's label record behind its result"},
    {"expect", 0, OPTION_TEXT, &input.expect_path, "FILE",
     "the case names that the input must have, in order"},
    {"max-bytes", 0, OPTION_BYTES, &input.max_bytes, "SIZE", "refuse records above SIZE (4G)"},
    BACKEND_OPTIONS(backend),
};

static const struct tool tool = {
    .name = "prunet-infer",
    .usage = "-m STATE [--labels] [--pass-label] [options] [FILE...]",
    .summary =
        "Segments each image record in one pass. The result has the image's geometry: probabilities of "
        "whole\n"
        "tumour, tumour core and enhancing tumour, or with --labels the label map that regions --inverse\n"
        "makes of them. A size that the network cannot halve often enough is padded with zeros at the high\n"
        "end of each axis and cut again. Label records are dropped unless --pass-label is given.",
    .options = options,
    .count = OPTION_COUNT(options),
    .notes = "Example:\n  nii2raw --dir BraTS2021_00006 | crop | standardize | prunet-infer -m "
             "best.safetensors --labels |\n"
             "      raw2nii -o BraTS2021_00006.nii.gz",
};

/* Makes *result of the image, whose data are released as soon as the network has them. */
static int segment(struct network *network, struct record *image, struct record *result)
{
    const struct architecture *architecture = network_architecture(network);
    if (image->channels != architecture->inputs)
        return fail(STATUS_DATA, "%d channels, the network takes %d", image->channels, architecture->inputs);
    struct record header;
    int status = record_make_float(image);
    if (status || (status = segment_put(network, image->size, image->data)))
        return status;
    if ((status = record_copy_header(&header, image)))
        return status;
    record_free(image);
    *image = header;
    if ((status = record_derive(result, image, SAMPLE_FLOAT, architecture->outputs, image->size)))
        return status;
    result->role = ROLE_PROB;
    snprintf(result->channel_names, sizeof result->channel_names, "%s",
             architecture->outputs == REGIONS ? "WT TC ET" : "");
    if (!pass_label)
        result->last = true;
    status = segment_run(network, image->size, result->data);
    if (!status && labels)
        status = regions_to_label(result);
    if (status)
        record_free(result);
    return status;
}

static int infer_record(struct network *network, struct record *record, struct output *output,
                        struct progress *progress)
{
    if (record->role == ROLE_LABEL)
        return pass_label ? record_write(output, record) : STATUS_OK;
    if (record->role != ROLE_IMAGE)
        return fail(STATUS_DATA, "a %s record where an image is expected", role_name(record->role));
    struct record result;
    int status = segment(network, record, &result);
    if (status)
        return status;
    status = record_write(output, &result);
    record_free(&result);
    if (!status)
        progress_advance(progress, record->case_name, NULL);
    return status;
}

static int infer(struct network *network, struct reader *reader, struct output *output)
{
    struct progress progress;
    progress_start(&progress, "case", reader_cases_expected(reader));
    bool got = true;
    int status = STATUS_OK;
    while (!status && got) {
        struct record record;
        if ((status = reader_next(reader, &record, &got)) || !got)
            break;
        if ((status = infer_record(network, &record, output, &progress)))
            fail_in(status, "%s: %s", reader_name(reader), record.case_name);
        record_free(&record);
    }
    progress_end(&progress);
    return status;
}

static int open_model(struct network **network)
{
    struct checkpoint checkpoint;
    int status = checkpoint_open(&checkpoint, model_path);
    if (status)
        return status;
    if (labels && checkpoint.architecture.outputs != REGIONS)
        status = fail(STATUS_DATA, "%s: %d outputs make no label map", model_path,
                      checkpoint.architecture.outputs);
    else
        status = backend_open_network(network, &backend, &checkpoint, false);
    checkpoint_close(&checkpoint);
    return status;
}

static int run(struct network *network, int count, char **paths)
{
    struct output output;
    struct reader *reader;
    int status = output_open(&output, out, true);
    if (status)
        return status;
    if (!(status = reader_open(&reader, count, paths, &input))) {
        status = infer(network, reader, &output);
        reader_close(reader);
    }
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

int main(int argc, char **argv)
{
    int first = options_parse(&tool, argc, argv);
    if (!model_path)
        usage_error("-m STATE is missing");
    struct network *network;
    int status = open_model(&network);
    if (status)
        return report(status);
    status = run(network, argc - first, argv + first);
    network_close(network);
    return status ? report(status) : STATUS_OK;
}
