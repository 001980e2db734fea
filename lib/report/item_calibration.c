/* Items 8 and 9: whether probabilities are right as often as they say; regions that do not nest. */
#include "lib/base/error.h"
#include "lib/report/html.h"
#include "lib/report/report.h"
#include "lib/report/svg.h"
#include <math.h>
#include <string.h>

/* --- calibration ------------------------------------------------------------------------------------- */

/* Of all cases together; returns how many are calibrated. */
static size_t add_bins(const struct report_set *set, int region,
                       struct calibration_bin bins[CALIBRATION_BINS])
{
    size_t cases = 0;
    memset(bins, 0, CALIBRATION_BINS * sizeof *bins);
    for (size_t i = 0; i < set->cases.count; i++) {
        const struct region_summary *about = &set->cases.items[i].region[region];
        cases += about->calibrated;
        for (int b = 0; b < CALIBRATION_BINS; b++) {
            bins[b].voxels += about->bins[b].voxels;
            bins[b].probability += about->bins[b].probability;
            bins[b].reference += about->bins[b].reference;
        }
    }
    return cases;
}

/* The mean distance between what was said and what was, by the bins' voxels. */
static double expected_error(const struct calibration_bin bins[CALIBRATION_BINS])
{
    double error = 0, voxels = 0;
    for (int b = 0; b < CALIBRATION_BINS; b++) {
        error += fabs(bins[b].probability - bins[b].reference);
        voxels += bins[b].voxels;
    }
    return voxels > 0 ? error / voxels : NAN;
}

static void draw_calibration(FILE *file, const struct report_set *set, int region,
                             const struct calibration_bin bins[CALIBRATION_BINS])
{
    char title[128], style[16];
    double x[CALIBRATION_BINS], y[CALIBRATION_BINS], most = 0;
    snprintf(title, sizeof title, "%s: calibration", report_region(set, region));
    snprintf(style, sizeof style, "c%d", region);
    struct chart chart = {.file = file,
                          .low = {0, 0},
                          .high = {1, 1},
                          .title = title,
                          .label = {"predicted probability", "share of the region"}};
    for (int b = 0; b < CALIBRATION_BINS; b++)
        most = fmax(most, log1p(bins[b].voxels));
    chart_begin(&chart, true, true);
    for (int b = 0; b < CALIBRATION_BINS; b++) {
        chart_bar(&chart, "count", (double)b / CALIBRATION_BINS, 0.9 / CALIBRATION_BINS, 0,
                  0.25 * log1p(bins[b].voxels) / most, "");
        x[b] = bins[b].voxels > 0 ? bins[b].probability / bins[b].voxels : NAN;
        y[b] = bins[b].voxels > 0 ? bins[b].reference / bins[b].voxels : NAN;
    }
    chart_segment(&chart, "ideal", 0, 0, 1, 1);
    chart_line(&chart, style, x, y, CALIBRATION_BINS);
    for (int b = 0; b < CALIBRATION_BINS; b++)
        chart_dot(&chart, style, x[b], y[b], "share", y[b]);
    chart_end(&chart);
}

int item_calibration(FILE *file, const struct report *report)
{
    const struct report_set *set = &report->set;
    struct calibration_bin bins[CALIBRATION_BINS];
    bool any = false;
    for (int r = 0; r < report_regions(set); r++)
        any |= add_bins(set, r, bins) > 0;
    if (!any) {
        html_no_data(
            file,
            set->is_run
                ? "The probabilities are not noted: they are when make evaluate of this version segments."
                : "Only label maps or predictions of others are here; probabilities are noted by a run.");
        return STATUS_OK;
    }
    fputs("<p>Voxels of the smallest box around the tumour, predicted or true, of all cases together. On the "
          "diagonal, what "
          "is said to be p likely is so in a share p. Bars: how many voxels, logarithmically.</p>\n<div "
          "class=charts>\n",
          file);
    for (int r = 0; r < report_regions(set); r++) {
        const size_t cases = add_bins(set, r, bins);
        if (!cases)
            continue;
        fputs("<figure>", file);
        draw_calibration(file, set, r, bins);
        fputs("<figcaption>expected calibration error ", file);
        html_number(file, expected_error(bins), 4);
        fputs(", ", file);
        html_count(file, cases, "case");
        fputs("</figcaption></figure>\n", file);
    }
    fputs("</div>\n", file);
    return STATUS_OK;
}

/* --- nesting ----------------------------------------------------------------------------------------- */

int item_nesting(FILE *file, const struct report *report)
{
    const struct report_set *set = &report->set;
    bool any = false;
    for (int r = 0; r < report_regions(set); r++) {
        size_t known = 0, affected = 0, worst = 0;
        double sum = 0, most = -1;
        for (size_t i = 0; i < set->cases.count; i++) {
            const double outside = set->cases.items[i].region[r].outside;
            if (isnan(outside))
                continue;
            known++;
            affected += outside > 0;
            sum += outside;
            if (outside > most) {
                most = outside;
                worst = i;
            }
        }
        if (!known)
            continue;
        if (!any)
            fputs("<p>Voxels that are predicted to belong to a region, but not to the one that it lies in. "
                  "Label maps nest by "
                  "themselves; probabilities above one half need not.</p>\n<div "
                  "class=scroll><table><tr><th>region<th>lies in"
                  "<th class=n>voxels outside<th class=n>cases<th>most in\n",
                  file);
        any = true;
        fputs("<tr><th scope=row>", file);
        html_text(file, report_region(set, r));
        fputs("<td>", file);
        html_text(file, set->cases.items[worst].region[r].around);
        fprintf(file, "<td class=n>%.0f<td class=n>%zu of %zu<td>", sum, affected, known);
        if (most > 0) {
            html_text(file, set->scores[worst].case_name);
            fprintf(file, " (%.0f)", most);
        } else
            fputs("–", file);
        fputc('\n', file);
    }
    if (any)
        fputs("</table></div>\n", file);
    else
        html_no_data(file,
                     set->cases.count
                         ? "It is not noted whether regions nest: make evaluate of this version does that."
                         : "No case is scored yet.");
    return STATUS_OK;
}
