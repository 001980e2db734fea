/* dice-eval: Dice, sensitivity and specificity of segmentations. */
#include "lib/metrics/evaluation.h"

static const enum measure measures[] = {MEASURE_DICE, MEASURE_SENSITIVITY, MEASURE_SPECIFICITY};

static const struct evaluation_tool tool = {
    .name = "dice-eval",
    .summary = "Compares predictions with references, voxel by voxel: a row a case and region (ET,\n"
               "WT, TC) with Dice, sensitivity and specificity.",
    .example = "prunet-infer -m best.safetensors --pass-label validation/*.nrrd | dice-eval --summary",
    .measures = measures,
    .measure_count = sizeof measures / sizeof measures[0],
};

int main(int argc, char **argv)
{
    return evaluation_main(&tool, argc, argv);
}
