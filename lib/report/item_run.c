/* Items 1, 2 and 10 of the page: what was run, how it learned, what was found in the data. */
#include "lib/base/error.h"
#include "lib/report/html.h"
#include "lib/report/report.h"
#include "lib/report/run_scheme.h"
#include "lib/report/svg.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- header ------------------------------------------------------------------------------------------ */

static void pair_of_bytes(FILE *file, const char *name, double bytes)
{
    char text[64];
    snprintf(text, sizeof text, "%.0f MiB", bytes / (1 << 20));
    html_pair(file, name,
              isfinite(bytes) ? text : "not noted: the run is of an earlier version, or has no epoch yet");
}

static size_t count_inputs(const struct report_set *set, const char *list)
{
    size_t count = 0;
    for (size_t row = 0; row < set->inputs.rows; row++)
        count += !strcmp(report_cell(&set->inputs, row, 1), list);
    return count;
}

/* The mean over the epochs, which the first one's start does not spoil. */
static double seconds_a_step(const struct report_set *set)
{
    const int seconds = report_column(&set->times, "seconds"), steps = report_column(&set->times, "steps");
    double sum = 0, count = 0;
    for (size_t row = 1; row < set->times.rows; row++) {
        sum += report_number(&set->times, row, seconds);
        count += report_number(&set->times, row, steps);
    }
    return count > 0 ? sum / count : NAN;
}

/* The first columns of a table behind a line that opens it; a third one has digests. Nothing where it has no row. */
static void details(FILE *file, const char *title, const struct report_table *table, int columns)
{
    if (!table->rows)
        return;
    fprintf(file, "<details><summary>%s</summary><div class=scroll><table class=facts>\n", title);
    for (size_t row = 0; row < table->rows; row++) {
        fputs("<tr><th scope=row>", file);
        html_text(file, report_cell(table, row, 0));
        for (int column = 1; column < columns; column++) {
            fputs(column == 2 ? "<td class=digest>" : "<td>", file);
            html_text(file, report_cell(table, row, column));
        }
        fputc('\n', file);
    }
    fputs("</table></div></details>\n", file);
}

static void header_of_run(FILE *file, const struct report_set *set)
{
    char text[256];
    const double step = seconds_a_step(set);
    fputs("<div class=scroll><table class=facts>\n", file);
    html_pair(file, "run", set->name);
    html_pair(file, "configuration", report_value(&set->settings, "row", "not noted"));
    html_pair(file, "seed", report_value(&set->settings, "seed", "not noted"));
    html_pair(file, "version", report_value(&set->circumstances, "version", "not noted"));
    snprintf(text, sizeof text, "%.80s, %.120s", report_value(&set->circumstances, "host", "host not noted"),
             report_value(&set->circumstances, "cpu", "processor not noted"));
    html_pair(file, "machine", text);
    html_pair(file, "backend", report_value(&set->circumstances, "backend", "not noted"));
    snprintf(text, sizeof text, "%zu for training, %zu for validation", count_inputs(set, "training"),
             count_inputs(set, "validation"));
    html_pair(file, "cases", text);
    snprintf(text, sizeof text, "%zu, the best is number %d", set->log.rows ? set->log.rows - 1 : 0,
             set->best_epoch);
    html_pair(file, "epochs", set->log.rows > 1 ? text : "none is complete");
    html_pair(file, "SHA-256 of the best state", *set->state_digest ? set->state_digest : "there is none");
    pair_of_bytes(file, "memory of a step, planned",
                  report_number(&set->usage, 1, report_column(&set->usage, "planned")));
    pair_of_bytes(file, "memory of the process, measured",
                  report_number(&set->usage, 1, report_column(&set->usage, "measured")));
    snprintf(text, sizeof text, "%.2f", step);
    html_pair(file, "seconds a step", isfinite(step) ? text : "not noted");
    fputs("</table></div>\n", file);
    details(file, "All settings", &set->settings, 2);
    details(file, "Digests of the cases", &set->inputs, 3);
}

static void header_of(FILE *file, const struct report_set *set)
{
    char text[64];
    if (set->is_run) {
        header_of_run(file, set);
        return;
    }
    snprintf(text, sizeof text, "%zu", set->cases.count);
    fputs("<div class=scroll><table class=facts>\n", file);
    html_pair(file, "predictions", set->name);
    html_pair(file, "cases", text);
    fputs("</table></div>\n", file);
    html_no_data(file, "No run was given: configuration, seed, versions, memory and seconds are not known.");
}

