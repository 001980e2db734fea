/* dice-eval: Dice, sensitivity and specificity of segmentations. */
#include "lib/base/error.h"
#include "lib/metrics/evaluation.h"

int main(int argc, char **argv)
{
    static const enum measure measures[] = {MEASURE_DICE, MEASURE_SENSITIVITY, MEASURE_SPECIFICITY};
    struct evaluation evaluation = {
        .measures = measures, .measure_count = OPTION_COUNT(measures), .header = true};
    const struct option_spec options[] = {EVALUATION_OPTIONS(evaluation)};
    const struct tool tool = {
        .name = "dice-eval",
        .usage = EVALUATION_USAGE,
        .summary = "Compares predictions with references, voxel by voxel: a row a case and region (ET,\n"
                   "WT, TC) with Dice, sensitivity and specificity. Files are NIfTI or records; a stream\n"
                   "holds for each case the prediction (prob, taken > 0.5 channel by channel, or label)\n"
                   "and the reference label map, as prunet-infer --pass-label writes them.",
        .options = options,
        .count = OPTION_COUNT(options),
        .notes = evaluation_notes(),
    };
    int first = options_parse(&tool, argc, argv);
    int status = evaluation_run(&evaluation, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
