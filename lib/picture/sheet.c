#include "lib/picture/sheet.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { GAP = 4, LINE = GLYPH_HEIGHT + 5, SIDE_MAX = 8192, LETTER_SIDE = 160 };

static const uint8_t black[3] = {0, 0, 0}, text_colour[3] = {200, 200, 200};

/* Where tiles go: cells of equal size, as large as the largest tile. */
struct layout {
    double pixel_mm;
    int letters; /* pixels of a letter's dot */
    int cell[2], line;
    int width, height;
};

static double pixel_of(const struct sheet *sheet, const struct record *grid)
{
    double spacing[3], smallest = INFINITY, extent = 0;
    view_spacing(grid, spacing);
    for (int axis = 0; axis < 3; axis++) {
        smallest = fmin(smallest, spacing[axis]);
        extent = fmax(extent, spacing[axis] * grid->size[axis]);
    }
    return fmax(smallest / sheet->zoom, extent * sheet->columns / SIDE_MAX);
}

/* The regions or errors that are drawn, in their colours; returns the width. `raster` NULL: only that. */
static int draw_legend(const struct overlay *overlay, struct raster *raster, int x, int y, int letters)
{
    const bool errors = overlay->kind == OVERLAY_ERRORS;
    const int start = x, count = errors ? ERROR_COLOURS : overlay->scheme->region_count;
    if (!overlay->bits || overlay->kind == OVERLAY_NONE)
        return 0;
    for (int i = 0; i < count; i++) {
        const char *name = errors ? error_names[i] : overlay->scheme->regions[i].name;
        if (raster)
            raster_text(raster, x, y, letters, name,
                        errors ? error_colours[i] : overlay->scheme->regions[i].colour);
        x += raster_text_width(name, letters) + GLYPH_WIDTH * letters;
    }
    return x - start;
}

static void lay_out(const struct sheet *sheet, const struct panel *panel, struct layout *layout)
{
    int smallest = RASTER_SIDE_MAX;
    *layout = (struct layout){.pixel_mm = pixel_of(sheet, panel->grid)};
    for (int i = 0; i < sheet->count; i++) {
        struct view view;
        int width, height;
        view_of(panel->grid, sheet->tiles[i].plane, &view);
        panel_size(panel, &view, layout->pixel_mm, &width, &height);
        layout->cell[0] = int_max(layout->cell[0], width);
        layout->cell[1] = int_max(layout->cell[1], height);
        smallest = int_min(smallest, int_max(width, height));
    }
    layout->letters = int_clamp(smallest / LETTER_SIDE, 1, 4);
    layout->line = LINE * layout->letters;
    layout->cell[0] = int_max(layout->cell[0], raster_text_width("sagittal 1234", layout->letters));
    const int rows = (sheet->count + sheet->columns - 1) / sheet->columns;
    const int text = raster_text_width(sheet->title, layout->letters) + 2 * GAP;
    const int legend = draw_legend(&panel->overlay, NULL, 0, 0, layout->letters) + 2 * GAP;
    layout->width = int_max(sheet->columns * (layout->cell[0] + GAP) + GAP, int_max(text, legend));
    layout->height = rows * (layout->cell[1] + layout->line) + GAP + 2 * layout->line;
}

static const char *or_dash(const char *mark)
{
    return *mark ? mark : "-";
}

static int draw_tile(const struct tile *tile, const struct panel *panel, const struct layout *layout, int x,
                     int y, struct raster *raster, char description[DESCRIPTION_SIZE])
{
    struct raster picture;
    struct view view;
    char caption[32];
    const size_t length = strlen(description);
    view_of(panel->grid, tile->plane, &view);
    int status = panel_draw(panel, &view, tile->slice, layout->pixel_mm, &picture);
    if (status)
        return status;
    panel_marks(&picture, &view, layout->letters);
    const int left = x + (layout->cell[0] - picture.width) / 2,
              top = y + (layout->cell[1] - picture.height) / 2;
    raster_paste(raster, left, top, &picture);
    snprintf(caption, sizeof caption, "%s %d", plane_name(tile->plane), tile->slice);
    raster_text(raster, x, y + layout->cell[1] + 3 * layout->letters, layout->letters, caption, text_colour);
    snprintf(description + length, DESCRIPTION_SIZE - length, "%s %d %d %d %d %d %s %s %s %s\n",
             plane_name(tile->plane), tile->slice, left, top, picture.width, picture.height,
             or_dash(view.left), or_dash(view.right), or_dash(view.top), or_dash(view.bottom));
    raster_free(&picture);
    return STATUS_OK;
}

int sheet_draw(const struct sheet *sheet, const struct panel *panel, struct raster *raster, double *pixel_mm,
               char description[DESCRIPTION_SIZE])
{
    struct layout layout;
    lay_out(sheet, panel, &layout);
    *pixel_mm = layout.pixel_mm;
    *description = 0;
    int status = raster_make(raster, layout.width, layout.height, black);
    for (int i = 0; i < sheet->count && !status; i++)
        status =
            draw_tile(&sheet->tiles[i], panel, &layout, GAP + i % sheet->columns * (layout.cell[0] + GAP),
                      GAP + i / sheet->columns * (layout.cell[1] + layout.line), raster, description);
    if (status) {
        raster_free(raster);
        return status;
    }
    raster_text(raster, GAP, layout.height - 2 * layout.line + 2, layout.letters, sheet->title, text_colour);
    draw_legend(&panel->overlay, raster, GAP, layout.height - layout.line + 2, layout.letters);
    return STATUS_OK;
}
