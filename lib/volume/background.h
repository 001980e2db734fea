/* An image whose background is not 0. Crop and standardisation take what is 0 for background. */
#ifndef PRUNET_VOLUME_BACKGROUND_H
#define PRUNET_VOLUME_BACKGROUND_H

#include "lib/stream/record.h"

/* Looks at the eight corners of each channel of an image that covers its whole source grid; others, such as a
 * crop, may have brain there. A value other than 0 that all corners have is the background: voxels of that
 * value become 0, with a warning. Corners that are neither 0 nor the same, as noise is, are only warned of.
 * Nothing is done where an axis has fewer than 16 voxels. */
void background_clear(struct record *image);

#endif
