/* How far each voxel of a volume is from a set: the exact Euclidean distance up to a cap. */
#ifndef PRUNET_WILD_DISTANCE_H
#define PRUNET_WILD_DISTANCE_H

#include <stdint.h>

/* distance[i]: in voxels, from the centre of voxel i to that of the nearest one where set[j] == value, at
 * most `cap`. Arrays are (D, H, W). STATUS_FAILURE without memory. */
int distance_to(const uint8_t *set, uint8_t value, const int size[3], float cap, float *distance);

/* Dilates (radius > 0) by a ball of that many voxels and erodes (below 0), in place. */
int distance_grow(uint8_t *set, const int size[3], float radius);

#endif
