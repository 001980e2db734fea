#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include <string.h>

static size_t voxel_index(const int size[3], int x, int y, int z)
{
    return ((size_t)z * (size_t)size[1] + (size_t)y) * (size_t)size[0] + (size_t)x;
}

void grid_copy(const void *from, const int from_size[3], const int offset[3], void *to, const int to_size[3],
               size_t bytes)
{
    int first[3], end[3]; /* in `from`, the voxels that `to` has too */
    for (int axis = 0; axis < 3; axis++) {
        first[axis] = int_max(0, -offset[axis]);
        end[axis] = int_min(from_size[axis], to_size[axis] - offset[axis]);
        if (first[axis] >= end[axis])
            return;
    }
    size_t row = (size_t)(end[0] - first[0]) * bytes;
    for (int z = first[2]; z < end[2]; z++)
        for (int y = first[1]; y < end[1]; y++) {
            size_t source = voxel_index(from_size, first[0], y, z);
            size_t target = voxel_index(to_size, first[0] + offset[0], y + offset[1], z + offset[2]);
            memcpy((char *)to + target * bytes, (const char *)from + source * bytes, row);
        }
}
