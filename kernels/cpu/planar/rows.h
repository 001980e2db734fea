/* Resampling row by row: pooling cells of 2x2x2, and doubling. */
#ifndef PRUNET_KERNELS_CPU_PLANAR_ROWS_H
#define PRUNET_KERNELS_CPU_PLANAR_ROWS_H

#include "kernels/cpu/variant.h"
#include "kernels/shape.h"

#define rows_pool VARIANT_NAME(rows_pool)
#define rows_unpool VARIANT_NAME(rows_unpool)
#define rows_upsample VARIANT_NAME(rows_upsample)
#define rows_downsample VARIANT_NAME(rows_downsample)

/* y[width] = largest of each cell; x: the cells' first row in a fine volume. */
void rows_pool(struct shape fine, const float *x, int width, float *y);

/* dx += dy at the first voxel of each cell, in z, y, x order, that is y's. */
void rows_unpool(struct shape fine, const float *x, int width, const float *y, const float *dy, float *dx);

/* Fine row (z, y) += sign * its trilinear value in one coarse map. */
void rows_upsample(struct shape coarse, int z, int y, float sign, const float *map, float *row);

/* Coarse row (z, y) = what rows_upsample's transpose makes of one fine map. */
void rows_downsample(struct shape coarse, int z, int y, const float *map, float *row);

#endif
