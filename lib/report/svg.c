#include "lib/report/svg.h"
#include "lib/report/html.h"
#include <math.h>
#include <string.h>

enum { LEFT = 62, RIGHT = 14, TOP = 28, BOTTOM = 44, TICKS = 5 };

void chart_include(struct chart *chart, int axis, double value)
{
    if (!isfinite(value))
        return;
    chart->low[axis] = fmin(chart->low[axis], value);
    chart->high[axis] = fmax(chart->high[axis], value);
}

/* The step between the ticks of an axis: 1, 2 or 5 times a power of ten. */
static double tick_step(const struct chart *chart, int axis)
{
    const double span = chart->high[axis] - chart->low[axis];
    const double raw = span / TICKS, power = pow(10, floor(log10(raw))), share = raw / power;
    const double step = power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
    return axis == 1 && chart->whole ? fmax(step, 1) : step;
}

static void settle_range(struct chart *chart, int axis, bool round)
{
    double *low = &chart->low[axis], *high = &chart->high[axis];
    if (!(*low <= *high)) {
        *low = chart->logarithmic[axis] ? 0.1 : 0;
        *high = 1;
    }
    if (chart->logarithmic[axis]) {
        *low = pow(10, floor(log10(*low) + 1e-9));
        *high = fmax(pow(10, ceil(log10(*high) - 1e-9)), *low * 10);
        return;
    }
    if (*high - *low < 1e-9 * fmax(fabs(*low), fabs(*high)) || *low == *high) {
        const double about = fmax(fabs(*low) * 0.1, 0.5);
        *low -= about;
        *high += about;
    }
    const double step = tick_step(chart, axis);
    if (round) {
        *low = floor(*low / step + 1e-9) * step;
        *high = ceil(*high / step - 1e-9) * step;
    }
}

static double share_of(const struct chart *chart, int axis, double value)
{
    const double low = chart->low[axis], high = chart->high[axis];
    const double share = chart->logarithmic[axis] ? log(fmax(value, low) / low) / log(high / low)
                                                  : (value - low) / (high - low);
    return fmin(fmax(share, 0), 1);
}

double chart_x(const struct chart *chart, double value)
{
    return LEFT + share_of(chart, 0, value) * (CHART_WIDTH - LEFT - RIGHT);
}

double chart_y(const struct chart *chart, double value)
{
    return CHART_HEIGHT - BOTTOM - share_of(chart, 1, value) * (CHART_HEIGHT - TOP - BOTTOM);
}

/* A name below the horizontal axis; at the right end, where it would be cut, it ends with the chart. */
static void tick_below(const struct chart *chart, double x, const char *name)
{
    const double half = 3.3 * (double)strlen(name); /* of its letters' usual width */
    const bool fits = x + half <= CHART_WIDTH;
    fprintf(chart->file, "<path class=grid d=\"M%.1f %d V%d\"/><text x=%.1f y=%d text-anchor=%s>", x, TOP,
            CHART_HEIGHT - BOTTOM, fits ? x : CHART_WIDTH - 1.0, CHART_HEIGHT - BOTTOM + 16,
            fits ? "middle" : "end");
}

static void tick(const struct chart *chart, int axis, double value, const char *name)
{
    char number[32];
    snprintf(number, sizeof number, "%.4g", fabs(value) < 1e-12 ? 0 : value);
    if (!name)
        name = number;
    if (axis == 0)
        tick_below(chart, chart_x(chart, value), name);
    else
        fprintf(chart->file, "<path class=grid d=\"M%d %.1f H%d\"/><text x=%d y=%.1f text-anchor=end>", LEFT,
                chart_y(chart, value), CHART_WIDTH - RIGHT, LEFT - 6, chart_y(chart, value) + 4);
    html_text(chart->file, name);
    fputs("</text>\n", chart->file);
}

