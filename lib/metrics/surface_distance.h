/* Distances between the surfaces of two masks: Hausdorff and average distances under a convention. */
#ifndef PRUNET_METRICS_SURFACE_DISTANCE_H
#define PRUNET_METRICS_SURFACE_DISTANCE_H

#include "lib/metrics/convention.h"
#include "lib/metrics/mask.h"

/* Where surfaces count as the same; NSD is the share of both that does. */
enum { TOLERANCES_MAX = 2 };
struct tolerances {
    int count;
    double value[TOLERANCES_MAX]; /* in the unit of spacing */
};

struct surface_distances {
    double hd95;      /* 95th percentile, joined as the convention has it */
    double hd;        /* the largest distance */
    double average;   /* mean distance from the prediction's surface to the reference's */
    double symmetric; /* mean of both directions */
    /* Normalized surface Dice at each tolerance. On a lattice it is DeepMind's: the area within the tolerance
     * of the other surface, of both together; else the challenge's since 2025: the mean of the two shares of
     * surface voxels. */
    double nsd[TOLERANCES_MAX];
};

/* Both masks have a voxel, and the same size. Distances are in the unit of spacing (x, y, z); a convention
 * that counts in voxels is given 1, 1, 1 by the caller. Each surface is taken from its own bounding box,
 * which is exact: outside it there is nothing. `tolerances` NULL: no NSD. */
int surface_distances(const struct convention *convention, const struct mask *prediction,
                      const struct mask *reference, const double spacing[3],
                      const struct tolerances *tolerances, struct surface_distances *distances);

#endif
