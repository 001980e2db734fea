/* Items 3 and 4: the scores of the regions, and each case's row. */
#include "lib/base/error.h"
#include "lib/report/html.h"
#include "lib/report/report.h"
#include "lib/report/svg.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const enum measure shown[] = {MEASURE_DICE, MEASURE_SENSITIVITY, MEASURE_SPECIFICITY, MEASURE_HD95};
static const char *const shown_names[] = {"Dice", "sensitivity", "specificity", "HD95"};
enum { SHOWN = 4 };

static int decimals_of(enum measure measure)
{
    return measure == MEASURE_HD95 ? 2 : 4;
}

/* --- table ------------------------------------------------------------------------------------------- */

static int score_row(FILE *file, const struct report *report, int region, int m)
{
    const struct report_set *set = &report->set;
    double value[STATISTIC_SUMMARY], interval[2];
    int status = summarize_cases(set->scores, set->cases.count, region, shown[m], value);
    if (!status)
        status =
            bootstrap_interval(&report->bootstrap, set->scores, set->cases.count, region, shown[m], interval);
    if (status)
        return status;
    fputs("<tr><th scope=row>", file);
    html_text(file, report_region(set, region));
    fprintf(file, "<td>%s", shown_names[m]);
    for (int s = 0; s < STATISTIC_SUMMARY; s++) {
        fputs("<td class=n>", file);
        html_number(file, value[s], s == STATISTIC_COUNTED ? 0 : decimals_of(shown[m]));
        if (s == STATISTIC_MEAN) {
            fputs("<td class=n>", file);
            html_interval(file, interval, value[STATISTIC_COUNTED], decimals_of(shown[m]));
        }
    }
    fputc('\n', file);
    return STATUS_OK;
}

/* --- strip and box plot ------------------------------------------------------------------------------ */

/* A place beside the middle, the same for the same case each time. */
static double jitter(size_t i)
{
    return ((double)((i * 2654435761u) >> 16 & 1023) / 1023 - 0.5) * 0.36;
}

static void draw_box(const struct chart *chart, int region, const double value[STATISTIC_SUMMARY], double low,
                     double high)
{
    const double x = region, half = 0.3;
    const double top = chart_y(chart, value[STATISTIC_Q75]), bottom = chart_y(chart, value[STATISTIC_Q25]);
    if (!(value[STATISTIC_COUNTED] > 0))
        return;
    fprintf(chart->file, "<rect class=\"box c%d\" x=%.1f y=%.1f width=%.1f height=%.1f />\n", region,
            chart_x(chart, x - half), top, chart_x(chart, x + half) - chart_x(chart, x - half), bottom - top);
    chart_segment(chart, "whisker", x, value[STATISTIC_Q75], x, high);
    chart_segment(chart, "whisker", x, value[STATISTIC_Q25], x, low);
    chart_segment(chart, "median", x - half, value[STATISTIC_MEDIAN], x + half, value[STATISTIC_MEDIAN]);
}

/* The extremes within one and a half box lengths of the box, where the whiskers end. */
static void whiskers(const struct report_set *set, int region, enum measure measure,
                     const double value[STATISTIC_SUMMARY], double *low, double *high)
{
    const double reach = 1.5 * (value[STATISTIC_Q75] - value[STATISTIC_Q25]);
    *low = value[STATISTIC_Q25];
    *high = value[STATISTIC_Q75];
    for (size_t i = 0; i < set->cases.count; i++) {
        const double here = set->scores[i].region[region].value[measure];
        if (here >= value[STATISTIC_Q25] - reach)
            *low = fmin(*low, here);
        if (here <= value[STATISTIC_Q75] + reach)
            *high = fmax(*high, here);
    }
}

static int draw_strips(FILE *file, const struct report_set *set, enum measure measure, const char *title,
                       const char *label)
{
    const int regions = report_regions(set);
    const char *names[SCHEME_REGIONS_MAX];
    struct chart chart = {.file = file,
                          .low = {-0.6, INFINITY},
                          .high = {regions - 0.4, -INFINITY},
                          .title = title,
                          .label = {"region", label},
                          .names = names,
                          .name_count = regions};
    int status = STATUS_OK;
    for (int r = 0; r < regions; r++) {
        names[r] = report_region(set, r);
        for (size_t i = 0; i < set->cases.count; i++)
            chart_include(&chart, 1, set->scores[i].region[r].value[measure]);
    }
    if (measure == MEASURE_DICE)
        chart_include(&chart, 1, 1);
    fputs("<figure>", file);
    chart_begin(&chart, true, true);
    for (int r = 0; r < regions && !status; r++) {
        double value[STATISTIC_SUMMARY], low, high;
        char style[16];
        snprintf(style, sizeof style, "c%d", r);
        if ((status = summarize_cases(set->scores, set->cases.count, r, measure, value)))
            break;
        whiskers(set, r, measure, value, &low, &high);
        draw_box(&chart, r, value, low, high);
        for (size_t i = 0; i < set->cases.count; i++)
            chart_dot(&chart, style, r + jitter(i), set->scores[i].region[r].value[measure],
                      set->scores[i].case_name, set->scores[i].region[r].value[measure]);
    }
    chart_end(&chart);
    fputs("</figure>\n", file);
    return status;
}

