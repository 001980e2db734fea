#include "lib/metrics/table.h"
#include "lib/base/error.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* A line that is written whole: at most 2 names, 13 numbers and their keys. */
struct line {
    char text[2048];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void append(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line->length +=
        (size_t)vsnprintf(line->text + line->length, sizeof line->text - line->length, format, arguments);
    va_end(arguments);
}

static int flush(struct output *output, struct line *line)
{
    append(line, "\n");
    return output_write(output, line->text, line->length);
}

static void append_number(struct line *line, double value, bool json)
{
    if (isnan(value)) /* "nan" without a sign */
        append(line, json ? "null" : "nan");
    else if (isinf(value))
        append(line, json ? "\"%s\"" : "%s", value > 0 ? "inf" : "-inf");
    else
        append(line, "%.9g", value);
}

int table_begin(const struct table *table)
{
    struct line line = {.length = 0};
    if (table->json || !table->header)
        return STATUS_OK;
    append(&line, "case\tregion");
    for (size_t i = 0; i < table->measure_count; i++)
        append(&line, "\t%s", measure_name(table->measures[i]));
    append(&line, "\tboth_empty\tprediction_empty\treference_empty\tleft_out\tconvention");
    return flush(table->output, &line);
}

/* kind: "case" or "statistic"; value[i] belongs to table->measures[i]. */
static int print_row(const struct table *table, const char *kind, const char *name, const char *region,
                     const double *value, const struct case_counts *counts)
{
    struct line line = {.length = 0};
    if (table->json)
        append(&line, "{\"%s\":\"%s\",\"region\":\"%s\"", kind, name, region);
    else
        append(&line, "%s\t%s", name, region);
    for (size_t i = 0; i < table->measure_count; i++) {
        if (table->json)
            append(&line, ",\"%s\":", measure_name(table->measures[i]));
        else
            append(&line, "\t");
        append_number(&line, value[i], table->json);
    }
    append(&line,
           table->json ? ",\"both_empty\":%zu,\"prediction_empty\":%zu,\"reference_empty\":%zu,\"left_out\":%"
                         "zu,\"convention\":\"%s\"}"
                       : "\t%zu\t%zu\t%zu\t%zu\t%s",
           counts->both_empty, counts->prediction_empty, counts->reference_empty, counts->left_out,
           table->convention);
    return flush(table->output, &line);
}

int table_case(const struct table *table, const struct case_scores *scores)
{
    int status = STATUS_OK;
    for (int region = 0; region < scores->regions && !status; region++) {
        double value[MEASURE_COUNT];
        for (size_t i = 0; i < table->measure_count; i++)
            value[i] = scores->region[region].value[table->measures[i]];
        const struct case_counts counts =
            count_cases(scores, 1, region, table->measures, table->measure_count);
        status = print_row(table, "case", scores->case_name, scores->region_names[region], value, &counts);
    }
    return status;
}

/* All statistics of one region: value[measure][statistic]. */
static int region_statistics(const struct table *table, const struct case_scores *cases, size_t count,
                             const struct bootstrap *bootstrap, const struct case_scores *second, int region,
                             double value[MEASURE_COUNT][STATISTIC_COUNT])
{
    int status = STATUS_OK;
    for (size_t i = 0; i < table->measure_count && !status; i++) {
        const enum measure measure = table->measures[i];
        status = summarize_cases(cases, count, region, measure, value[i]);
        if (!status && bootstrap)
            status =
                bootstrap_interval(bootstrap, cases, count, region, measure, &value[i][STATISTIC_CI_LOW]);
        if (!status && bootstrap && second)
            status = bootstrap_difference(bootstrap, cases, second, count, region, measure,
                                          &value[i][STATISTIC_DIFFERENCE]);
    }
    return status;
}

int table_summary(const struct table *table, const struct case_scores *cases, size_t count,
                  const struct bootstrap *bootstrap, const struct case_scores *second)
{
    const int end = !bootstrap ? STATISTIC_SUMMARY : !second ? STATISTIC_DIFFERENCE : STATISTIC_COUNT;
    int status = STATUS_OK;
    for (int region = 0; count && region < cases[0].regions && !status; region++) {
        double value[MEASURE_COUNT][STATISTIC_COUNT], row[MEASURE_COUNT];
        const struct case_counts counts =
            count_cases(cases, count, region, table->measures, table->measure_count);
        status = region_statistics(table, cases, count, bootstrap, second, region, value);
        for (int s = 0; s < end && !status; s++) {
            for (size_t i = 0; i < table->measure_count; i++)
                row[i] = value[i][s];
            status =
                print_row(table, "statistic", statistic_name(s), cases[0].region_names[region], row, &counts);
        }
    }
    return status;
}

static const struct {
    const char *name;
    enum measure measure;
} platform_columns[] = {{"Dice", MEASURE_DICE},
                        {"Sensitivity", MEASURE_SENSITIVITY},
                        {"Specificity", MEASURE_SPECIFICITY},
                        {"Hausdorff95", MEASURE_HD95}};
enum { PLATFORM_COLUMNS = 4 };

static const struct {
    const char *name;
    enum statistic statistic;
} platform_rows[] = {{"Mean", STATISTIC_MEAN},
                     {"StdDev", STATISTIC_SD},
                     {"Median", STATISTIC_MEDIAN},
                     {"25quantile", STATISTIC_Q25},
                     {"75quantile", STATISTIC_Q75}};

static int submission_statistics(struct output *output, const struct case_scores *cases, size_t count)
{
    double value[PLATFORM_COLUMNS][SCHEME_REGIONS_MAX][STATISTIC_SUMMARY];
    int status = STATUS_OK;
    for (int c = 0; c < PLATFORM_COLUMNS; c++)
        for (int region = 0; region < cases[0].regions && !status; region++)
            status = summarize_cases(cases, count, region, platform_columns[c].measure, value[c][region]);
    for (size_t row = 0; row < sizeof platform_rows / sizeof platform_rows[0] && !status; row++) {
        struct line line = {.length = 0};
        append(&line, "%s", platform_rows[row].name);
        for (int c = 0; c < PLATFORM_COLUMNS; c++)
            for (int region = 0; region < cases[0].regions; region++) {
                append(&line, ",");
                append_number(&line, value[c][region][platform_rows[row].statistic], false);
            }
        status = flush(output, &line);
    }
    return status;
}

int table_submission(struct output *output, const struct case_scores *cases, size_t count)
{
    struct line line = {.length = 0};
    append(&line, "Label");
    for (int c = 0; c < PLATFORM_COLUMNS; c++)
        for (int region = 0; region < cases[0].regions; region++)
            append(&line, ",%s_%s", platform_columns[c].name, cases[0].region_names[region]);
    int status = flush(output, &line);
    for (size_t i = 0; i < count && !status; i++) {
        line.length = 0;
        append(&line, "%s", cases[i].case_name);
        for (int c = 0; c < PLATFORM_COLUMNS; c++)
            for (int region = 0; region < cases[i].regions; region++) {
                append(&line, ",");
                append_number(&line, cases[i].region[region].value[platform_columns[c].measure], false);
            }
        status = flush(output, &line);
    }
    return status ? status : submission_statistics(output, cases, count);
}
