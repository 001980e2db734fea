#include "lib/picture/panel.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_VALUES = 1 << 20 };

static const uint8_t black[3] = {0, 0, 0}, mark_colour[3] = {255, 255, 255};
static const double TINT_SHARE = 0.45;

/* Bluish green, vermilion and sky blue of Okabe and Ito's palette. */
const uint8_t error_colours[ERROR_COLOURS][3] = {{0, 158, 115}, {213, 94, 0}, {86, 180, 233}};
const char *const error_names[ERROR_COLOURS] = {"TP", "FP", "FN"};

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* With linear interpolation between neighbours, as numpy's default. */
static double percentile(const float *sorted, size_t count, double percent)
{
    const double place = double_clamp(percent, 0, 100) / 100 * (double)(count - 1);
    const size_t below = (size_t)place, above = size_min(below + 1, count - 1);
    return sorted[below] + (place - (double)below) * (sorted[above] - sorted[below]);
}

int window_of(const float *values, size_t count, double low, double high, struct window *window)
{
    size_t brain = 0, taken = 0, seen = 0;
    *window = (struct window){0, 1};
    for (size_t i = 0; i < count; i++)
        brain += values[i] != 0 && isfinite(values[i]);
    if (!brain)
        return STATUS_OK;
    const size_t step = (brain + WINDOW_VALUES - 1) / WINDOW_VALUES;
    float *chosen = malloc((brain / step + 1) * sizeof *chosen);
    if (!chosen)
        return fail(STATUS_FAILURE, "out of memory for %zu values", brain / step);
    for (size_t i = 0; i < count; i++)
        if (values[i] != 0 && isfinite(values[i]) && seen++ % step == 0)
            chosen[taken++] = values[i];
    qsort(chosen, taken, sizeof *chosen, compare_floats);
    *window = (struct window){percentile(chosen, taken, low), percentile(chosen, taken, high)};
    free(chosen);
    return STATUS_OK;
}

static uint8_t grey_of(const struct window *window, double value)
{
    const double span = window->high - window->low;
    const double share = span > 0 ? (value - window->low) / span : value > window->low;
    return (uint8_t)(255 * (share > 0 ? double_clamp(share, 0, 1) : 0) +
                     0.5); /* what is not a number is black */
}

/* The voxel of a picture's row or column on an array axis, as a real number; 0 is the first voxel's middle. */
static double place_of(int pixel, int pixels, int voxels, bool flip)
{
    const double place = (pixel + 0.5) / pixels * voxels - 0.5;
    return flip ? voxels - 1 - place : place;
}

static int nearest(double place, int voxels)
{
    return int_clamp((int)floor(place + 0.5), 0, voxels - 1);
}

struct slice {
    const struct panel *panel;
    const struct view *view;
    size_t start, across, down; /* the first voxel's index, and the steps of the index along the two axes */
    int size[2];                /* voxels across and down */
    int width, height;          /* pixels */
};

static struct slice slice_of(const struct panel *panel, const struct view *view, int index)
{
    const int *size = panel->grid->size;
    const size_t steps[3] = {1, (size_t)size[0], (size_t)size[0] * (size_t)size[1]};
    return (struct slice){.panel = panel,
                          .view = view,
                          .start = steps[view->through] * (size_t)index,
                          .across = steps[view->across],
                          .down = steps[view->down],
                          .size = {size[view->across], size[view->down]}};
}

/* A voxel's value. What is 0 is no brain: it is black, also where the window begins below 0. */
static double value_at(const struct slice *s, int column, int row)
{
    const float value = s->panel->values[s->start + (size_t)column * s->across + (size_t)row * s->down];
    return value == 0 ? s->panel->window.low : value;
}

/* Between the four voxels around a place. */
static double interpolate(const struct slice *s, double x, double y)
{
    const int left = int_clamp((int)floor(x), 0, s->size[0] - 1), right = int_min(left + 1, s->size[0] - 1);
    const int top = int_clamp((int)floor(y), 0, s->size[1] - 1), bottom = int_min(top + 1, s->size[1] - 1);
    const double u = double_clamp(x - left, 0, 1), v = double_clamp(y - top, 0, 1);
    const double a = value_at(s, left, top), b = value_at(s, right, top);
    const double c = value_at(s, left, bottom), d = value_at(s, right, bottom);
    const double upper = u > 0 ? a + u * (b - a) : a, lower = u > 0 ? c + u * (d - c) : c;
    return v > 0 ? upper + v * (lower - upper) : upper;
}

static void draw_image(const struct slice *s, struct raster *raster)
{
    for (int y = 0; y < s->height; y++)
        for (int x = 0; x < s->width; x++) {
            const uint8_t grey = grey_of(
                &s->panel->window, interpolate(s, place_of(x, s->width, s->size[0], s->view->flip_across),
                                               place_of(y, s->height, s->size[1], s->view->flip_down)));
            raster_put(raster, x, y, (const uint8_t[3]){grey, grey, grey});
        }
}

