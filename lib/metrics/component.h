/* Connected components of a mask, and dilation, within a box. */
#ifndef PRUNET_METRICS_COMPONENT_H
#define PRUNET_METRICS_COMPONENT_H

#include "lib/metrics/mask.h"
#include <stddef.h>
#include <stdint.h>

/* Components under 26-connectivity (8 on a slice), numbered from 1 in raster order of their first voxel. */
struct components {
    int size[3];     /* of the labelled array, x, y, z */
    int32_t *labels; /* (D, H, W): 0 outside the mask */
    int count;
    size_t *volumes;   /* voxels of component k: volumes[k], k = 1 .. count */
    struct box *boxes; /* boxes[k] */
};

int components_label(const struct mask *mask, struct components *components);

/* The same of what lies within the box, which is the array that is labelled. */
int components_label_box(const struct mask *mask, const struct box *box, struct components *components);
void components_free(struct components *components);

/* Dilates in place, `times` times, by the 18-neighbourhood (voxels that share a face or an edge; the 8 around
 * a voxel on a slice). voxels (D, H, W): non-zero is in; what is added becomes 1. */
int mask_dilate(uint8_t *voxels, const int size[3], int axes, int times);

/* Copies the mask within `box` to a new array, 1 inside and 0 outside; NULL without memory. */
uint8_t *mask_cut(const struct mask *mask, const struct box *box);

#endif
