/* hd95: the 95th percentile of the distances between two segmentations' surfaces. */
#include "lib/base/error.h"
#include "lib/metrics/evaluation.h"

int main(int argc, char **argv)
{
    static const enum measure measures[] = {MEASURE_HD95};
    struct evaluation evaluation = {
        .measures = measures, .measure_count = OPTION_COUNT(measures), .header = true};
    const struct option_spec options[] = {EVALUATION_OPTIONS(evaluation)};
    const struct tool tool = {
        .name = "hd95",
        .usage = EVALUATION_USAGE,
        .summary = "Compares the surfaces of predictions and references: a row a case and region (ET,\n"
                   "WT, TC) with the 95th percentile of the Hausdorff distance, as the convention\n"
                   "defines it. Files are NIfTI or records; a stream holds for each case the prediction\n"
                   "(prob, taken > 0.5 channel by channel, or label) and the reference label map, as\n"
                   "prunet-infer --pass-label writes them.",
        .options = options,
        .count = OPTION_COUNT(options),
        .notes = evaluation_notes(),
    };
    int first = options_parse(&tool, argc, argv);
    int status = evaluation_run(&evaluation, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