int item_header(FILE *file, const struct report *report)
{
    header_of(file, &report->set);
    if (report->has_beside) {
        fputs("<h3>Beside it</h3>\n", file);
        header_of(file, &report->beside);
    }
    return STATUS_OK;
}

/* --- learning curves --------------------------------------------------------------------------------- */

/* A column of the log as numbers, of `rows` epochs; NaN where it has none. */
static void take_column(const struct report_table *log, const char *name, double *values)
{
    const int column = report_column(log, name);
    for (size_t row = 1; row < log->rows; row++)
        values[row - 1] = report_number(log, row, column);
}

static void mark_best(const struct chart *chart, const struct report_set *set)
{
    if (set->best_epoch > 0) {
        chart_segment(chart, "best", set->best_epoch, chart->low[1], set->best_epoch, chart->high[1]);
        const double x = chart_x(chart, set->best_epoch);
        const bool left = x > CHART_WIDTH * 0.7;
        fprintf(chart->file, "<text class=best x=%.1f y=40 text-anchor=%s>best: epoch %d</text>\n",
                x + (left ? -4 : 4), left ? "end" : "start", set->best_epoch);
    }
}

/* One chart of columns of the log. A column "dice_wt" has the colour of region WT. */
static void draw_columns(FILE *file, const struct report_set *set, const char *title, const char *label,
                         const char *const *columns, const char *const *styles, int count, bool logarithmic,
                         double *scratch)
{
    const size_t epochs = set->log.rows - 1;
    double *x = scratch, *y = scratch + epochs;
    struct chart chart = {.file = file,
                          .low = {INFINITY, INFINITY},
                          .high = {-INFINITY, -INFINITY},
                          .logarithmic = {false, logarithmic},
                          .title = title,
                          .label = {"epoch", label}};
    take_column(&set->log, "epoch", x);
    for (int c = 0; c < count; c++) {
        take_column(&set->log, columns[c], y);
        for (size_t i = 0; i < epochs; i++) {
            chart_include(&chart, 0, x[i]);
            if (!logarithmic || y[i] > 0)
                chart_include(&chart, 1, y[i]);
        }
    }
    chart_begin(&chart, false, true);
    for (int c = 0; c < count; c++) {
        take_column(&set->log, columns[c], y);
        chart_line(&chart, styles[c], x, y, epochs);
        for (size_t i = 0; i < epochs && epochs == 1; i++)
            chart_dot(&chart, styles[c], x[i], y[i], columns[c], y[i]);
    }
    mark_best(&chart, set);
    chart_end(&chart);
}

/* What the colours mean, below a chart. */
static void legend(FILE *file, const char *const *names, const char *const *styles, int count)
{
    fputs("<p class=legend>", file);
    for (int i = 0; i < count; i++) {
        fprintf(file,
                "<span class=key><svg viewBox=\"0 0 18 8\"><path class=\"line %s\" d=\"M0 4 H18\"/></svg>",
                styles[i]);
        html_text(file, names[i]);
        fputs("</span> ", file);
    }
    fputs("</p>\n", file);
}

static void curves_of(FILE *file, const struct report_set *set, double *scratch)
{
    enum { EXTRA = 2, REGION_STYLE = 16 };
    static const char *const loss[] = {"loss"}, *const rate[] = {"learning_rate"}, *const plain[] = {"mean"};
    char styles[SCHEME_REGIONS_MAX][REGION_STYLE];
    struct run_regions regions;
    const char *column[SCHEME_REGIONS_MAX + EXTRA], *style[SCHEME_REGIONS_MAX + EXTRA],
        *name[SCHEME_REGIONS_MAX + EXTRA];
    int count = 0;
    run_regions(set->scheme, &set->log, &regions);
    for (; count < regions.count; count++) {
        snprintf(styles[count], sizeof styles[count], "c%d", count);
        column[count] = report_cell(&set->log, 0, regions.column[count]);
        style[count] = styles[count];
        name[count] = regions.name[count];
    }
    column[count] = "validation", style[count] = "mean", name[count++] = "mean of the regions";
    column[count] = "average", style[count] = "average", name[count++] = "its moving average";
    fputs("<div class=charts>\n<figure>", file);
    draw_columns(file, set, "Loss in training", "loss", loss, plain, 1, false, scratch);
    fputs("</figure>\n<figure>", file);
    draw_columns(file, set, "Dice in validation", "Dice", column, style, count, false, scratch);
    legend(file, name, style, count);
    fputs("</figure>\n<figure>", file);
    draw_columns(file, set, "Learning rate", "rate", rate, plain, 1, true, scratch);
    fputs("</figure>\n</div>\n", file);
}

