#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/stream/nifti.h"
#include "lib/wild/atlas.h"
#include <math.h>
#include <stdlib.h>

static const double brain_least = 500, brain_most = 3000; /* cm3 */

/* A map's grid: upright, in millimetres, with the origin inside. */
static int check_grid(const char *path, const struct nifti *map)
{
    if (map->channels != 1)
        return fail(STATUS_DATA, "%s: %d volumes where one map is expected", path, map->channels);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            if (fabs(map->affine[i][j] - (i == j)) > 1e-3)
                return fail(STATUS_DATA, "%s: voxels of 1 mm to the right, front and top are expected", path);
    for (int i = 0; i < 3; i++) {
        double voxel = -map->affine[i][3];
        if (voxel < 40 || map->size[i] - voxel < 40)
            return fail(STATUS_DATA, "%s: too small for a head: 40 mm to each side of the origin are needed",
                        path);
    }
    return STATUS_OK;
}

/* The largest number of a map, which must have tissue and no negative number. */
static int check_values(const char *path, const struct nifti *map, float *most)
{
    float least = 0;
    *most = 0;
    for (size_t i = 0; i < grid_voxels(map->size); i++) {
        *most = fmaxf(*most, map->data[i]);
        least = fminf(least, map->data[i]);
    }
    if (least < 0)
        return fail(STATUS_DATA, "%s: a fraction of %g: negative", path, least);
    return *most > 0 ? STATUS_OK : fail(STATUS_DATA, "%s: no voxel has tissue", path);
}

static int check_brain(const char *path, const struct tissue_maps *maps)
{
    double volume = 0, about = 0;
    size_t at = 0;
    for (int z = 0; z < maps->size[2]; z++)
        for (int y = 0; y < maps->size[1]; y++)
            for (int x = 0; x < maps->size[0]; x++, at++) {
                double tissue = (maps->grey[at] + maps->white[at]) / 255e3;
                bool near = fabs(maps->origin[0] + x) < 60 && fabs(maps->origin[1] + y) < 60;
                volume += tissue;
                about += near && fabs(maps->origin[2] + z) < 60 ? tissue : 0;
            }
    if (volume < brain_least || volume > brain_most)
        return fail(STATUS_DATA, "%s: grey and white matter together are %.0f cm3, no brain", path, volume);
    return about > volume / 2 ? STATUS_OK : fail(STATUS_DATA, "%s: no brain about the origin", path);
}

static int convert(const struct nifti *grey, const struct nifti *white, float most, struct tissue_maps *maps)
{
    size_t voxels = grid_voxels(grey->size);
    *maps = (struct tissue_maps){.spacing = 1};
    for (int i = 0; i < 3; i++) {
        maps->size[i] = grey->size[i];
        maps->origin[i] = grey->affine[i][3];
    }
    maps->grey = malloc(voxels);
    maps->white = malloc(voxels);
    if (!maps->grey || !maps->white)
        return fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < voxels; i++) {
        maps->grey[i] = (uint8_t)(255 * (grey->data[i] / most) + 0.5f);
        maps->white[i] = (uint8_t)(255 * (white->data[i] / most) + 0.5f);
    }
    return STATUS_OK;
}

static int check_both(const char *const path[2], const struct nifti map[2], float *most)
{
    float own[2];
    int status = nifti_same_grid(path[0], &map[0], path[1], &map[1]);
    for (int i = 0; i < 2 && !status; i++)
        if (!(status = check_grid(path[i], &map[i])))
            status = check_values(path[i], &map[i], &own[i]);
    if (!status && fmaxf(own[0], own[1]) > 4 * fminf(own[0], own[1]))
        return fail(STATUS_DATA, "%s and %s: numbers up to %g and %g are not of one scale", path[0], path[1],
                    own[0], own[1]);
    *most = status ? 0 : fmaxf(own[0], own[1]);
    return status;
}

int tissue_maps_read(const char *grey, const char *white, struct tissue_maps *maps)
{
    const struct nifti_options options = {0};
    const char *const path[2] = {grey, white};
    struct nifti map[2] = {0};
    float most = 1;
    *maps = (struct tissue_maps){0};
    int status = nifti_read(grey, &options, &map[0]);
    if (!status)
        status = nifti_read(white, &options, &map[1]);
    if (!status)
        status = check_both(path, map, &most);
    if (!status)
        status = convert(&map[0], &map[1], most, maps);
    if (!status)
        status = check_brain(grey, maps);
    nifti_free(&map[0]);
    nifti_free(&map[1]);
    if (status)
        tissue_maps_free(maps);
    return status;
}

void tissue_maps_free(struct tissue_maps *maps)
{
    free(maps->grey);
    free(maps->white);
    *maps = (struct tissue_maps){0};
}
