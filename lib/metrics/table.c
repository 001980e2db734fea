#include "lib/metrics/table.h"
#include "lib/base/error.h"
#include "lib/metrics/row.h"
#include <stdio.h>

int table_begin(const struct table *table)
{
    static const char *const counts[] = {"both_empty", "prediction_empty", "reference_empty", "left_out",
                                         "convention"};
    struct row row;
    if (table->json || !table->header)
        return STATUS_OK;
    row_begin(&row, ROW_TSV);
    row_text(&row, NULL, "case");
    row_text(&row, NULL, "region");
    for (size_t i = 0; i < table->measure_count; i++)
        row_text(&row, NULL, measure_name(table->measures[i]));
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        row_text(&row, NULL, counts[i]);
    return row_end(&row, table->output);
}

/* kind: "case" or "statistic"; value[i] belongs to table->measures[i]. */
static int print_row(const struct table *table, const char *kind, const char *name, const char *region,
                     const double *value, const struct case_counts *counts)
{
    struct row row;
    row_begin(&row, table->json ? ROW_JSON : ROW_TSV);
    row_text(&row, kind, name);
    row_text(&row, "region", region);
    for (size_t i = 0; i < table->measure_count; i++)
        row_number(&row, measure_name(table->measures[i]), value[i]);
    row_count(&row, "both_empty", counts->both_empty);
    row_count(&row, "prediction_empty", counts->prediction_empty);
    row_count(&row, "reference_empty", counts->reference_empty);
    row_count(&row, "left_out", counts->left_out);
    row_text(&row, "convention", table->convention);
    return row_end(&row, table->output);
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
    for (size_t r = 0; r < sizeof platform_rows / sizeof platform_rows[0] && !status; r++) {
        struct row row;
        row_begin(&row, ROW_CSV);
        row_text(&row, NULL, platform_rows[r].name);
        for (int c = 0; c < PLATFORM_COLUMNS; c++)
            for (int region = 0; region < cases[0].regions; region++)
                row_number(&row, NULL, value[c][region][platform_rows[r].statistic]);
        status = row_end(&row, output);
    }
    return status;
}

static int submission_header(struct output *output, const struct case_scores *first)
{
    struct row row;
    row_begin(&row, ROW_CSV);
    row_text(&row, NULL, "Label");
    for (int c = 0; c < PLATFORM_COLUMNS; c++)
        for (int region = 0; region < first->regions; region++) {
            char name[64];
            snprintf(name, sizeof name, "%s_%s", platform_columns[c].name, first->region_names[region]);
            row_text(&row, NULL, name);
        }
    return row_end(&row, output);
}

int table_submission(struct output *output, const struct case_scores *cases, size_t count)
{
    int status = submission_header(output, cases);
    for (size_t i = 0; i < count && !status; i++) {
        struct row row;
        row_begin(&row, ROW_CSV);
        row_text(&row, NULL, cases[i].case_name);
        for (int c = 0; c < PLATFORM_COLUMNS; c++)
            for (int region = 0; region < cases[i].regions; region++)
                row_number(&row, NULL, cases[i].region[region].value[platform_columns[c].measure]);
        status = row_end(&row, output);
    }
    return status ? status : submission_statistics(output, cases, count);
}
