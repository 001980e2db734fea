/* The exact Euclidean distance transform of a set of points, evaluated where it is asked for.
 *
 * The transform is separable: the nearest source in a row, then over rows, then over slices, each a lower
 * envelope of parabolas in linear time (Felzenszwalb and Huttenlocher, Distance Transforms of Sampled
 * Functions, 2012). A surface asks at a small part of a volume only, so a column (x, y) without a query, a
 * row or slice without a source are never visited: the cost follows the surfaces, not the box around them.
 * Sums are of squares in double: exact for unit spacing. */
#ifndef PRUNET_METRICS_DISTANCE_H
#define PRUNET_METRICS_DISTANCE_H

#include "lib/metrics/surface.h"

/* squared[i] = squared distance of from->points[i] to the nearest point of `to`, for a spacing in mm (x, y,
 * z). Both surfaces have at least one point, in raster order. Memory: 8 bytes for each column that holds a
 * point of `from` and each slice that holds one of `to`, beside a few arrays of the size of a slice. */
int distance_squared(const struct surface *from, const struct surface *to, const double spacing[3],
                     double *squared);

#endif
