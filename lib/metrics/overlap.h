/* Overlap of a prediction P and a reference R: voxel counts over the whole grid. */
#ifndef PRUNET_METRICS_OVERLAP_H
#define PRUNET_METRICS_OVERLAP_H

#include "lib/metrics/mask.h"
#include <stdint.h>

struct overlap {
    uint64_t tp, fp, fn, tn;
};

/* Counts voxels of two masks of the same size. */
struct overlap overlap_count(const struct mask *prediction, const struct mask *reference);

/* 2 TP / (2 TP + FP + FN), TP / (TP + FN), TN / (TN + FP); NaN where the denominator is 0. */
double overlap_dice(const struct overlap *overlap);
double overlap_sensitivity(const struct overlap *overlap);
double overlap_specificity(const struct overlap *overlap);

#endif
