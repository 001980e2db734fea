/* Grids of voxels: sizes and indices are in the order x, y, z; arrays are (z, y, x), x fastest. */
#ifndef PRUNET_BASE_GRID_H
#define PRUNET_BASE_GRID_H

#include <stdbool.h>
#include <stddef.h>

static inline size_t grid_voxels(const int size[3])
{
    return (size_t)size[0] * (size_t)size[1] * (size_t)size[2];
}

static inline bool grid_equal(const int a[3], const int b[3])
{
    return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

/* Copies the voxels that two grids have in common: voxel p of `from` is voxel offset + p of `to`. Offsets
 * may be negative; what has no counterpart is not copied, and all else of `to` stays as it is. A voxel is
 * `bytes` long; for several channels call once a channel. */
void grid_copy(const void *from, const int from_size[3], const int offset[3], void *to, const int to_size[3],
               size_t bytes);

#endif
