#include "lib/wild/connected.h"
#include "lib/base/grid.h"
#include <stdbool.h>

/* Whether a voxel has a marked one beside it. */
static bool touches(const uint8_t *set, const int size[3], const int p[3], uint8_t mark)
{
    const size_t step[3] = {1, (size_t)size[0], (size_t)size[0] * size[1]};
    const uint8_t *at = set + p[0] + step[1] * (size_t)p[1] + step[2] * (size_t)p[2];
    for (int i = 0; i < 3; i++)
        if ((p[i] > 0 && *(at - step[i]) == mark) || (p[i] + 1 < size[i] && at[step[i]] == mark))
            return true;
    return false;
}

/* One sweep; whether it has marked a voxel. */
static bool sweep(uint8_t *set, const int size[3], bool back, uint8_t value, uint8_t mark)
{
    size_t last = grid_voxels(size) - 1, n = 0;
    bool changed = false;
    for (int k = 0; k < size[2]; k++)
        for (int j = 0; j < size[1]; j++)
            for (int i = 0; i < size[0]; i++, n++) {
                const int p[3] = {back ? size[0] - 1 - i : i, back ? size[1] - 1 - j : j,
                                  back ? size[2] - 1 - k : k};
                uint8_t *at = set + (back ? last - n : n);
                if (*at == value && touches(set, size, p, mark)) {
                    *at = mark;
                    changed = true;
                }
            }
    return changed;
}

/* Sweeps there and back until nothing changes: a few times for what is about convex. */
void mark_connected(uint8_t *set, const int size[3], size_t from, uint8_t value, uint8_t mark)
{
    bool changed = true;
    set[from] = mark;
    for (bool back = false; changed; back = !back)
        changed = sweep(set, size, back, value, mark) || !back;
}
