/* The bootstrap over cases: is 80.3 more than 79.7?
 *
 * Cases are drawn with replacement, as many as there are, `draws` times; the 2.5 and 97.5 percentiles of the
 * means are the interval (Efron's percentile interval). A draw is a function of the seed, its number and the
 * cases' names in sorted order: neither the order of the list nor the number of threads changes it. Regions
 * and measures share draws. */
#ifndef PRUNET_METRICS_BOOTSTRAP_H
#define PRUNET_METRICS_BOOTSTRAP_H

#include "lib/metrics/summary.h"
#include <stdint.h>

struct bootstrap {
    uint64_t seed;
    int draws;
};

/* value[0], value[1]: the interval of the mean of one measure of one region. A draw in which the measure is
 * undefined for every case is left out; NaN when none is left. */
int bootstrap_interval(const struct bootstrap *bootstrap, const struct case_scores *cases, size_t count,
                       int region, enum measure measure, double value[2]);

/* The paired difference first - second, over the cases where both are defined. The sets hold the same names,
 * each in its own order. value[]: mean, low, high, p, count, as STATISTIC_DIFFERENCE ..
 * STATISTIC_DIFFERENCE_COUNTED. p = 2 (k + 1) / (draws + 1), at most 1, k the draws whose mean difference is
 * 0 or of the rarer sign. */
int bootstrap_difference(const struct bootstrap *bootstrap, const struct case_scores *first,
                         const struct case_scores *second, size_t count, int region, enum measure measure,
                         double value[5]);

/* STATUS_DATA naming a case that only one of the sets holds. */
int bootstrap_same_cases(const struct case_scores *first, size_t first_count,
                         const struct case_scores *second, size_t second_count);

#endif
