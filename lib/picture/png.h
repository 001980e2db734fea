/* Pictures as PNG files (W3C, Portable Network Graphics, 2nd edition), over zlib. The same picture gives the same bytes. */
#ifndef PRUNET_PICTURE_PNG_H
#define PRUNET_PICTURE_PNG_H

#include "lib/picture/raster.h"
#include <stddef.h>

struct png_notes {
    double pixel_mm;                 /* the side of a pixel, written as pHYs; 0: not known */
    const char *title, *description; /* ASCII, written as tEXt; NULL: none */
};

/* *bytes is malloc'ed and holds *size bytes; one channel where all pixels are grey, else three. STATUS_FAILURE without
 * memory. */
int png_encode(const struct raster *raster, const struct png_notes *notes, uint8_t **bytes, size_t *size);

#endif