/* The bits of the voxel under a pixel; 0 outside. */
static uint8_t bits_at(const struct slice *s, const uint8_t *bits, int x, int y)
{
    if (x < 0 || y < 0 || x >= s->width || y >= s->height)
        return 0;
    const int column = nearest(place_of(x, s->width, s->size[0], s->view->flip_across), s->size[0]);
    const int row = nearest(place_of(y, s->height, s->size[1], s->view->flip_down), s->size[1]);
    return bits[s->start + (size_t)column * s->across + (size_t)row * s->down];
}

static void draw_contour(const struct slice *s, struct raster *raster, int x, int y)
{
    const struct overlay *overlay = &s->panel->overlay;
    const uint8_t *bits = overlay->bits, here = bits_at(s, bits, x, y);
    if (!here)
        return;
    const uint8_t inner = bits_at(s, bits, x - 1, y) & bits_at(s, bits, x + 1, y) &
                          bits_at(s, bits, x, y - 1) & bits_at(s, bits, x, y + 1);
    for (int r = 0; r < overlay->scheme->region_count; r++)
        if ((here & ~inner) >> r & 1)
            raster_put(raster, x, y, overlay->scheme->regions[r].colour);
}

static void draw_tint(const struct slice *s, struct raster *raster, int x, int y)
{
    const struct overlay *overlay = &s->panel->overlay;
    const uint8_t here = bits_at(s, overlay->bits, x, y);
    int last = overlay->scheme->region_count - 1;
    while (last >= 0 && !(here >> last & 1))
        last--;
    if (last >= 0)
        raster_mix(raster, x, y, overlay->scheme->regions[last].colour, TINT_SHARE);
}

static void draw_error(const struct slice *s, struct raster *raster, int x, int y)
{
    const struct overlay *overlay = &s->panel->overlay;
    const bool predicted = bits_at(s, overlay->bits, x, y) >> overlay->region & 1;
    const bool wanted = bits_at(s, overlay->reference, x, y) >> overlay->region & 1;
    if (predicted || wanted)
        raster_mix(raster, x, y,
                   error_colours[!predicted ? ERROR_MISSED
                                 : wanted   ? ERROR_FOUND
                                            : ERROR_EXTRA],
                   TINT_SHARE);
}

void panel_size(const struct panel *panel, const struct view *view, double pixel_mm, int *width, int *height)
{
    const double across = panel->grid->size[view->across] * view->spacing[0] / pixel_mm;
    const double down = panel->grid->size[view->down] * view->spacing[1] / pixel_mm;
    *width = (int)double_clamp(floor(across + 0.5), 1, RASTER_SIDE_MAX);
    *height = (int)double_clamp(floor(down + 0.5), 1, RASTER_SIDE_MAX);
}

int panel_draw(const struct panel *panel, const struct view *view, int slice, double pixel_mm,
               struct raster *raster)
{
    static void (*const draw[])(const struct slice *, struct raster *, int, int) = {
        [OVERLAY_CONTOUR] = draw_contour, [OVERLAY_TINT] = draw_tint, [OVERLAY_ERRORS] = draw_error};
    *raster = (struct raster){0};
    if (slice < 0 || slice >= panel->grid->size[view->through])
        return fail(STATUS_USAGE, "slice %d is not there: the first is 0, the last %d", slice,
                    panel->grid->size[view->through] - 1);
    struct slice s = slice_of(panel, view, slice);
    panel_size(panel, view, pixel_mm, &s.width, &s.height);
    int status = raster_make(raster, s.width, s.height, black);
    if (status)
        return status;
    if (panel->values)
        draw_image(&s, raster);
    if (panel->overlay.bits && panel->overlay.kind != OVERLAY_NONE)
        for (int y = 0; y < s.height; y++)
            for (int x = 0; x < s.width; x++)
                draw[panel->overlay.kind](&s, raster, x, y);
    return STATUS_OK;
}

void panel_marks(struct raster *raster, const struct view *view, int zoom)
{
    const int gap = 2 * zoom, middle = (raster->height - GLYPH_HEIGHT * zoom) / 2;
    const int right = raster->width - gap - raster_text_width(view->right, zoom) + zoom;
    raster_text(raster, gap, middle, zoom, view->left, mark_colour);
    raster_text(raster, right, middle, zoom, view->right, mark_colour);
    raster_text(raster, (raster->width - raster_text_width(view->top, zoom)) / 2, gap, zoom, view->top,
                mark_colour);
    raster_text(raster, (raster->width - raster_text_width(view->bottom, zoom)) / 2,
                raster->height - gap - (GLYPH_HEIGHT - 1) * zoom, zoom, view->bottom, mark_colour);
}
