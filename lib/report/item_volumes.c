/* Item 6: predicted against true volumes. */
#include "lib/base/error.h"
#include "lib/report/html.h"
#include "lib/report/report.h"
#include "lib/report/svg.h"
#include <math.h>

static const double MM3_A_ML = 1000;

/* Bias and spread of the differences, and the correlation of both volumes. */
struct agreement {
    size_t count;
    double bias, sd, correlation;
};

static struct agreement agree(const struct report_set *set, int region)
{
    struct agreement a = {0, 0, NAN, NAN};
    double p = 0, r = 0, pp = 0, rr = 0, pr = 0, squares = 0;
    for (size_t i = 0; i < set->cases.count; i++) {
        const double x = set->scores[i].region[region].value[MEASURE_VOLUME_REFERENCE] / MM3_A_ML;
        const double y = set->scores[i].region[region].value[MEASURE_VOLUME_PREDICTION] / MM3_A_ML;
        if (isnan(x) || isnan(y))
            continue;
        a.count++;
        p += y, r += x, pp += y * y, rr += x * x, pr += x * y;
        squares += (y - x) * (y - x);
    }
    const double n = (double)a.count;
    a.bias = n > 0 ? (p - r) / n : NAN;
    a.sd = n > 1 ? sqrt(fmax(0, squares - n * a.bias * a.bias) / (n - 1)) : NAN;
    const double spread = (pp - p * p / n) * (rr - r * r / n);
    a.correlation = n > 2 && spread > 0 ? (pr - p * r / n) / sqrt(spread) : NAN;
    return a;
}

static void draw_volumes(FILE *file, const struct report_set *set, int region, bool bland_altman,
                         const struct agreement *a)
{
    char title[128], style[16];
    snprintf(title, sizeof title, "%s: %s", report_region(set, region),
             bland_altman ? "difference by mean" : "volumes");
    snprintf(style, sizeof style, "c%d", region);
    struct chart chart = {.file = file,
                          .low = {0, bland_altman ? INFINITY : 0},
                          .high = {-INFINITY, -INFINITY},
                          .title = title,
                          .label = {bland_altman ? "mean of both, ml" : "true volume, ml",
                                    bland_altman ? "predicted minus true, ml" : "predicted volume, ml"}};
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < set->cases.count; i++) {
            const double x = set->scores[i].region[region].value[MEASURE_VOLUME_REFERENCE] / MM3_A_ML;
            const double y = set->scores[i].region[region].value[MEASURE_VOLUME_PREDICTION] / MM3_A_ML;
            const double across = bland_altman ? (x + y) / 2 : x, up = bland_altman ? y - x : y;
            if (pass) {
                chart_dot(&chart, style, across, up, set->scores[i].case_name, up);
                continue;
            }
            chart_include(&chart, 0, across);
            chart_include(&chart, 1, up);
            if (!bland_altman) {
                chart_include(&chart, 0, up);
                chart_include(&chart, 1, across);
            }
        }
        if (pass)
            break;
        for (int k = -1; k <= 1 && bland_altman; k++)
            chart_include(&chart, 1, a->bias + k * 1.96 * (isnan(a->sd) ? 0 : a->sd));
        chart_begin(&chart, true, true);
        if (!bland_altman)
            chart_segment(&chart, "ideal", chart.low[0], chart.low[0], chart.high[0], chart.high[0]);
        for (int k = -1; k <= 1 && bland_altman; k++)
            if (isfinite(a->bias + k * a->sd))
                chart_segment(&chart, k ? "limit" : "bias", chart.low[0], a->bias + k * 1.96 * a->sd,
                              chart.high[0], a->bias + k * 1.96 * a->sd);
    }
    chart_end(&chart);
}

int item_volumes(FILE *file, const struct report *report)
{
    const struct report_set *set = &report->set;
    size_t known = 0;
    for (int r = 0; r < report_regions(set); r++)
        known += agree(set, r).count;
    if (!known) {
        html_no_data(file, set->cases.count
                               ? "The volumes are not noted: make evaluate of this version does that."
                               : "No case is scored yet.");
        return STATUS_OK;
    }
    fputs("<p>Left, the line is where both are equal. Right, the mean of the differences and, broken, 1.96 "
          "standard "
          "deviations to both sides (Bland and Altman).</p>\n<div class=\"charts pairs\">\n",
          file);
    for (int r = 0; r < report_regions(set); r++) {
        const struct agreement a = agree(set, r);
        fputs("<figure>", file);
        draw_volumes(file, set, r, false, &a);
        fputs("<figcaption>correlation ", file);
        html_number(file, a.correlation, 3);
        fputs("</figcaption></figure>\n<figure>", file);
        draw_volumes(file, set, r, true, &a);
        fputs("<figcaption>bias ", file);
        html_number(file, a.bias, 2);
        fputs(" ml, limits of agreement ", file);
        html_number(file, a.bias - 1.96 * a.sd, 2);
        fputs(" … ", file);
        html_number(file, a.bias + 1.96 * a.sd, 2);
        fputs(" ml</figcaption></figure>\n", file);
    }
    fputs("</div>\n", file);
    return STATUS_OK;
}
