#include "lib/metrics/score.h"
#include "lib/base/error.h"
#include <stdio.h>

/* Whether core and oedema lie in each other's places: n[i][k] voxels are i in the prediction and k in the
 * reference, with 0 for core that does not enhance and 1 for oedema. */
static bool look_exchanged(const struct segmentation *prediction, const struct segmentation *reference)
{
    enum { TIMES = 4, VOXELS_MIN = 10 };
    const uint8_t core = BIT_WT | BIT_TC, oedema = BIT_WT;
    const size_t voxels = grid_voxels(prediction->size);
    size_t n[2][2] = {{0}};
    for (size_t i = 0; i < voxels; i++) {
        const uint8_t p = prediction->voxels[i], r = reference->voxels[i];
        if ((p == core || p == oedema) && (r == core || r == oedema))
            n[p == oedema][r == oedema]++;
    }
    return n[0][1] >= VOXELS_MIN && n[1][0] >= VOXELS_MIN && n[0][1] > TIMES * n[0][0] &&
           n[1][0] > TIMES * n[1][1];
}

int score_case(const struct scoring *scoring, const char *case_name, const struct segmentation *prediction,
               const struct segmentation *reference, struct case_scores *scores)
{
    const bool mask = scoring->labels == LABELS_MASK;
    const double *spacing = segmentation_spacing(prediction, reference);
    int status = segmentation_compare(prediction, reference);
    snprintf(scores->case_name, sizeof scores->case_name, "%s", case_name);
    scores->exchanged = !status && !mask && look_exchanged(prediction, reference);
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