int item_curves(FILE *file, const struct report *report)
{
    const struct report_set *const sets[] = {&report->set, &report->beside};
    for (int s = 0; s < (report->has_beside ? 2 : 1); s++) {
        if (s)
            fputs("<h3>Beside it</h3>\n", file);
        if (sets[s]->log.rows < 2) {
            html_no_data(file, sets[s]->is_run ? "No epoch is complete yet." : "No run was given.");
            continue;
        }
        double *scratch = malloc(2 * sets[s]->log.rows * sizeof *scratch);
        if (!scratch)
            return fail(STATUS_FAILURE, "out of memory for %zu epochs", sets[s]->log.rows);
        curves_of(file, sets[s], scratch);
        free(scratch);
    }
    return STATUS_OK;
}

/* --- checks ------------------------------------------------------------------------------------------ */

/* A row, unless there is nothing to remark; how many it is. */
static size_t list_remark(FILE *file, const struct case_summary *summary, const char *record,
                          const char *remark, bool first)
{
    if (!*remark || !strcmp(remark, "ok"))
        return 0;
    fprintf(file, "%s<tr><td>", first ? "<div class=scroll><table><tr><th>case<th>record<th>remark\n" : "");
    html_text(file, summary->scores.case_name);
    fprintf(file, "<td>%s<td>", record);
    html_text(file, remark);
    fputc('\n', file);
    return 1;
}

/* The network sees no voxel beside the crop, and its label map has none there. */
static void tell_cut_off(const struct case_summary *summary, char remark[128])
{
    *remark = 0;
    if (summary->cut_off > 0)
        snprintf(remark, 128, "%.0f label voxels lie outside of the crop, where the network sees nothing",
                 summary->cut_off);
}

static size_t list_checks(FILE *file, const struct report_set *set)
{
    size_t looked = 0, remarks = 0;
    for (size_t i = 0; i < set->cases.count; i++) {
        const struct case_summary *summary = &set->cases.items[i];
        char cut_off[128];
        tell_cut_off(summary, cut_off);
        looked += *summary->image_check || *summary->label_check;
        remarks += list_remark(file, summary, "image", summary->image_check, !remarks);
        remarks += list_remark(file, summary, "label map", summary->label_check, !remarks);
        remarks += list_remark(file, summary, "label map", cut_off, !remarks);
    }
    if (remarks)
        fputs("</table></div>\n", file);
    if (looked) {
        fputs("<p>The records of ", file);
        html_count(file, looked, "case");
        fprintf(file, " were looked at. Remarks: %zu.</p>\n", remarks);
    }
    return looked;
}

static bool list_table(FILE *file, const struct report_table *table)
{
    if (table->rows < 2)
        return false;
    fputs("<div class=scroll><table>\n", file);
    for (size_t row = 0; row < table->rows; row++) {
        fputs("<tr>", file);
        for (size_t c = 0; c < table->columns; c++) {
            fputs(row ? "<td>" : "<th>", file);
            html_text(file, report_cell(table, row, (int)c));
        }
        fputc('\n', file);
    }
    fputs("</table></div>\n", file);
    return true;
}

/* The journal's warnings. */
static bool list_warnings(FILE *file, const struct report_table *journal)
{
    bool any = false;
    for (size_t row = 0; row < journal->rows; row++)
        if (strstr(report_cell(journal, row, 0), "warning")) {
            fputs(any ? "<li>" : "<p>Warnings of the journal:</p><ul><li>", file);
            html_text(file, report_cell(journal, row, 0));
            fputc('\n', file);
            any = true;
        }
    if (any)
        fputs("</ul>\n", file);
    return any;
}

int item_checks(FILE *file, const struct report *report)
{
    const struct report_set *set = &report->set;
    const bool looked = list_checks(file, set) > 0, table = list_table(file, &set->checks);
    if (!list_warnings(file, &set->journal) && !looked && !table)
        html_no_data(file, "No record of the data was looked at.");
    return STATUS_OK;
}
