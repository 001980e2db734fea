/* Lesions one by one, as the BraTS challenges count them since 2025 (brats-evaluation over panoptica): which
 * lesion was found, which was missed or invented, and how well those that were found are delineated. */
#ifndef PRUNET_METRICS_INSTANCE_H
#define PRUNET_METRICS_INSTANCE_H

#include "lib/metrics/convention.h"
#include "lib/metrics/mask.h"
#include <stdbool.h>

/* Lesions found, invented and missed, and tp / (tp + fp), tp / (tp + fn), tp / (tp + fp / 2 + fn / 2). */
struct detection {
    double tp, fp, fn;
    double precision, recall, f1;
};

struct mean_deviation {
    double mean, deviation; /* of the population, n */
};

struct instance_scores {
    struct detection all;
    struct detection large, small; /* with rule->large_volume only */
    double f1_auc;                 /* see instance_request */
    struct mean_deviation dice, nsd, hd95;
};

struct instance_request {
    bool distances; /* of each pair: nsd and hd95, else NaN */
    bool f1_auc;    /* area under F1 over the Dice from which on a pair counts, 0.1, 0.2 .. 1, else NaN */
};

/* Lesions are the 26-components of each mask. Pairs maximise the sum of their Dice (assignment.h); those
 * below 1e-6 are none. Dice, NSD and HD95 are of each pair alone, with mm and the smallest spacing as
 * NSD's tolerance. Mean and deviation are over the pairs; without a pair Dice and NSD are 0, HD95 infinite
 * and the deviation NaN, and all are NaN where both masks are empty, as are F1 and, where they are 0/0,
 * precision and recall.
 *
 * With rule->large_volume the means are over the large lesions of the reference, a missed one counting 0,
 * 0 and rule->penalty, and every false positive likewise; NaN without a large lesion. `large` and `small`
 * count as found what has a Dice of at least rule->detected_dice, and every false positive in both; NaN
 * where the reference has none of that size, and 0 for 0/0. f1_auc keeps its value at 0.1 down to 0 and is
 * the area under straight lines, as panoptica's. Spacing in mm (x, y, z); with rule->turned it is used as
 * (z, y, x). */
int instance_scores(const struct instance_rule *rule, const struct instance_request *request,
                    const struct mask *prediction, const struct mask *reference, const double spacing[3],
                    struct instance_scores *scores);

#endif
