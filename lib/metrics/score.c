#include "lib/metrics/score.h"
#include "lib/base/error.h"
#include <stdio.h>

int score_case(const struct scoring *scoring, const char *case_name, const struct segmentation *prediction,
               const struct segmentation *reference, struct case_scores *scores)
{
    const bool mask = scoring->labels == LABELS_MASK;
    const double *spacing = segmentation_spacing(prediction, reference);
    int status = segmentation_compare(prediction, reference);
    snprintf(scores->case_name, sizeof scores->case_name, "%s", case_name);
    scores->regions = mask ? 1 : record_scheme->region_count;
    for (int i = 0; i < scores->regions && !status; i++) {
        const int region = mask ? 0 : region_of_row(record_scheme, i);
        const uint8_t bit = mask ? BIT_MASK : (uint8_t)(1 << region);
        scores->region_names[i] = mask ? "mask" : record_scheme->regions[region].name;
        const struct mask p = segmentation_region(prediction, bit);
        const struct mask r = segmentation_region(reference, bit);
        status = measure_region(scoring->convention, &p, &r, spacing, scoring->distances, &scores->region[i]);
    }
    return status;
}