int item_scores(FILE *file, const struct report *report)
{
    const struct report_set *set = &report->set;
    int status = STATUS_OK;
    if (!set->cases.count) {
        html_no_data(file, "No case is scored yet: make evaluate does that.");
        return status;
    }
    fputs("<p>Convention <b>", file);
    html_text(file, set->cases.convention);
    fprintf(file,
            "</b>; the interval is of the mean, 95 %%, by %d draws of the cases. HD95 is in mm. Where a "
            "score is not "
            "defined the case is not counted.</p>\n<div class=scroll><table><tr><th>region<th>score<th "
            "class=n>mean"
            "<th class=n>interval<th class=n>sd<th class=n>median<th class=n>25 %%<th class=n>75 %%<th "
            "class=n>cases\n",
            report->bootstrap.draws);
    for (int r = 0; r < report_regions(set) && !status; r++)
        for (int m = 0; m < SHOWN && !status; m++)
            status = score_row(file, report, r, m);
    fputs("</table></div>\n<div class=charts>\n", file);
    if (!status)
        status = draw_strips(file, set, MEASURE_DICE, "Dice of each case", "Dice");
    if (!status)
        status = draw_strips(file, set, MEASURE_HD95, "HD95 of each case", "mm");
    fputs("</div>\n", file);
    return status;
}

/* --- cases ------------------------------------------------------------------------------------------- */

/* A column that the table can be put in the order of. */
struct key {
    const struct report_set *set;
    int region;
    enum measure measure;
    bool descending; /* the worst first */
};

struct ranked {
    double value;
    size_t index;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (isnan(x->value) != isnan(y->value))
        return isnan(x->value) ? 1 : -1;
    if (!isnan(x->value) && x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* ranks[i]: the place of case i in that order. */
static void rank_cases(const struct key *key, struct ranked *scratch, int *ranks)
{
    const size_t count = key->set->cases.count;
    for (size_t i = 0; i < count; i++) {
        const double value = key->set->scores[i].region[key->region].value[key->measure];
        scratch[i] = (struct ranked){key->descending ? -value : value, i};
    }
    qsort(scratch, count, sizeof *scratch, compare_ranked);
    for (size_t i = 0; i < count; i++)
        ranks[scratch[i].index] = (int)i + 1;
}

static void case_row(FILE *file, const struct report_set *set, size_t i, const struct key *keys,
                     int key_count, const int *ranks)
{
    fputs("<tr style=\"", file);
    for (int k = 0; k < key_count; k++)
        fprintf(file, "--s%d:%d;", k + 1, ranks[(size_t)k * set->cases.count + i]);
    fputs("\"><th scope=row>", file);
    html_text(file, set->scores[i].case_name);
    for (int k = 0; k < key_count; k++) {
        const double value = set->scores[i].region[keys[k].region].value[keys[k].measure];
        fputs("<td>", file);
        if (keys[k].measure == MEASURE_DICE)
            html_number(file, value, 3);
        else if (keys[k].measure == MEASURE_HD95)
            html_number(file, value, 1);
        else
            html_number(file, value / 1000, 2);
    }
    fputc('\n', file);
}

/* The headings are the labels of radio buttons; the chosen one's order is the rows' (CSS), without a script. */
static void case_headings(FILE *file, const struct report_set *set, const struct key *keys, int key_count)
{
    static const char *const names[] = {"Dice", "HD95", "ml"};
    fputs("<tr class=head><th><label><input type=radio name=order id=s0 checked>case</label>", file);
    for (int k = 0; k < key_count; k++) {
        fprintf(file, "<th><label><input type=radio name=order id=s%d>", k + 1);
        html_text(file, report_region(set, keys[k].region));
        fprintf(file, " %s</label>",
                names[keys[k].measure == MEASURE_DICE   ? 0
                      : keys[k].measure == MEASURE_HD95 ? 1
                                                        : 2]);
    }
    fputs("\n", file);
}

static int choose_keys(const struct report_set *set, struct key *keys)
{
    static const enum measure measures[] = {MEASURE_DICE, MEASURE_HD95, MEASURE_VOLUME_REFERENCE};
    int count = 0;
    for (int m = 0; m < 3; m++)
        for (int r = 0; r < report_regions(set); r++)
            keys[count++] = (struct key){set, r, measures[m], m != 0};
    return count;
}

int item_cases(FILE *file, const struct report *report)
{
    const struct report_set *set = &report->set;
    struct key keys[3 * SCHEME_REGIONS_MAX];
    const int key_count = choose_keys(set, keys);
    const size_t count = set->cases.count;
    if (!count) {
        html_no_data(file, "No case is scored yet.");
        return STATUS_OK;
    }
    int *ranks = malloc(count * (size_t)key_count * sizeof *ranks);
    struct ranked *scratch = malloc(count * sizeof *scratch);
    int status = ranks && scratch ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for %zu cases", count);
    if (!status) {
        for (int k = 0; k < key_count; k++)
            rank_cases(&keys[k], scratch, ranks + (size_t)k * count);
        fprintf(
            file,
            "<p>A heading puts the cases in its order, the worst or the largest first. ml: the region's true "
            "volume.</p>\n<style>");
        for (int k = 1; k <= key_count; k++)
            fprintf(file, ".cases:has(#s%d:checked) tr{order:var(--s%d)}", k, k);
        fprintf(
            file,
            ".cases{grid-template-columns:minmax(8rem,max-content) repeat(%d,minmax(3.6rem,1fr))}</style>\n"
            "<div class=\"scroll tall\"><table class=cases>\n",
            key_count);
        case_headings(file, set, keys, key_count);
        for (size_t i = 0; i < count; i++)
            case_row(file, set, i, keys, key_count, ranks);
        fputs("</table></div>\n", file);
    }
    free(ranks);
    free(scratch);
    return status;
}
