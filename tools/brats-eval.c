/* brats-eval: all measures of segmentations in one pass, and how sure their means are. */
#include "lib/base/error.h"
#include "lib/metrics/evaluation.h"

int main(int argc, char **argv)
{
    static const enum measure measures[] = {MEASURE_DICE,
                                            MEASURE_SENSITIVITY,
                                            MEASURE_SPECIFICITY,
                                            MEASURE_HD95,
                                            MEASURE_HD,
                                            MEASURE_ASD,
                                            MEASURE_ASSD,
                                            MEASURE_VOLUME_PREDICTION,
                                            MEASURE_VOLUME_REFERENCE,
                                            MEASURE_TP,
                                            MEASURE_FP,
                                            MEASURE_FN};
    struct evaluation evaluation = {
        .measures = measures, .measure_count = OPTION_COUNT(measures), .header = true};
    const struct option_spec options[] = {
        EVALUATION_OPTIONS(evaluation),
        {.kind = OPTION_SECTION, .help = "Challenge and statistics:"},
        {"submission", 0, OPTION_FLAG, &evaluation.submission, NULL, "the CSV layout of the BraTS platform"},
        {"bootstrap", 0, OPTION_INTEGER, &evaluation.draws, "N",
         "95 % intervals of the means, by N draws of the cases"},
        {"seed", 0, OPTION_UNSIGNED, &evaluation.seed, "N", "of the draws (0)"},
        {"against", 0, OPTION_TEXT, &evaluation.against, "FILE",
         "pairs of a second set of predictions of the same\n"
         "                              cases: paired differences (first - second)"},
    };
    const struct tool tool = {
        .name = "brats-eval",
        .usage = EVALUATION_USAGE,
        .summary = "Compares predictions with references: a row a case and region (ET, WT, TC) with\n"
                   "Dice, sensitivity, specificity, HD95, the largest surface distance (hd), the average\n"
                   "ones (asd: prediction to reference; assd: both), volumes in mm^3, and counts tp, fp,\n"
                   "fn of voxels. Under a lesion-wise convention dice, hd95, tp, fp and fn are of\n"
                   "lesions, all else is of the region.\n\n"
                   "Files are NIfTI or records; a stream holds for each case the prediction (prob, taken\n"
                   "> 0.5 channel by channel, or label) and the reference label map, as prunet-infer\n"
                   "--pass-label writes them.",
        .options = options,
        .count = OPTION_COUNT(options),
        .notes = evaluation_notes(),
    };
    int first = options_parse(&tool, argc, argv);
    int status = evaluation_run(&evaluation, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
