#include "lib/metrics/score.h"
#include "lib/base/error.h"
#include <stdio.h>

static const char *const tumour_names[] = {"ET", "WT", "TC"};
static const uint8_t tumour_bits[] = {BIT_ET, BIT_WT, BIT_TC};
static const char *const mask_names[] = {"mask"};
static const uint8_t mask_bits[] = {BIT_MASK};

int score_case(const struct scoring *scoring, const char *case_name, const struct segmentation *prediction,
               const struct segmentation *reference, struct case_scores *scores)
{
    const bool mask = scoring->labels == LABELS_MASK;
    const uint8_t *bits = mask ? mask_bits : tumour_bits;
    const double *spacing = segmentation_spacing(prediction, reference);
    int status = segmentation_compare(prediction, reference);
    snprintf(scores->case_name, sizeof scores->case_name, "%s", case_name);
    scores->regions = mask ? 1 : 3;
    scores->region_names = mask ? mask_names : tumour_names;
    for (int i = 0; i < scores->regions && !status; i++) {
        const struct mask p = segmentation_region(prediction, bits[i]);
        const struct mask r = segmentation_region(reference, bits[i]);
        status = measure_region(scoring->convention, &p, &r, spacing, scoring->distances, &scores->region[i]);
    }
    return status;
}
