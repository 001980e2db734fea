#include "lib/metrics/surface.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/metrics/surfel.h"
#include <stdlib.h>
#include <string.h>

/* Grows the arrays for another point; on failure the surface is freed. */
static int grow(struct surface *surface, size_t *capacity, bool weighted)
{
    size_t areas = *capacity; /* as large as that of the points */
    int status = array_grow(&surface->points, capacity, surface->count + 1, sizeof *surface->points);
    if (!status && weighted)
        status = array_grow(&surface->areas, &areas, surface->count + 1, sizeof *surface->areas);
    if (status)
        surface_free(surface);
    return status;
}

/* Steps in the array to the neighbours that exist: 2, 4 or 6 across faces, or 3^axes - 1. */
static int neighbour_steps(const struct mask *mask, bool corners, ptrdiff_t steps[26])
{
    const int reach[3] = {1, mask->axes > 1, mask->axes > 2};
    int count = 0;
    for (int z = -reach[2]; z <= reach[2]; z++)
        for (int y = -reach[1]; y <= reach[1]; y++)
            for (int x = -1; x <= 1; x++) {
                int distance = abs(x) + abs(y) + abs(z);
                if (distance == 1 || (distance > 1 && corners))
                    steps[count++] = ((ptrdiff_t)z * mask->size[1] + y) * mask->size[0] + x;
            }
    return count;
}

int surface_border(const struct mask *mask, bool corners, struct surface *surface)
{
    const int *size = mask->size;
    const uint8_t bit = mask->bit;
    ptrdiff_t steps[26];
    const int step_count = neighbour_steps(mask, corners, steps);
    size_t capacity = 0;
    struct box box;
    *surface = (struct surface){0};
    mask_box(mask, &box);
    for (int z = box.low[2]; z < box.high[2]; z++)
        for (int y = box.low[1]; y < box.high[1]; y++) {
            const uint8_t *row = mask_row(mask, y, z);
            const bool edge_row = (mask->axes > 1 && (y == 0 || y == size[1] - 1)) ||
                                  (mask->axes > 2 && (z == 0 || z == size[2] - 1));
            if (!row_has(row + box.low[0], box.high[0] - box.low[0], bit))
                continue;
            for (int x = box.low[0]; x < box.high[0]; x++) {
                if (!(row[x] & bit))
                    continue;
                bool border = edge_row || x == 0 || x == size[0] - 1;
                for (int i = 0; i < step_count && !border; i++)
                    border = !(row[x + steps[i]] & bit);
                if (!border)
                    continue;
                if (surface->count == capacity && grow(surface, &capacity, false))
                    return STATUS_FAILURE;
                surface->points[surface->count++] = (struct point){(int16_t)x, (int16_t)y, (int16_t)z};
            }
        }
    return STATUS_OK;
}

/* One row of corners: its code slides along x over four rows of voxels (NULL: outside), low and high y at
 * low z, then at high z; bits 2 row (low x) and 2 row + 1 (high x). */
static int lattice_row(const struct mask *mask, const struct box *box, const uint8_t *rows[4], int y, int z,
                       const double areas[256], size_t *capacity, struct surface *surface)
{
    unsigned before = 0;
    for (int x = box->low[0]; x <= box->high[0]; x++) {
        unsigned here = 0;
        for (int i = 0; i < 4 && x < box->high[0]; i++)
            here |= rows[i] && (rows[i][x] & mask->bit) ? 1u << 2 * i : 0;
        unsigned code = before | here << 1;
        before = here;
        if (code == 0 || code == 255)
            continue;
        if (surface->count == *capacity && grow(surface, capacity, true))
            return STATUS_FAILURE;
        surface->points[surface->count] = (struct point){(int16_t)x, (int16_t)y, (int16_t)z};
        surface->areas[surface->count++] = areas[code];
    }
    return STATUS_OK;
}

/* The row of voxels on the low (side 0) or high (1) sides of corner (y, z). Along an axis that does not
 * exist there is one voxel, on both sides. NULL outside the box or where the row is empty. */
static const uint8_t *row_beside(const struct mask *mask, const struct box *box, int y, int z, int y_side,
                                 int z_side)
{
    y += mask->axes > 1 ? y_side - 1 : 0;
    z += mask->axes > 2 ? z_side - 1 : 0;
    if (y < box->low[1] || y >= box->high[1] || z < box->low[2] || z >= box->high[2])
        return NULL;
    const uint8_t *row = mask_row(mask, y, z);
    return row_has(row + box->low[0], box->high[0] - box->low[0], mask->bit) ? row : NULL;
}

int surface_lattice(const struct mask *mask, const double spacing[3], struct surface *surface)
{
    const double existing[3] = {spacing[0], mask->axes > 1 ? spacing[1] : 1, mask->axes > 2 ? spacing[2] : 1};
    double areas[256];
    size_t capacity = 0;
    struct box box;
    *surface = (struct surface){0};
    if (!mask_box(mask, &box))
        return STATUS_OK;
    surfel_areas(existing, areas);
    for (int z = box.low[2]; z < box.high[2] + (mask->axes > 2); z++)
        for (int y = box.low[1]; y < box.high[1] + (mask->axes > 1); y++) {
            const uint8_t *rows[4];
            for (int i = 0; i < 4; i++)
                rows[i] = row_beside(mask, &box, y, z, i & 1, i >> 1);
            if ((rows[0] || rows[1] || rows[2] || rows[3]) &&
                lattice_row(mask, &box, rows, y, z, areas, &capacity, surface))
                return STATUS_FAILURE;
        }
    return STATUS_OK;
}

void surface_free(struct surface *surface)
{
    free(surface->points);
    free(surface->areas);
    *surface = (struct surface){0};
}
