/* Summaries of many cases: statistics of each region's measures. */
#ifndef PRUNET_METRICS_SUMMARY_H
#define PRUNET_METRICS_SUMMARY_H

#include "lib/metrics/score.h"
#include <stddef.h>

enum statistic {
    STATISTIC_MEAN,
    STATISTIC_SD, /* of the sample, n - 1; undefined for one case */
    STATISTIC_MEDIAN,
    STATISTIC_Q25, /* quantiles with linear interpolation */
    STATISTIC_Q75,
    STATISTIC_COUNTED, /* cases that are in the mean: all but those where the measure is undefined */
    STATISTIC_SUMMARY, /* how many of the above; below, what the bootstrap adds */
    STATISTIC_CI_LOW = STATISTIC_SUMMARY, /* 95 % interval of the mean, cases drawn with replacement */
    STATISTIC_CI_HIGH,
    STATISTIC_DIFFERENCE, /* mean of (first - second set), case by case */
    STATISTIC_DIFFERENCE_LOW,
    STATISTIC_DIFFERENCE_HIGH,
    STATISTIC_DIFFERENCE_P, /* two-sided share of draws on the other side of 0 */
    STATISTIC_DIFFERENCE_COUNTED,
    STATISTIC_COUNT
};

/* The row's name in a table, in place of a case: "mean", "sd", "median", "q25", "q75", "counted" ... */
const char *statistic_name(enum statistic statistic);

/* value[s] for s < STATISTIC_SUMMARY of one measure of one region over the cases. STATUS_FAILURE without
 * memory. */
int summarize_cases(const struct case_scores *cases, size_t count, int region, enum measure measure,
                    double value[STATISTIC_SUMMARY]);

/* Numbers of cases of one region; left_out: at least one of the measures is undefined. */
struct case_counts {
    size_t both_empty, prediction_empty, reference_empty, left_out;
};
struct case_counts count_cases(const struct case_scores *cases, size_t count, int region,
                               const enum measure *measures, size_t measure_count);

#endif
