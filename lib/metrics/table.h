/* Tables of scores: TSV with a header line, JSON Lines, or the CSV of the BraTS platform.
 *
 * The order of the columns is an interface: case, region, the measures, both_empty, prediction_empty,
 * reference_empty, left_out, convention. In a case's row the four counts are 0 or 1; in a row of the summary
 * they count cases, so that beside every mean stands how many cases it leaves out. Undefined values are
 * "nan", infinite ones "inf"; null and "inf" in JSON. */
#ifndef PRUNET_METRICS_TABLE_H
#define PRUNET_METRICS_TABLE_H

#include "lib/base/output.h"
#include "lib/metrics/bootstrap.h"
#include "lib/metrics/summary.h"

struct table {
    struct output *output;
    const char *convention;
    const enum measure *measures;
    size_t measure_count;
    bool json, header;
};

/* The header line, unless json or not wanted. */
int table_begin(const struct table *table);

/* A row for each region. */
int table_case(const struct table *table, const struct case_scores *scores);

/* A row for each region and statistic. `bootstrap` NULL: none; `second` NULL: no differences, else as many
 * cases as the first set. */
int table_summary(const struct table *table, const struct case_scores *cases, size_t count,
                  const struct bootstrap *bootstrap, const struct case_scores *second);

/* The BraTS platform's layout, whole: Label, then Dice, Sensitivity, Specificity and Hausdorff95 of ET, WT,
 * TC; the cases; Mean, StdDev, Median, 25quantile, 75quantile. */
int table_submission(struct output *output, const struct case_scores *cases, size_t count);

#endif
