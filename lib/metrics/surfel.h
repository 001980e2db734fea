/* Surface elements: how much surface passes between the eight voxels around a corner of the lattice.
 *
 * A code has one bit a voxel, bit dx + 2 dy + 4 dz for the voxel on the low (0) or high (1) side of each
 * axis. The 256 areas are not typed in but derived from what marching cubes does (Lorensen and Cline, 1987):
 * loops through the midpoints of the cube's edges that join an inside to an outside voxel. */
#ifndef PRUNET_METRICS_SURFEL_H
#define PRUNET_METRICS_SURFEL_H

/* areas[code] in the square of spacing's unit; 0 for the codes 0 and 255. */
void surfel_areas(const double spacing[3], double areas[256]);

#endif
