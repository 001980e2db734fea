/* hd95: the 95th percentile of the distances between two segmentations' surfaces. */
#include "lib/metrics/evaluation.h"

static const enum measure measures[] = {MEASURE_HD95};

static const struct evaluation_tool tool = {
    .name = "hd95",
    .summary = "Compares the surfaces of predictions and references: a row a case and region (ET,\n"
               "WT, TC) with the 95th percentile of the Hausdorff distance, as the convention\n"
               "defines it.",
    .example = "hd95 --convention medpy BraTS2021_00006.nii.gz BraTS2021_00006_seg.nii.gz",
    .measures = measures,
    .measure_count = sizeof measures / sizeof measures[0],
};

int main(int argc, char **argv)
{
    return evaluation_main(&tool, argc, argv);
}
