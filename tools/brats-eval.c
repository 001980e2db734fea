/* brats-eval: all measures of segmentations in one pass, and how sure their means are. */
#include "lib/metrics/evaluation.h"

static const enum measure measures[] = {
    MEASURE_DICE, MEASURE_SENSITIVITY,       MEASURE_SPECIFICITY,      MEASURE_HD95, MEASURE_HD, MEASURE_ASD,
    MEASURE_ASSD, MEASURE_VOLUME_PREDICTION, MEASURE_VOLUME_REFERENCE, MEASURE_TP,   MEASURE_FP, MEASURE_FN,
};

static const struct evaluation_tool tool = {
    .name = "brats-eval",
    .summary = "Compares predictions with references: a row a case and region (ET, WT, TC) with\n"
               "Dice, sensitivity, specificity, HD95, the largest surface distance (hd), the average\n"
               "ones (asd: prediction to reference; assd: both), volumes in mm^3, and counts tp, fp,\n"
               "fn of voxels. Under a lesion-wise convention dice, hd95, tp, fp and fn are of\n"
               "lesions, all else is of the region.",
    .example = "brats-eval --pairs ours.tsv --against theirs.tsv --bootstrap 10000 --seed 1",
    .measures = measures,
    .measure_count = sizeof measures / sizeof measures[0],
    .statistics = true,
};

int main(int argc, char **argv)
{
    return evaluation_main(&tool, argc, argv);
}
