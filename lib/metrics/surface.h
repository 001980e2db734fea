/* Surfaces of masks, as lists of lattice points in raster order (z, then y, then x). */
#ifndef PRUNET_METRICS_SURFACE_H
#define PRUNET_METRICS_SURFACE_H

#include "lib/metrics/mask.h"
#include <stddef.h>
#include <stdint.h>

struct point {
    int16_t x, y, z;
};

struct surface {
    size_t count;
    struct point *points;
    double *areas; /* area that each point stands for; NULL where all points count alike */
};

/* Border voxels: voxels of the mask with a neighbour outside it, among 6 neighbours (`corners` false: those
 * that share a face) or 26 (true). On a slice these are 4 and 8. Outside the array counts as outside. */
int surface_border(const struct mask *mask, bool corners, struct surface *surface);

/* The corner lattice of DeepMind's surface-distance: point (i, j, k) is the corner between the voxels i-1 and
 * i, j-1 and j, k-1 and k; it is surface when its 8 voxels are neither all in nor all out. Its area is that
 * of the marching cubes patch of these 8 voxels (surfel.h) for the given spacing in mm. A slice is taken as
 * a column without end, so that areas become lengths of the contour. */
int surface_lattice(const struct mask *mask, const double spacing[3], struct surface *surface);

void surface_free(struct surface *surface);

#endif
