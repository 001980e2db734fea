#include "lib/metrics/summary.h"
#include "lib/base/error.h"
#include "lib/metrics/order.h"
#include <math.h>
#include <stdlib.h>

const char *statistic_name(enum statistic statistic)
{
    static const char *const names[STATISTIC_COUNT] = {"mean",
                                                       "sd",
                                                       "median",
                                                       "q25",
                                                       "q75",
                                                       "counted",
                                                       "ci_low",
                                                       "ci_high",
                                                       "difference",
                                                       "difference_low",
                                                       "difference_high",
                                                       "difference_p",
                                                       "difference_counted"};
    return names[statistic];
}

int summarize_cases(const struct case_scores *cases, size_t count, int region, enum measure measure,
                    double value[STATISTIC_SUMMARY])
{
    double *defined = malloc((count + 1) * sizeof *defined);
    size_t n = 0;
    double sum = 0, squares = 0;
    if (!defined)
        return fail(STATUS_FAILURE, "out of memory for %zu cases", count);
    for (size_t i = 0; i < count; i++) {
        const double here = cases[i].region[region].value[measure];
        if (isnan(here))
            continue;
        defined[n++] = here;
        sum += here;
    }
    const double mean = n ? sum / (double)n : NAN;
    for (size_t i = 0; i < n; i++)
        squares += (defined[i] - mean) * (defined[i] - mean);
    value[STATISTIC_MEAN] = mean;
    value[STATISTIC_SD] = n > 1 ? sqrt(squares / (double)(n - 1)) : NAN;
    value[STATISTIC_MEDIAN] = order_quantile(defined, n, 0.5);
    value[STATISTIC_Q25] = order_quantile(defined, n, 0.25);
    value[STATISTIC_Q75] = order_quantile(defined, n, 0.75);
    value[STATISTIC_COUNTED] = (double)n;
    free(defined);
    return STATUS_OK;
}

struct case_counts count_cases(const struct case_scores *cases, size_t count, int region,
                               const enum measure *measures, size_t measure_count)
{
    struct case_counts counts = {0};
    for (size_t i = 0; i < count; i++) {
        const struct region_scores *scores = &cases[i].region[region];
        size_t undefined = 0;
        for (size_t m = 0; m < measure_count; m++)
            undefined += isnan(scores->value[measures[m]]) != 0;
        counts.left_out += undefined > 0;
        counts.both_empty += scores->prediction_empty && scores->reference_empty;
        counts.prediction_empty += scores->prediction_empty && !scores->reference_empty;
        counts.reference_empty += !scores->prediction_empty && scores->reference_empty;
    }
    return counts;
}
