#include "lib/metrics/mask.h"
#include "lib/base/numbers.h"

int axes_of(const int size[3])
{
    return size[2] > 1 ? 3 : size[1] > 1 ? 2 : 1;
}

bool row_has(const uint8_t *row, int width, uint8_t bit)
{
    uint8_t any = 0;
    for (int x = 0; x < width; x++)
        any |= row[x];
    return any & bit;
}

bool mask_box(const struct mask *mask, struct box *box)
{
    const int *size = mask->size;
    *box = (struct box){{size[0], size[1], size[2]}, {0, 0, 0}};
    for (int z = 0; z < size[2]; z++)
        for (int y = 0; y < size[1]; y++) {
            const uint8_t *row = mask_row(mask, y, z);
            if (!row_has(row, size[0], mask->bit))
                continue;
            int first = 0, last = size[0] - 1;
            while (!(row[first] & mask->bit))
                first++;
            while (!(row[last] & mask->bit))
                last--;
            struct box here = {{first, y, z}, {last + 1, y + 1, z + 1}};
            *box = box_union(box, &here);
        }
    if (box->low[0] < box->high[0])
        return true;
    *box = (struct box){0};
    return false;
}

struct box box_union(const struct box *a, const struct box *b)
{
    struct box both;
    for (int axis = 0; axis < 3; axis++) {
        both.low[axis] = int_min(a->low[axis], b->low[axis]);
        both.high[axis] = int_max(a->high[axis], b->high[axis]);
    }
    return both;
}

void box_size(const struct box *box, int size[3])
{
    for (int axis = 0; axis < 3; axis++)
        size[axis] = box->high[axis] - box->low[axis];
}
