#include "lib/metrics/measure.h"
#include "lib/base/error.h"
#include "lib/metrics/lesion.h"
#include "lib/metrics/overlap.h"
#include "lib/metrics/surface_distance.h"
#include <math.h>

const char *measure_name(enum measure measure)
{
    static const char *const names[MEASURE_COUNT] = {
        "dice", "sensitivity",       "specificity",      "hd95", "hd", "asd",
        "assd", "volume_prediction", "volume_reference", "tp",   "fp", "fn",
        "tn"};
    return names[measure];
}

static double empty_value(const struct empty_rule *rule, const struct region_scores *scores,
                          const int size[3])
{
    double value = !scores->reference_empty    ? rule->prediction
                   : !scores->prediction_empty ? rule->reference
                                               : rule->both;
    if (value != EMPTY_DIAGONAL)
        return value;
    const double x = size[0], y = size[1], z = size[2];
    return sqrt(x * x + y * y + z * z);
}

static void measure_overlap(const struct convention *convention, const struct overlap *overlap,
                            const double spacing[3], const int size[3], struct region_scores *scores)
{
    const double voxel = spacing[0] * spacing[1] * spacing[2];
    double *value = scores->value;
    scores->prediction_empty = overlap->tp + overlap->fp == 0;
    scores->reference_empty = overlap->tp + overlap->fn == 0;
    const bool empty = scores->prediction_empty || scores->reference_empty;
    value[MEASURE_DICE] = empty ? empty_value(&convention->dice, scores, size) : overlap_dice(overlap);
    value[MEASURE_SENSITIVITY] =
        empty ? empty_value(&convention->sensitivity, scores, size) : overlap_sensitivity(overlap);
    value[MEASURE_SPECIFICITY] = overlap_specificity(overlap);
    value[MEASURE_VOLUME_PREDICTION] = (double)(overlap->tp + overlap->fp) * voxel;
    value[MEASURE_VOLUME_REFERENCE] = (double)(overlap->tp + overlap->fn) * voxel;
    value[MEASURE_TP] = (double)overlap->tp;
    value[MEASURE_FP] = (double)overlap->fp;
    value[MEASURE_FN] = (double)overlap->fn;
    value[MEASURE_TN] = (double)overlap->tn;
}

static int measure_distances(const struct convention *convention, const struct mask *prediction,
                             const struct mask *reference, const double spacing[3],
                             struct region_scores *scores)
{
    static const double voxels[3] = {1, 1, 1};
    double *value = scores->value;
    if (scores->prediction_empty || scores->reference_empty) {
        value[MEASURE_HD95] = empty_value(&convention->hd95, scores, prediction->size);
        value[MEASURE_HD] = empty_value(&convention->hd, scores, prediction->size);
        value[MEASURE_ASD] = value[MEASURE_ASSD] = value[MEASURE_HD95];
        return STATUS_OK;
    }
    struct surface_distances distances;
    int status = surface_distances(convention, prediction, reference,
                                   convention->millimetres ? spacing : voxels, &distances);
    if (status)
        return status;
    value[MEASURE_HD95] = distances.hd95;
    value[MEASURE_HD] = distances.hd;
    value[MEASURE_ASD] = distances.average;
    value[MEASURE_ASSD] = distances.symmetric;
    return STATUS_OK;
}

static int measure_lesions(const struct convention *convention, const struct mask *prediction,
                           const struct mask *reference, const double spacing[3], bool distances,
                           struct region_scores *scores)
{
    struct lesion_scores lesions;
    int status = lesion_scores(convention, prediction, reference, spacing, &lesions);
    if (status)
        return status;
    scores->value[MEASURE_DICE] = lesions.dice;
    if (distances)
        scores->value[MEASURE_HD95] = lesions.hd95;
    scores->value[MEASURE_TP] = lesions.found;
    scores->value[MEASURE_FP] = lesions.false_positives;
    scores->value[MEASURE_FN] = lesions.missed;
    scores->value[MEASURE_TN] = NAN;
    return STATUS_OK;
}

int measure_region(const struct convention *convention, const struct mask *prediction,
                   const struct mask *reference, const double spacing[3], bool distances,
                   struct region_scores *scores)
{
    struct overlap overlap = overlap_count(prediction, reference);
    int status = STATUS_OK;
    for (int i = 0; i < MEASURE_COUNT; i++)
        scores->value[i] = NAN;
    measure_overlap(convention, &overlap, spacing, prediction->size, scores);
    if (distances)
        status = measure_distances(convention, prediction, reference, spacing, scores);
    if (!status && convention->lesions.dilations)
        status = measure_lesions(convention, prediction, reference, spacing, distances, scores);
    return status;
}
