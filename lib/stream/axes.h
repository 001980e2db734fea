/* The order and the sense of a volume's axes: flips and permutations, which move voxels and change none.
 *
 * axes[i] says which axis of the source the array's axis i (x, y, z) is: 1, 2 or 3, negative where it runs
 * the other way. 1 2 3, or all 0, is the source itself. */
#ifndef PRUNET_STREAM_AXES_H
#define PRUNET_STREAM_AXES_H

#include <stdbool.h>
#include <stddef.h>

enum { AXES_CODE_SIZE = 4 };

/* The axes that bring a volume of this affine (voxel to RAS mm) nearest to LPS, BraTS' orientation: x runs
 * to the left, y to the back, z up. */
void axes_to_lps(const double affine[3][4], int axes[3]);

/* Whether they leave a volume as it is. */
bool axes_are_own(const int axes[3]);

/* Whether they are 1, 2 and 3 in some order, with any signs. */
bool axes_are_valid(const int axes[3]);

/* Where the axes of a volume run to, nearest: "LPS", "RAS", "AIR" ... */
void axes_code(const double affine[3][4], char code[AXES_CODE_SIZE]);

/* The axes by which an array with these steps (directions[i]: along its axis i, RAS mm) lies on a source of
 * this affine: within `tolerance` mm in each number. False where there are none. */
bool axes_between(const double directions[3][3], const double affine[3][4], double tolerance, int axes[3]);

/* Size and affine of a source that is turned. */
void axes_size(const int axes[3], const int size[3], int turned[3]);
void axes_affine(const int axes[3], const int size[3], const double affine[3][4], double turned[3][4]);

/* Copies the voxels of a source of `size` into a turned array, and back. A voxel is 1, 2 or 4 bytes long. */
void axes_turn(const int axes[3], const int size[3], size_t bytes, const void *source, void *turned);
void axes_turn_back(const int axes[3], const int size[3], size_t bytes, const void *turned, void *source);

#endif
