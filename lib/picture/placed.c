#include "lib/picture/placed.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/metrics/component.h"
#include "lib/stream/affine.h"
#include <stdlib.h>
#include <string.h>

static const double AFFINE_TOLERANCE = 1e-3;

static int refuse(const struct segmentation *s, const struct record *grid)
{
    return fail(STATUS_DATA, "%s is of %dx%dx%d voxels and does not lie on the grid of case %s, %dx%dx%d",
                s->name, s->size[0], s->size[1], s->size[2], grid->case_name, grid->size[0], grid->size[1],
                grid->size[2]);
}

int segmentation_place(struct segmentation *s, const struct record *grid)
{
    int offset[3];
    double affine[3][4];
    if (grid_equal(s->size, grid->size)) {
        affine_join(grid->directions, grid->origin, affine);
        const bool known = s->has_geometry && grid->has_geometry;
        if (!known || affine_difference(s->affine, affine) <= AFFINE_TOLERANCE)
            return STATUS_OK;
    }
    if (!grid->has_grid || !grid_equal(s->size, grid->grid) || record_offset(grid, offset))
        return refuse(s, grid);
    if (s->has_geometry && !(affine_difference(s->affine, grid->affine) <= AFFINE_TOLERANCE))
        return refuse(s, grid);
    uint8_t *voxels = calloc(grid_voxels(grid->size), 1);
    if (!voxels)
        return fail(STATUS_FAILURE, "%s: out of memory", s->name);
    const int back[3] = {-offset[0], -offset[1], -offset[2]};
    grid_copy(s->voxels, s->size, back, voxels, grid->size, 1);
    free(s->voxels);
    s->voxels = voxels;
    memcpy(s->size, grid->size, sizeof s->size);
    affine_join(grid->directions, grid->origin, s->affine);
    return STATUS_OK;
}

/* counts[axis][i]: voxels of component k in slice i of an axis. */
static void count_slices(const struct components *components, int k, size_t *counts[3])
{
    const struct box *box = &components->boxes[k];
    const int *size = components->size;
    for (int z = box->low[2]; z < box->high[2]; z++)
        for (int y = box->low[1]; y < box->high[1]; y++)
            for (int x = box->low[0]; x < box->high[0]; x++)
                if (components->labels[((size_t)z * size[1] + y) * size[0] + x] == k) {
                    counts[0][x]++;
                    counts[1][y]++;
                    counts[2][z]++;
                }
}

int largest_tumour(const uint8_t *bits, const int size[3], int at[3], bool *found)
{
    const struct mask mask = {bits, 0xff, {size[0], size[1], size[2]}, axes_of(size)};
    struct components components;
    int largest = 1, status = components_label(&mask, &components);
    if (status)
        return status;
    *found = components.count > 0;
    for (int axis = 0; axis < 3; axis++)
        at[axis] = size[axis] / 2;
    for (int k = 2; k <= components.count; k++)
        largest = components.volumes[k] > components.volumes[largest] ? k : largest;
    size_t *counts[3] = {calloc((size_t)size[0], sizeof **counts), calloc((size_t)size[1], sizeof **counts),
                         calloc((size_t)size[2], sizeof **counts)};
    if (!counts[0] || !counts[1] || !counts[2])
        status = fail(STATUS_FAILURE, "out of memory");
    else if (*found)
        count_slices(&components, largest, counts);
    for (int axis = 0; !status && *found && axis < 3; axis++) {
        at[axis] = 0;
        for (int i = 1; i < size[axis]; i++)
            at[axis] = counts[axis][i] > counts[axis][at[axis]] ? i : at[axis];
    }
    for (int axis = 0; axis < 3; axis++)
        free(counts[axis]);
    components_free(&components);
    return status;
}
