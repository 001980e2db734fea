#include "lib/volume/resample.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/stream/affine.h"
#include "lib/stream/axes.h"
#include "lib/volume/samples.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double SPACING_MIN = 0.05, SPACING_MAX = 50; /* mm */
static const double SAME_SPACING = 1e-3;                  /* of a spacing: not worth a new grid */
static const double SAME_AXIS = 1e-4;                     /* of a step: what may lie across an axis */
static const double TIE = 1e-6; /* voxels: what rounding may have taken from a half */

int spacing_parse(double spacing[3], const char *text)
{
    char rest;
    bool valid = sscanf(text, "%lfx%lfx%lf%c", &spacing[0], &spacing[1], &spacing[2], &rest) == 3;
    for (int axis = 0; axis < 3 && valid; axis++)
        valid = spacing[axis] >= SPACING_MIN && spacing[axis] <= SPACING_MAX;
    return valid ? STATUS_OK
                 : fail(STATUS_USAGE, "--spacing: '%s' is not XxYxZ, each %g to %g mm", text, SPACING_MIN,
                        SPACING_MAX);
}

void spacing_print(const double spacing[3], char text[SPACING_TEXT_SIZE])
{
    snprintf(text, SPACING_TEXT_SIZE, "%.6gx%.6gx%.6g", spacing[0], spacing[1], spacing[2]);
}

bool spacing_differs(const struct record *record, const double spacing[3], double share)
{
    double own[3];
    record_spacing(record, own);
    for (int axis = 0; axis < 3 && record->has_geometry; axis++)
        if (!(fabs(own[axis] / spacing[axis] - 1) <= share))
            return true;
    return false;
}

/* Where a grid's voxels lie in a volume. Axis a of the volume follows axis along[a] of the grid:
 * place[a] = scale[a] * voxel[along[a]] + shift[a]. */
struct placement {
    int along[3];
    double scale[3], shift[3];
};

/* False where the axes are not each other's. */
static bool place_grid(struct placement *p, const struct record *volume, const double grid[3][4])
{
    double own[3][4], inverse[3][3];
    bool taken[3] = {false};
    affine_join(volume->directions, volume->origin, own);
    if (!affine_invert(own, inverse))
        return false;
    for (int a = 0; a < 3; a++) {
        double steps[3], shift = 0;
        for (int g = 0; g < 3; g++) {
            steps[g] = 0;
            for (int r = 0; r < 3; r++)
                steps[g] += inverse[a][r] * grid[r][g];
            shift += inverse[a][g] * (grid[g][3] - own[g][3]);
        }
        int g = fabs(steps[0]) > fabs(steps[1]) ? 0 : 1;
        g = fabs(steps[g]) > fabs(steps[2]) ? g : 2;
        for (int other = 0; other < 3; other++)
            if (other != g && !(fabs(steps[other]) <= SAME_AXIS * fabs(steps[g])))
                return false;
        if (taken[g])
            return false;
        taken[g] = true;
        p->along[a] = g;
        p->scale[a] = steps[g];
        p->shift[a] = shift;
    }
    return true;
}

/* Along an axis of the volume, for each of the grid's voxels: the neighbours below and above its place, and how much
 * of the upper one is in its value; below < 0: it lies outside. */
struct axis_table {
    int *below, *above;
    double *share;
};

static int fill_table(struct axis_table *t, const struct placement *p, int axis, int length, int count,
                      bool nearest)
{
    t->below = malloc((size_t)count * sizeof *t->below);
    t->above = malloc((size_t)count * sizeof *t->above);
    t->share = malloc((size_t)count * sizeof *t->share);
    if (!t->below || !t->above || !t->share)
        return fail(STATUS_FAILURE, "out of memory");
    for (int i = 0; i < count; i++) {
        const double place = p->scale[axis] * i + p->shift[axis];
        if (!(place >= -0.5 - TIE && place <= length - 0.5 + TIE)) {
            t->below[i] = -1;
            continue;
        }
        const double at = double_clamp(nearest ? floor(place + 0.5 + TIE) : place, 0, length - 1);
        t->below[i] = int_clamp((int)at, 0, length - 1);
        t->above[i] = int_min(t->below[i] + 1, length - 1);
        t->share[i] = at - t->below[i];
    }
    return STATUS_OK;
}

static void free_tables(struct axis_table tables[3])
{
    for (int axis = 0; axis < 3; axis++) {
        free(tables[axis].below);
        free(tables[axis].above);
        free(tables[axis].share);
    }
}

static size_t index_of(const int size[3], int x, int y, int z)
{
    return ((size_t)z * (size_t)size[1] + (size_t)y) * (size_t)size[0] + (size_t)x;
}

/* The value between eight voxels; at[a] is the grid's voxel along the axis that the volume's axis a follows. */
static double between(const struct axis_table t[3], const int at[3], const int size[3], const float *volume)
{
    double sum = 0;
    for (int corner = 0; corner < 8; corner++) {
        double weight = 1;
        int place[3];
        for (int a = 0; a < 3; a++) {
            const bool upper = corner >> a & 1;
            place[a] = upper ? t[a].above[at[a]] : t[a].below[at[a]];
            weight *= upper ? t[a].share[at[a]] : 1 - t[a].share[at[a]];
        }
        sum += weight * (double)volume[index_of(size, place[0], place[1], place[2])];
    }
    return sum;
}

