/* Several slices side by side, each with the marks of its sides and a caption, and a line that says what is seen. */
#ifndef PRUNET_PICTURE_SHEET_H
#define PRUNET_PICTURE_SHEET_H

#include "lib/picture/panel.h"

enum { SHEET_TILES_MAX = 64, ZOOM_MAX = 16, DESCRIPTION_SIZE = 1920 };

struct tile {
    enum plane plane;
    int slice; /* from 0, along the view's array axis */
};

struct sheet {
    struct tile tiles[SHEET_TILES_MAX];
    int count, columns;
    int zoom; /* pixels of the smallest voxel side; fewer where a tile would have over 8192 / columns */
    const char *title; /* case, channel, window */
};

/* Draws the panel's slices. *pixel_mm: the side of a pixel. `description` gets a line a tile: plane, slice, x, y, width and
 * height of its pixels, and the marks left, right, top, bottom ("-": none). Errors as panel_draw. */
int sheet_draw(const struct sheet *sheet, const struct panel *panel, struct raster *raster, double *pixel_mm,
               char description[DESCRIPTION_SIZE]);

#endif
