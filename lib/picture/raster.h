/* A picture in memory: red, green, blue, 8 bits each, rows from the top, and what is drawn into it.
 *
 * Coordinates are pixels from the upper left corner; what lies outside the picture is not drawn. */
#ifndef PRUNET_PICTURE_RASTER_H
#define PRUNET_PICTURE_RASTER_H

#include <stdint.h>

enum {
    GLYPH_WIDTH = 6, /* of a letter, the gap behind it included */
    GLYPH_HEIGHT = 8,
    RASTER_SIDE_MAX = 32768 /* pixels of a picture's side */
};

struct raster {
    int width, height;
    uint8_t *rgb; /* height * width * 3 */
};

/* A picture of one colour. STATUS_DATA for a side that is not within 1..RASTER_SIDE_MAX, STATUS_FAILURE without
 * memory. */
int raster_make(struct raster *raster, int width, int height, const uint8_t colour[3]);
void raster_free(struct raster *raster);

void raster_put(struct raster *raster, int x, int y, const uint8_t colour[3]);

/* Mixes a colour into a pixel: share 0 leaves it as it is, 1 replaces it. */
void raster_mix(struct raster *raster, int x, int y, const uint8_t colour[3], double share);

/* Copies a picture to (x, y). */
void raster_paste(struct raster *raster, int x, int y, const struct raster *from);

/* Writes ASCII text with its upper left corner at (x, y), a letter's dot being `zoom` pixels wide, upon a dark edge so
 * that it can be read on any image. Other characters are question marks. */
void raster_text(struct raster *raster, int x, int y, int zoom, const char *text, const uint8_t colour[3]);

/* The width of a text in pixels. */
int raster_text_width(const char *text, int zoom);

#endif
