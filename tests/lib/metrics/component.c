/* Components against a plain flood, on random masks of odd sizes. */
#include "lib/metrics/component.h"
#include "lib/base/random.h"
#include "tests/check.h"
#include <stdbool.h>
#include <string.h>

enum { SIDE_MAX = 9, VOXELS_MAX = SIDE_MAX * SIDE_MAX * SIDE_MAX, BIT = 2 };

static bool inside(const int size[3], int x, int y, int z)
{
    return x >= 0 && y >= 0 && z >= 0 && x < size[0] && y < size[1] && z < size[2];
}

/* Labels the component of voxel `seed` and widens its box; returns its voxels. */
static size_t flood(const uint8_t *voxels, const int size[3], int seed, int32_t label, int32_t *labels,
                    struct box *box)
{
    static int queue[VOXELS_MAX];
    size_t end = 0;
    queue[end++] = seed;
    labels[seed] = label;
    for (size_t i = 0; i < end; i++) {
        const int x = queue[i] % size[0], y = queue[i] / size[0] % size[1], z = queue[i] / size[0] / size[1];
        *box = box_union(box, &(struct box){{x, y, z}, {x + 1, y + 1, z + 1}});
        for (int step = 0; step < 27; step++) {
            const int a = x + step % 3 - 1, b = y + step / 3 % 3 - 1, c = z + step / 9 - 1;
            const int at = (c * size[1] + b) * size[0] + a;
            if (!inside(size, a, b, c) || !(voxels[at] & BIT) || labels[at])
                continue;
            labels[at] = label;
            queue[end++] = at;
        }
    }
    return end;
}

/* Whether the components are those that floods from the voxels in raster order find. */
static bool right(const struct mask *mask, const struct components *c)
{
    static int32_t labels[VOXELS_MAX];
    const int count = (int)grid_voxels(mask->size);
    int32_t label = 0;
    bool equal = true;
    memset(labels, 0, sizeof labels);
    for (int i = 0; i < count; i++) {
        if (!(mask->voxels[i] & BIT) || labels[i])
            continue;
        struct box box = {{SIDE_MAX, SIDE_MAX, SIDE_MAX}, {0, 0, 0}};
        const size_t volume = flood(mask->voxels, mask->size, i, ++label, labels, &box);
        equal &=
            label <= c->count && c->volumes[label] == volume && !memcmp(&c->boxes[label], &box, sizeof box);
    }
    return equal && label == c->count && !memcmp(labels, c->labels, (size_t)count * sizeof *labels);
}

int main(void)
{
    int wrong = 0;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        uint8_t voxels[VOXELS_MAX];
        struct components components;
        struct mask mask = {voxels, BIT, {1, 1, 1}, 3};
        for (int axis = 0; axis < 3; axis++)
            mask.size[axis] = 1 + (int)(random_bits(seed, (uint64_t)axis) % (uint64_t)(SIDE_MAX - axis));
        const double share = random_uniform(seed, 3);
        for (int i = 0; i < (int)grid_voxels(mask.size); i++)
            voxels[i] = random_uniform(seed, 4 + (uint64_t)i) < share ? BIT | 1 : 1;
        poison(&components, sizeof components);
        wrong += components_label(&mask, &components) || !right(&mask, &components);
        components_free(&components);
    }
    check(!wrong, "3000 masks: labels, volumes and boxes as a plain flood finds them (%d wrong)", wrong);
    return check_exit();
}
