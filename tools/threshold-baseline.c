/* threshold-baseline: the best threshold on one modality, fitted on some cases and scored on others. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/stream/case_names.h"
#include "lib/volume/labelled.h"
#include "lib/volume/samples.h"
#include "lib/volume/threshold.h"
#include <stdlib.h>
#include <string.h>

static const char *training_list, *validation_list, *output_path;
static bool no_header;
static struct reader_options input;

static const struct option_spec options[] = {
    {"train", 0, OPTION_TEXT, &training_list, "LIST",
     "record files, one a line, to fit the thresholds on (required)"},
    {"validation", 0, OPTION_TEXT, &validation_list, "LIST", "record files to score them on (required)"},
};

static const struct tool tool = {
    .name = "threshold-baseline",
    .usage = "--train LIST --validation LIST [-o OUT]",
    .summary =
        "Predicts whole tumour by one threshold on one standardized modality, above or below: for each\n"
        "modality the threshold with the best mean Dice over the training cases, with that Dice and the\n"
        "mean over the validation cases. The best modality, by the training cases, is the first row.\n"
        "A network's score should be well above this one. Files hold an image and its label.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {.output = &output_path, .max_bytes = &input.max_bytes, .no_header = &no_header},
    .example = "threshold-baseline --train training.files --validation validation.files",
};

static int score_records(struct reader *reader, struct threshold_scores *scores)
{
    for (;;) {
        struct labelled_case labelled;
        bool got;
        int status = labelled_next(reader, &labelled, &got);
        if (status || !got)
            return status;
        if ((status = threshold_add_case(scores, &labelled.image, &labelled.label)))
            fail_in(status, "%s: %s", reader_name(reader), labelled.image.case_name);
        labelled_free(&labelled);
        if (status)
            return status;
    }
}

static int score_list(const char *path, struct threshold_scores *scores)
{
    struct names list;
    struct reader *reader;
    FILE *file = fopen(path, "re");
    if (!file)
        return fail_errno(STATUS_FAILURE, "%s", path);
    int status = names_read(&list, file, path);
    fclose(file);
    if (status)
        return status;
    if (!list.count)
        status = fail(STATUS_DATA, "%s: no record file is listed", path);
    if (!status && !(status = reader_open(&reader, (int)list.count, list.name, &input))) {
        status = score_records(reader, scores);
        reader_close(reader);
    }
    names_free(&list);
    return status;
}

static int compare(const void *a, const void *b, void *training)
{
    double x = threshold_dice(training, *(const struct threshold *)a);
    double y = threshold_dice(training, *(const struct threshold *)b);
    return x > y ? -1 : x < y;
}

static int print_table(const struct threshold_scores *training, const struct threshold_scores *validation,
                       struct output *output)
{
    struct threshold best[RECORD_CHANNELS_MAX];
    struct record names = {0}; /* knows how channels are called */
    memcpy(names.channel_names, training->channel_names, sizeof names.channel_names);
    for (int c = 0; c < training->channels; c++)
        best[c] = threshold_best(training, c);
    qsort_r(best, (size_t)training->channels, sizeof best[0], compare, (void *)training);
    int status = STATUS_OK;
    if (!no_header)
        status = output_print(output, "modality\tside\tthreshold\ttraining_dice_wt\tvalidation_dice_wt\n");
    for (int c = 0; c < training->channels && !status; c++) {
        char name[CHANNEL_NAMES_SIZE];
        status = output_print(
            output, "%s\t%s\t%.2f\t%.4f\t%.4f\n", channel_name(&names, best[c].channel, name, sizeof name),
            best[c].side == TUMOUR_ABOVE ? "above" : "below", threshold_value(best[c].index),
            threshold_dice(training, best[c]), threshold_dice(validation, best[c]));
    }
    return status;
}

int main(int argc, char **argv)
{
    struct threshold_scores training = {0}, validation = {0};
    struct output output;
    if (options_parse(&tool, argc, argv) < argc)
        usage_error("no operands are expected");
    if (!training_list || !validation_list)
        usage_error("--train and --validation are both needed");
    int status = score_list(training_list, &training);
    if (!status)
        status = score_list(validation_list, &validation);
    if (!status && training.channels != validation.channels)
        status = fail(STATUS_DATA, "%s: its modalities are not those of %s", validation_list, training_list);
    if (!status && !(status = output_open(&output, output_path, false))) {
        status = print_table(&training, &validation, &output);
        if (!status)
            status = output_commit(&output);
        else
            output_discard(&output);
    }
    threshold_free(&training);
    threshold_free(&validation);
    return status ? report(status) : STATUS_OK;
}
