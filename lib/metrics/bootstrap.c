#include "lib/metrics/bootstrap.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/base/random.h"
#include "lib/metrics/order.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_cases(const void *a, const void *b)
{
    return strcmp((*(const struct case_scores *const *)a)->case_name,
                  (*(const struct case_scores *const *)b)->case_name);
}

/* Pointers to the cases in the order of their names; NULL without memory. */
static const struct case_scores **sorted(const struct case_scores *cases, size_t count)
{
    const struct case_scores **order = malloc((count + 1) * sizeof *order);
    for (size_t i = 0; order && i < count; i++)
        order[i] = &cases[i];
    if (order)
        qsort(order, count, sizeof *order, compare_cases);
    return order;
}

/* Means of the defined values among n cases drawn with replacement; returns how many draws had one. */
static size_t draw_means(const struct bootstrap *bootstrap, const double *values, size_t n, double *means)
{
    const uint64_t key = random_key(bootstrap->seed, "bootstrap");
    size_t counted = 0;
    for (int draw = 0; draw < bootstrap->draws; draw++) {
        const uint64_t draw_key = random_key_number(key, (uint64_t)draw);
        double sum = 0;
        size_t defined = 0;
        for (size_t i = 0; i < n; i++) {
            const double value = values[(size_t)(random_uniform(draw_key, i) * (double)n)];
            if (isnan(value))
                continue;
            sum += value;
            defined++;
        }
        if (defined)
            means[counted++] = sum / (double)defined;
    }
    return counted;
}

static int interval(const struct bootstrap *bootstrap, const double *values, size_t n, double value[2],
                    double *p)
{
    double *means = malloc(((size_t)bootstrap->draws + 1) * sizeof *means);
    if (!means)
        return fail(STATUS_FAILURE, "out of memory for %d draws", bootstrap->draws);
    const size_t counted = draw_means(bootstrap, values, n, means);
    size_t at_most_0 = 0, at_least_0 = 0;
    for (size_t i = 0; i < counted; i++) {
        at_most_0 += means[i] <= 0;
        at_least_0 += means[i] >= 0;
    }
    const size_t rarer = size_min(at_most_0, at_least_0);
    *p = counted ? fmin(1, 2 * ((double)rarer + 1) / ((double)counted + 1)) : NAN;
    value[0] = order_quantile(means, counted, 0.025);
    value[1] = order_quantile(means, counted, 0.975);
    free(means);
    return STATUS_OK;
}

int bootstrap_interval(const struct bootstrap *bootstrap, const struct case_scores *cases, size_t count,
                       int region, enum measure measure, double value[2])
{
    const struct case_scores **order = sorted(cases, count);
    double *values = malloc((count + 1) * sizeof *values), p;
    int status = order && values ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for %zu cases", count);
    for (size_t i = 0; i < count && !status; i++)
        values[i] = order[i]->region[region].value[measure];
    if (!status)
        status = interval(bootstrap, values, count, value, &p);
    free(values);
    free(order);
    return status;
}

int bootstrap_difference(const struct bootstrap *bootstrap, const struct case_scores *first,
                         const struct case_scores *second, size_t count, int region, enum measure measure,
                         double value[5])
{
    const struct case_scores **a = sorted(first, count), **b = sorted(second, count);
    double *values = malloc((count + 1) * sizeof *values), sum = 0;
    size_t n = 0;
    int status = a && b && values ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for %zu cases", count);
    for (size_t i = 0; i < count && !status; i++) {
        values[i] = a[i]->region[region].value[measure] - b[i]->region[region].value[measure];
        if (isnan(values[i]))
            continue;
        sum += values[i];
        n++;
    }
    if (!status)
        status = interval(bootstrap, values, count, value + 1, &value[3]);
    value[0] = n ? sum / (double)n : NAN;
    value[4] = (double)n;
    free(values);
    free(a);
    free(b);
    return status;
}

int bootstrap_same_cases(const struct case_scores *first, size_t first_count,
                         const struct case_scores *second, size_t second_count)
{
    const struct case_scores **a = sorted(first, first_count), **b = sorted(second, second_count);
    int status = a && b ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for %zu cases", first_count);
    for (size_t i = 0; !status && (i < first_count || i < second_count); i++) {
        int order = i == first_count ? 1 : i == second_count ? -1 : strcmp(a[i]->case_name, b[i]->case_name);
        if (order)
            status = fail(STATUS_DATA, "case %s is in the %s set only",
                          order < 0 ? a[i]->case_name : b[i]->case_name, order < 0 ? "first" : "second");
    }
    free(a);
    free(b);
    return status;
}
