#include "lib/metrics/score.h"
#include "lib/base/error.h"
#include <stdio.h>
#include <string.h>

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

int scoring_choose_labels(struct scoring *scoring, const char *scheme, bool mask)
{
    const char *meant = scoring->convention->scheme;
    if (mask && scheme)
        return fail(STATUS_USAGE, "--mask and --scheme exclude each other");
    int status = label_set_choose(scheme ? scheme : meant ? meant : "2018", &scoring->labels);
    if (!status && mask)
        scoring->labels = LABELS_MASK;
    return status;
}

bool scores_doubt(const struct scoring *scoring, const struct label_readings *references,
                  char text[LABEL_READINGS_SIZE])
{
    const struct label_scheme *scheme = label_scheme_named(scoring->labels == LABELS_2023 ? "2023" : "2018");
    return references->maps && scoring->labels <= LABELS_2023 &&
           label_readings_doubt(references, scheme, text);
}

int score_case(const struct scoring *scoring, const char *case_name, const struct segmentation *prediction,
               const struct segmentation *reference, struct case_scores *scores)
{
    const struct scored_regions regions = scored_regions(scoring->labels);
    const double *spacing = segmentation_spacing(prediction, reference);
    struct measure_request request = {.enhancing = false};
    int status = segmentation_compare(prediction, reference);
    snprintf(scores->case_name, sizeof scores->case_name, "%s", case_name);
    scores->exchanged = !status && scoring->labels < LABELS_SCHEME && look_exchanged(prediction, reference);
    scores->readings = reference->readings;
    scores->regions = regions.count;
    memcpy(request.wanted, scoring->wanted, sizeof request.wanted);
    for (int i = 0; i < regions.count && !status; i++) {
        const struct mask p = segmentation_region(prediction, regions.bit[i]);
        const struct mask r = segmentation_region(reference, regions.bit[i]);
        scores->region_names[i] = regions.name[i];
        request.enhancing = !strcmp(regions.name[i], "ET");
        request.tolerance = scoring->tolerance[i];
        status = measure_region(scoring->convention, &request, &p, &r, spacing, &scores->region[i]);
    }
    return status;
}
