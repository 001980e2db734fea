/* Charts as SVG within a page. Colours are classes of the page's style, so that they follow light and dark. */
#ifndef PRUNET_REPORT_SVG_H
#define PRUNET_REPORT_SVG_H

#include <stdbool.h>
#include <stdio.h>

struct chart {
    FILE *file;
    double low[2], high[2]; /* of the data along x and y, low < high */
    bool logarithmic[2];    /* then low > 0 */
    bool whole;             /* y counts something: its ticks are whole numbers */
    const char *title, *label[2];
    const char *const *names; /* of the places 0, 1, ... on the x axis, instead of numbers; NULL: none */
    int name_count;
};

enum { CHART_WIDTH = 440, CHART_HEIGHT = 270 };

/* Widens a range so that it is not empty and holds the value; ranges begin as [INFINITY, -INFINITY]. */
void chart_include(struct chart *chart, int axis, double value);

/* Draws frame, ticks and labels. A range without a value becomes 0 to 1; with `round_` it is widened to whole ticks. */
void chart_begin(struct chart *chart, bool round_x, bool round_y);
void chart_end(struct chart *chart);

/* The place of a value in the picture. */
double chart_x(const struct chart *chart, double value);
double chart_y(const struct chart *chart, double value);

/* A line through values, with gaps where y is not a number. */
void chart_line(const struct chart *chart, const char *style, const double *x, const double *y, size_t count);

/* A straight line between two places of the data. */
void chart_segment(const struct chart *chart, const char *style, double x0, double y0, double x1, double y1);

/* A dot with a tooltip. */
void chart_dot(const struct chart *chart, const char *style, double x, double y, const char *tip,
               double value);

/* A bar from x to x + width and between two heights, with a tooltip; nothing where it has no height. */
void chart_bar(const struct chart *chart, const char *style, double x, double width, double from, double to,
               const char *what);

#endif
