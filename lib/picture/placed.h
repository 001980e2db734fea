/* A segmentation on the grid of an image, and where its tumour is. */
#ifndef PRUNET_PICTURE_PLACED_H
#define PRUNET_PICTURE_PLACED_H

#include "lib/metrics/segmentation.h"
#include "lib/stream/record.h"

/* Puts a segmentation on the grid of a record: as it is where sizes and, where both are known, affines agree; cut or
 * padded where it has the size of the record's source grid. STATUS_DATA, naming both, for any other. */
int segmentation_place(struct segmentation *segmentation, const struct record *grid);

/* The slice of each array axis with most voxels of the largest connected tumour, whatever its regions; the middle of the
 * array where there is none, and *found is false. STATUS_FAILURE without memory. */
int largest_tumour(const uint8_t *bits, const int size[3], int at[3], bool *found);

#endif
