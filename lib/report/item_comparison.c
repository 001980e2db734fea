/* Item 11: the same cases in two runs. */
#include "lib/base/error.h"
#include "lib/report/html.h"
#include "lib/report/rank_test.h"
#include "lib/report/report.h"
#include "lib/report/svg.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The cases that both sets have, with the second's regions in the first one's order. */
struct common {
    struct case_scores *first, *second;
    size_t count;
    int regions, second_region[SCHEME_REGIONS_MAX]; /* -1: the second has no such region */
};

static void match_regions(const struct report *report, struct common *common)
{
    common->regions = report_regions(&report->set);
    for (int r = 0; r < common->regions; r++) {
        common->second_region[r] = -1;
        for (int k = 0; k < report_regions(&report->beside); k++)
            if (!strcmp(report_region(&report->set, r), report_region(&report->beside, k)))
                common->second_region[r] = k;
    }
}

static int find_common(const struct report *report, struct common *common)
{
    const struct report_set *a = &report->set, *b = &report->beside;
    *common = (struct common){.first = calloc(a->cases.count + 1, sizeof *common->first),
                              .second = calloc(a->cases.count + 1, sizeof *common->second)};
    if (!common->first || !common->second)
        return fail(STATUS_FAILURE, "out of memory for %zu cases", a->cases.count);
    match_regions(report, common);
    for (size_t i = 0; i < a->cases.count; i++)
        for (size_t k = 0; k < b->cases.count; k++)
            if (!strcmp(a->scores[i].case_name, b->scores[k].case_name)) {
                struct case_scores *other = &common->second[common->count];
                common->first[common->count] = a->scores[i];
                *other = b->scores[k];
                for (int r = 0; r < common->regions; r++)
                    for (int m = 0; m < MEASURE_COUNT; m++)
                        other->region[r].value[m] =
                            common->second_region[r] < 0
                                ? NAN
                                : b->scores[k].region[common->second_region[r]].value[m];
                common->count++;
                break;
            }
    return STATUS_OK;
}

static void write_p(FILE *file, double p)
{
    fputs("<td class=n>", file);
    if (p < 0.00005)
        fputs("&lt;0.0001", file);
    else
        html_number(file, p, 4);
}

static int compare_row(FILE *file, const struct report *report, const struct common *common, int region,
                       enum measure measure, const char *name, double *scratch)
{
    const int decimals = measure == MEASURE_HD95 ? 2 : 4;
    struct rank_test test;
    double value[5];
    int status = bootstrap_difference(&report->bootstrap, common->first, common->second, common->count,
                                      region, measure, value);
    for (size_t i = 0; i < common->count; i++)
        scratch[i] =
            common->first[i].region[region].value[measure] - common->second[i].region[region].value[measure];
    if (!status)
        status = rank_test(scratch, common->count, &test);
    if (status)
        return status;
    fputs("<tr><th scope=row>", file);
    html_text(file, report_region(&report->set, region));
    fprintf(file, "<td>%s", name);
    fputs("<td class=n>", file);
    html_number(file, value[0], decimals);
    fputs("<td class=n>", file);
    html_number(file, value[1], decimals);
    fputs(" … ", file);
    html_number(file, value[2], decimals);
    write_p(file, value[3]);
    write_p(file, test.p);
    fprintf(file, "<td class=n>%.0f\n", value[4]);
    return STATUS_OK;
}

static void draw_pairs(FILE *file, const struct report *report, const struct common *common, int region)
{
    char title[128], style[16];
    snprintf(title, sizeof title, "%s: Dice of each case", report_region(&report->set, region));
    snprintf(style, sizeof style, "c%d", region);
    struct chart chart = {.file = file,
                          .low = {INFINITY, INFINITY},
                          .high = {-INFINITY, -INFINITY},
                          .title = title,
                          .label = {"beside it", "this one"}};
    for (size_t i = 0; i < common->count; i++)
        for (int axis = 0; axis < 2; axis++) {
            chart_include(&chart, axis, common->first[i].region[region].value[MEASURE_DICE]);
            chart_include(&chart, axis, common->second[i].region[region].value[MEASURE_DICE]);
        }
    fputs("<figure>", file);
    chart_begin(&chart, true, true);
    chart_segment(&chart, "ideal", chart.low[0], chart.low[0], chart.high[0], chart.high[0]);
    for (size_t i = 0; i < common->count; i++)
        chart_dot(&chart, style, common->second[i].region[region].value[MEASURE_DICE],
                  common->first[i].region[region].value[MEASURE_DICE], common->first[i].case_name,
                  common->first[i].region[region].value[MEASURE_DICE] -
                      common->second[i].region[region].value[MEASURE_DICE]);
    chart_end(&chart);
    fputs("</figure>\n", file);
}

static int compare(FILE *file, const struct report *report, const struct common *common)
{
    double *scratch = malloc((common->count + 1) * sizeof *scratch);
    int status = scratch ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for %zu cases", common->count);
    fputs("<p>This one minus <b>", file);
    html_text(file, report->beside.name);
    fprintf(file,
            "</b>, case by case, over the %zu cases that both have: mean difference, its 95 %% interval and "
            "p by the "
            "bootstrap, p of Wilcoxon's signed ranks.</p>\n<div class=scroll><table><tr><th>region<th>score"
            "<th class=n>difference<th class=n>interval<th class=n>p, bootstrap<th class=n>p, ranks<th "
            "class=n>cases\n",
            common->count);
    for (int r = 0; r < common->regions && !status; r++) {
        status = compare_row(file, report, common, r, MEASURE_DICE, "Dice", scratch);
        if (!status)
            status = compare_row(file, report, common, r, MEASURE_HD95, "HD95", scratch);
    }
    fputs("</table></div>\n<div class=charts>\n", file);
    for (int r = 0; r < common->regions && !status; r++)
        draw_pairs(file, report, common, r);
    fputs("</div>\n", file);
    free(scratch);
    return status;
}

/* Settings that are not the same. */
static void differing_settings(FILE *file, const struct report *report)
{
    const struct report_table *a = &report->set.settings, *b = &report->beside.settings;
    bool any = false;
    for (size_t row = 0; row < a->rows && b->rows; row++) {
        const char *key = report_cell(a, row, 0), *mine = report_cell(a, row, 1),
                   *other = report_value(b, key, "");
        if (!strcmp(mine, other))
            continue;
        fputs(any ? "<tr><th scope=row>"
                  : "<div class=scroll><table class=facts><tr><th>setting<th>this one<th>beside it\n"
                    "<tr><th scope=row>",
              file);
        any = true;
        html_text(file, key);
        fputs("<td>", file);
        html_text(file, mine);
        fputs("<td>", file);
        html_text(file, other);
        fputc('\n', file);
    }
    if (any)
        fputs("</table></div>\n", file);
}

int item_comparison(FILE *file, const struct report *report)
{
    struct common common;
    if (!report->has_beside) {
        html_no_data(file, "One run alone: --beside RUN2 compares it with another.");
        return STATUS_OK;
    }
    differing_settings(file, report);
    int status = find_common(report, &common);
    if (!status && !common.count)
        html_no_data(file, "No case is scored in both.");
    else if (!status)
        status = compare(file, report, &common);
    free(common.first);
    free(common.second);
    return status;
}