static void draw_ticks(const struct chart *chart, int axis)
{
    const double low = chart->low[axis], high = chart->high[axis];
    if (axis == 0 && chart->names) {
        for (int i = 0; i < chart->name_count; i++)
            tick(chart, axis, i, chart->names[i]);
    } else if (chart->logarithmic[axis]) {
        for (double value = low; value <= high * 1.001; value *= 10)
            tick(chart, axis, value, NULL);
    } else {
        const double step = tick_step(chart, axis);
        for (double i = ceil(low / step - 1e-6); i * step <= high + 1e-6 * step; i++)
            tick(chart, axis, i * step, NULL);
    }
}

void chart_begin(struct chart *chart, bool round_x, bool round_y)
{
    FILE *file = chart->file;
    settle_range(chart, 0, round_x && !chart->names);
    settle_range(chart, 1, round_y);
    fprintf(file, "<svg class=chart viewBox=\"0 0 %d %d\" role=img aria-label=\"", CHART_WIDTH, CHART_HEIGHT);
    html_text(file, chart->title);
    fprintf(file, "\">\n<text class=title x=%d y=16>", LEFT);
    html_text(file, chart->title);
    fputs("</text>\n", file);
    draw_ticks(chart, 0);
    draw_ticks(chart, 1);
    fprintf(file, "<path class=axis d=\"M%d %d V%d H%d\"/>\n<text x=%d y=%d text-anchor=middle>", LEFT, TOP,
            CHART_HEIGHT - BOTTOM, CHART_WIDTH - RIGHT, (LEFT + CHART_WIDTH - RIGHT) / 2, CHART_HEIGHT - 8);
    html_text(file, chart->label[0]);
    fprintf(file, "</text>\n<text transform=\"translate(12 %d) rotate(-90)\" text-anchor=middle>",
            (TOP + CHART_HEIGHT - BOTTOM) / 2);
    html_text(file, chart->label[1]);
    fputs("</text>\n", file);
}

void chart_end(struct chart *chart)
{
    fputs("</svg>\n", chart->file);
}

void chart_line(const struct chart *chart, const char *style, const double *x, const double *y, size_t count)
{
    bool pen = false;
    fprintf(chart->file, "<path class=\"line %s\" d=\"", style);
    for (size_t i = 0; i < count; i++) {
        const bool there = isfinite(x[i]) && isfinite(y[i]);
        if (there)
            fprintf(chart->file, "%s%.1f %.1f", pen ? " L" : " M", chart_x(chart, x[i]),
                    chart_y(chart, y[i]));
        pen = there;
    }
    fputs("\"/>\n", chart->file);
}

void chart_segment(const struct chart *chart, const char *style, double x0, double y0, double x1, double y1)
{
    fprintf(chart->file, "<path class=\"%s\" d=\"M%.1f %.1f L%.1f %.1f\"/>\n", style, chart_x(chart, x0),
            chart_y(chart, y0), chart_x(chart, x1), chart_y(chart, y1));
}

void chart_dot(const struct chart *chart, const char *style, double x, double y, const char *tip,
               double value)
{
    if (!isfinite(x) || !isfinite(y))
        return;
    fprintf(chart->file, "<circle class=\"dot %s\" cx=%.1f cy=%.1f r=3.2><title>", style, chart_x(chart, x),
            chart_y(chart, y));
    html_text(chart->file, tip);
    fprintf(chart->file, " %.4g</title></circle>\n", value);
}

void chart_bar(const struct chart *chart, const char *style, double x, double width, double from, double to,
               const char *what)
{
    if (to > from)
        fprintf(chart->file,
                "<rect class=\"bar %s\" x=%.1f y=%.1f width=%.1f height=%.1f><title>%.6g %s</title></rect>\n",
                style, chart_x(chart, x), chart_y(chart, to), chart_x(chart, x + width) - chart_x(chart, x),
                chart_y(chart, from) - chart_y(chart, to), to - from, what);
}
