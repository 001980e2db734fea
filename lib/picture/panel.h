/* One slice of a volume as a picture: a window of grey values, and what lies over it. */
#ifndef PRUNET_PICTURE_PANEL_H
#define PRUNET_PICTURE_PANEL_H

#include "lib/picture/raster.h"
#include "lib/picture/view.h"
#include "lib/volume/labels.h"

/* Values from `low` (black) to `high` (white). A voxel that is 0 is background, and black. */
struct window {
    double low, high;
};

/* The window between two percentiles, 0..100, of the finite values that are not 0; of a million of them at most, evenly
 * chosen. 0 to 1 where there are none. STATUS_FAILURE without memory. */
int window_of(const float *values, size_t count, double low, double high, struct window *window);

enum overlay_kind {
    OVERLAY_NONE,
    OVERLAY_CONTOUR, /* each region's inner edge, a pixel wide, in its colour */
    OVERLAY_TINT,    /* the last region that a voxel belongs to */
    OVERLAY_ERRORS   /* of one region: found, wrongly found, missed */
};

enum { ERROR_FOUND, ERROR_EXTRA, ERROR_MISSED, ERROR_COLOURS };

/* Their colours, which also the colour-blind tell apart, and their names: "TP", "FP", "FN". */
extern const uint8_t error_colours[ERROR_COLOURS][3];
extern const char *const error_names[ERROR_COLOURS];

struct overlay {
    enum overlay_kind kind;
    const struct label_scheme *scheme;
    const uint8_t *bits;      /* region bits, (D, H, W); NULL: nothing is drawn */
    const uint8_t *reference; /* the same, for OVERLAY_ERRORS */
    int region;               /* for OVERLAY_ERRORS */
};

struct panel {
    const struct record *grid; /* size and geometry; its data are not looked at */
    const float *values;       /* (D, H, W), or NULL: black */
    struct window window;
    struct overlay overlay;
};

/* The slice of a plane as a picture with pixels of pixel_mm: values between voxels are interpolated, regions are those of
 * the nearest voxel. The slice counts from 0 along view.through. Errors as raster_make; STATUS_USAGE for a slice that is
 * not there. */
int panel_draw(const struct panel *panel, const struct view *view, int slice, double pixel_mm,
               struct raster *raster);

/* The size of that picture. */
void panel_size(const struct panel *panel, const struct view *view, double pixel_mm, int *width, int *height);

/* Writes the marks of the view at the four sides. */
void panel_marks(struct raster *raster, const struct view *view, int zoom);

#endif
