/* The scores of one case: every region of a prediction against its reference. */
#ifndef PRUNET_METRICS_SCORE_H
#define PRUNET_METRICS_SCORE_H

#include "lib/metrics/convention.h"
#include "lib/metrics/measure.h"
#include "lib/metrics/segmentation.h"
#include "lib/volume/labels.h"

struct case_scores {
    char case_name[CASE_NAME_SIZE];
    bool exchanged; /* core is where oedema should be, and the other way round: the Decathlon's numbers */
    struct label_readings readings; /* of the reference */
    int regions;
    const char *region_names[SCHEME_REGIONS_MAX]; /* ET, WT, TC, or mask */
    struct region_scores region[SCHEME_REGIONS_MAX];
};

/* How a case is scored. */
struct scoring {
    const struct convention *convention;
    enum label_set labels;
    bool wanted[MEASURE_COUNT];           /* measures (struct measure_request) */
    double tolerance[SCHEME_REGIONS_MAX]; /* mm, of MEASURE_NSD, for each row */
};

/* The labels of --scheme or, for NULL, those that the convention means; of --mask. STATUS_USAGE for both options together,
 * else as label_set_choose. */
int scoring_choose_labels(struct scoring *scoring, const char *scheme, bool mask);

/* What the numbers of all references together could mean besides what they are read as (label_readings.h). */
bool scores_doubt(const struct scoring *scoring, const struct label_readings *references,
                  char text[LABEL_READINGS_SIZE]);

/* Regions in the order of scored_regions: ET, WT, TC; or the one region "mask". Both segmentations have
 * been read with scoring->labels; different grids are STATUS_DATA. Spacing is the reference's, else the
 * prediction's, else 1 mm. */
int score_case(const struct scoring *scoring, const char *case_name, const struct segmentation *prediction,
               const struct segmentation *reference, struct case_scores *scores);

#endif
