/* Affine matrices, 3x4 by rows: voxel (x, y, z, 1) to RAS millimetres. */
#ifndef PRUNET_STREAM_AFFINE_H
#define PRUNET_STREAM_AFFINE_H

#include <stdbool.h>

/* An affine from the step along each array axis and the position of voxel (0, 0, 0), and back. */
void affine_join(const double directions[3][3], const double origin[3], double affine[3][4]);
void affine_split(const double affine[3][4], double directions[3][3], double origin[3]);

/* The inverse of the matrix's 3x3 part; false when it is singular: its axes span less than a millionth of the
 * volume that axes of their lengths can span. */
bool affine_invert(const double affine[3][4], double inverse[3][3]);

/* Length of each axis's step: the voxel's size in mm. */
void affine_spacing(const double affine[3][4], double spacing[3]);

/* The largest absolute difference of two elements; infinity when one is not a number. */
double affine_difference(const double a[3][4], const double b[3][4]);

#endif
