/* All measures of one region of one case under one convention. */
#ifndef PRUNET_METRICS_MEASURE_H
#define PRUNET_METRICS_MEASURE_H

#include "lib/metrics/convention.h"
#include "lib/metrics/mask.h"
#include <stdbool.h>

enum measure {
    MEASURE_DICE,
    MEASURE_SENSITIVITY,
    MEASURE_SPECIFICITY,
    MEASURE_HD95,
    MEASURE_HD,                /* the largest surface distance, HD100 */
    MEASURE_ASD,               /* average distance from the prediction's surface to the reference's */
    MEASURE_ASSD,              /* average of both directions */
    MEASURE_VOLUME_PREDICTION, /* mm^3 */
    MEASURE_VOLUME_REFERENCE,
    MEASURE_TP, /* voxels; lesions where the convention is lesion-wise */
    MEASURE_FP,
    MEASURE_FN,
    MEASURE_TN, /* voxels; undefined for lesions */
    MEASURE_COUNT
};

/* The column's name: "dice", "hd95", "volume_prediction". */
const char *measure_name(enum measure measure);

struct region_scores {
    double value[MEASURE_COUNT]; /* NaN: undefined */
    bool prediction_empty, reference_empty;
};

/* Fills `scores`. Masks have the same size; spacing in mm (x, y, z). Without `distances` the surface
 * distances are NaN and cost nothing; a lesion-wise convention then still finds its lesions. */
int measure_region(const struct convention *convention, const struct mask *prediction,
                   const struct mask *reference, const double spacing[3], bool distances,
                   struct region_scores *scores);

#endif