/* Fills a channel of the grid, which is zeroed. Floats are interpolated, other samples copied. */
static void fill_channel(const struct placement *p, const struct axis_table t[3], const struct record *volume,
                         const struct record *grid, size_t channel, bool nearest)
{
    const size_t bytes = sample_bytes(volume->sample);
    const char *from = (const char *)volume->data + channel * record_voxels(volume) * bytes;
    char *to = (char *)grid->data + channel * record_voxels(grid) * bytes;
    int voxel[3];
    for (voxel[2] = 0; voxel[2] < grid->size[2]; voxel[2]++)
        for (voxel[1] = 0; voxel[1] < grid->size[1]; voxel[1]++)
            for (voxel[0] = 0; voxel[0] < grid->size[0]; voxel[0]++, to += bytes) {
                const int at[3] = {voxel[p->along[0]], voxel[p->along[1]], voxel[p->along[2]]};
                const int low[3] = {t[0].below[at[0]], t[1].below[at[1]], t[2].below[at[2]]};
                if (low[0] < 0 || low[1] < 0 || low[2] < 0)
                    continue;
                if (nearest)
                    memcpy(to, from + index_of(volume->size, low[0], low[1], low[2]) * bytes, bytes);
                else
                    *(float *)to = (float)between(t, at, volume->size, (const float *)from);
            }
}

/* Replaces the record by one on a grid of `size` voxels at `affine`. */
static int resample(struct record *record, const struct placement *p, const int size[3],
                    const double affine[3][4])
{
    const bool nearest = record->role == ROLE_LABEL || record->role == ROLE_MASK;
    struct axis_table tables[3] = {{0}};
    struct record grid;
    int status = nearest ? STATUS_OK : record_make_float(record);
    if (!status)
        status = record_derive(&grid, record, record->sample, record->channels, size);
    if (status)
        return status;
    affine_split(affine, grid.directions, grid.origin);
    for (int a = 0; a < 3 && !status; a++)
        status = fill_table(&tables[a], p, a, record->size[a], size[p->along[a]], nearest);
    for (size_t c = 0; c < (size_t)record->channels && !status; c++)
        fill_channel(p, tables, record, &grid, c, nearest);
    free_tables(tables);
    if (status)
        record_free(&grid);
    else
        record_replace(record, &grid);
    return status;
}

static int check_size(const struct record *record, const double sides[3], uint64_t max_bytes)
{
    const bool as_float = record->role != ROLE_LABEL && record->role != ROLE_MASK;
    const double sample = (double)(as_float ? sizeof(float) : sample_bytes(record->sample));
    const double bytes = sides[0] * sides[1] * sides[2] * record->channels * sample;
    const uint64_t most = max_bytes ? max_bytes : RECORD_BYTES_MAX;
    for (int axis = 0; axis < 3; axis++)
        if (sides[axis] > RECORD_SIZE_MAX)
            return fail(STATUS_DATA, "%.0f voxels along an axis when resampled, more than %d", sides[axis],
                        RECORD_SIZE_MAX);
    return bytes <= (double)most ? STATUS_OK
                                 : fail(STATUS_DATA, "%.0f bytes when resampled, more than the limit of %llu",
                                        bytes, (unsigned long long)most);
}

int resample_to_spacing(struct record *record, const double spacing[3], uint64_t max_bytes)
{
    double own[3], sides[3], affine[3][4];
    int size[3];
    struct placement p = {.along = {0, 1, 2}};
    if (!record->has_geometry)
        return fail(STATUS_DATA, "no geometry in the record: its spacing is not known");
    record_spacing(record, own);
    if (!spacing_differs(record, spacing, SAME_SPACING))
        return STATUS_OK;
    affine_join(record->directions, record->origin, affine);
    for (int a = 0; a < 3; a++) {
        if (!(own[a] > 0))
            return fail(STATUS_DATA, "voxels of %gx%gx%g mm cannot be resampled", own[0], own[1], own[2]);
        sides[a] = fmax(1, round(record->size[a] * own[a] / spacing[a]));
        p.scale[a] = spacing[a] / own[a];
        p.shift[a] = 0.5 * (record->size[a] - 1 - (sides[a] - 1) * p.scale[a]);
        for (int r = 0; r < 3; r++) {
            affine[r][3] += p.shift[a] * affine[r][a];
            affine[r][a] *= p.scale[a];
        }
    }
    int status = check_size(record, sides, max_bytes);
    if (status)
        return status;
    for (int a = 0; a < 3; a++)
        size[a] = (int)sides[a];
    return resample(record, &p, size, affine);
}

/* The source's grid, as the record has its axes. */
static void source_grid(const struct record *record, int size[3], double affine[3][4])
{
    record_turned_grid(record, size);
    axes_affine(record->axes, record->grid, record->affine, affine);
}

/* Also where the record's voxels lie in its source: *p. */
static bool is_due(const struct record *record, struct placement *p)
{
    int size[3];
    double affine[3][4];
    if (!record->has_geometry || !record->has_grid)
        return false;
    source_grid(record, size, affine);
    if (!place_grid(p, record, affine))
        return false;
    for (int a = 0; a < 3; a++)
        if (fabs(fabs(p->scale[a]) - 1) > SAME_AXIS)
            return true;
    return false;
}

bool resample_is_due(const struct record *record)
{
    struct placement p;
    return is_due(record, &p);
}

int resample_to_source(struct record *record, uint64_t max_bytes)
{
    struct placement p;
    if (!is_due(record, &p))
        return STATUS_OK;
    int size[3];
    double affine[3][4];
    source_grid(record, size, affine);
    int status = record_check_grid(record, max_bytes);
    return status ? status : resample(record, &p, size, affine);
}
