/* Copying between grids: every offset of a small grid in another, voxel by voxel. */
#include "lib/base/grid.h"
#include "tests/check.h"
#include <stdint.h>

static const int from_size[3] = {3, 2, 4}, to_size[3] = {4, 3, 2};

/* What the target's voxel p must be: the source's voxel p - offset, or the 0xee that it was. */
static int wanted(const uint16_t *from, const int offset[3], const int p[3])
{
    size_t at = 0;
    for (int axis = 2; axis >= 0; axis--) {
        int q = p[axis] - offset[axis];
        if (q < 0 || q >= from_size[axis])
            return 0xeeee;
        at = at * (size_t)from_size[axis] + (size_t)q;
    }
    return from[at];
}

int main(void)
{
    uint16_t from[3 * 2 * 4], to[4 * 3 * 2];
    int right = 1, o[3], p[3];
    for (size_t i = 0; i < grid_voxels(from_size); i++)
        from[i] = (uint16_t)(i + 1);
    for (o[2] = -5; o[2] <= 5; o[2]++)
        for (o[1] = -5; o[1] <= 5; o[1]++)
            for (o[0] = -5; o[0] <= 5; o[0]++) {
                memset(to, 0xee, sizeof to);
                grid_copy(from, from_size, o, to, to_size, sizeof *to);
                const uint16_t *at = to;
                for (p[2] = 0; p[2] < to_size[2]; p[2]++)
                    for (p[1] = 0; p[1] < to_size[1]; p[1]++)
                        for (p[0] = 0; p[0] < to_size[0]; p[0]++)
                            right &= *at++ == wanted(from, o, p);
            }
    check(right, "what two grids share is copied at every offset, and nothing else");
    check(grid_equal(from_size, from_size) && !grid_equal(from_size, to_size), "sizes compare");
    return check_exit();
}
