/* Masks: one bit of a byte a voxel, so that the regions of a case share one array.
 *
 * Arrays are (D, H, W), x fastest. Outside the array is background. An axis of one voxel at the end of the
 * size (one slice, one line) does not exist: a slice is a 2-D map, whose voxels have no neighbours above or
 * below. `axes` says how many exist, because a box cut out of a volume may be one voxel thick and stay 3-D.
 */
#ifndef PRUNET_METRICS_MASK_H
#define PRUNET_METRICS_MASK_H

#include "lib/base/grid.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mask {
    const uint8_t *voxels;
    uint8_t bit; /* a voxel belongs to the mask when (voxel & bit) != 0 */
    int size[3]; /* x, y, z */
    int axes;    /* 3, or 2 for a slice, 1 for a line */
};

/* Voxels low .. high-1 on each axis. */
struct box {
    int low[3], high[3];
};

/* Axes that exist: 3, less those of one voxel from z backwards; at least 1. */
int axes_of(const int size[3]);

static inline const uint8_t *mask_row(const struct mask *mask, int y, int z)
{
    return mask->voxels + ((size_t)z * mask->size[1] + y) * mask->size[0];
}

/* Whether one of the row's `width` voxels has the bit. */
bool row_has(const uint8_t *row, int width, uint8_t bit);

/* The smallest box around the mask; false and an empty box when the mask is empty. */
bool mask_box(const struct mask *mask, struct box *box);

/* The smallest box around both. */
struct box box_union(const struct box *a, const struct box *b);

void box_size(const struct box *box, int size[3]);

#endif
