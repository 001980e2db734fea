#include "lib/wild/atlas.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/wild/connected.h"
#include "lib/wild/distance.h"
#include "lib/wild/exact.h"
#include "lib/wild/field.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* mm: what is closed for the brain and for its hull, and the room about the brain that this needs. */
static const double brain_closing = 5, hull_closing = 22, margin = 26;
enum { TISSUE_LEAST = 64, CONNECTED = 2 }; /* grey and white matter together, of 255, that count as brain */

/* What atlases are made with: sets of voxels and a distance, of one size. */
struct workshop {
    int size[3];
    size_t voxels;
    double spacing, origin[3];
    const struct tissue_maps *maps;
    int offset[3];   /* of the maps' voxel (0, 0, 0) */
    uint8_t *tissue; /* of the maps' size: CONNECTED where there is tissue of the brain */
    uint8_t *brain, *set;
    float *distance;
};

/* The maps' number at a voxel of the workshop; 0 outside of them. */
static int map_at(const struct workshop *shop, const uint8_t *map, int x, int y, int z)
{
    const int *size = shop->maps->size;
    int i = x - shop->offset[0], j = y - shop->offset[1], k = z - shop->offset[2];
    if (i < 0 || j < 0 || k < 0 || i >= size[0] || j >= size[1] || k >= size[2])
        return 0;
    return map[((size_t)k * size[1] + j) * size[0] + i];
}

/* The voxel of white matter that is nearest to the middle of the maps; false where there is none. */
static bool middle_white(const struct tissue_maps *maps, size_t *place)
{
    const int *size = maps->size;
    double best = INFINITY;
    size_t at = 0;
    for (int z = 0; z < size[2]; z++)
        for (int y = 0; y < size[1]; y++)
            for (int x = 0; x < size[0]; x++, at++) {
                double a = x - size[0] / 2, b = y - size[1] / 2, c = z - size[2] / 2,
                       d = a * a + b * b + c * c;
                if (maps->white[at] > 200 && d < best) {
                    best = d;
                    *place = at;
                }
            }
    return best < INFINITY;
}

/* Tissue of the brain: what is connected with white matter in the middle. Maps have other specks, too. */
static int find_tissue(struct workshop *shop)
{
    const struct tissue_maps *maps = shop->maps;
    size_t voxels = grid_voxels(maps->size), middle = 0;
    if (!middle_white(maps, &middle))
        return fail(STATUS_DATA, "no white matter in the maps");
    if (!(shop->tissue = malloc(voxels)))
        return fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < voxels; i++)
        shop->tissue[i] = maps->grey[i] + maps->white[i] > TISSUE_LEAST;
    mark_connected(shop->tissue, maps->size, middle, 1, CONNECTED);
    return STATUS_OK;
}

/* The maps' box of brain and the room about it. */
static void find_box(struct workshop *shop)
{
    const int *size = shop->maps->size, room = (int)ceil(margin / shop->maps->spacing);
    int low[3] = {size[0], size[1], size[2]}, high[3] = {-1, -1, -1};
    size_t at = 0;
    for (int z = 0; z < size[2]; z++)
        for (int y = 0; y < size[1]; y++)
            for (int x = 0; x < size[0]; x++, at++) {
                const int p[3] = {x, y, z};
                for (int i = 0; i < 3 && shop->tissue[at] == CONNECTED; i++) {
                    low[i] = int_min(low[i], p[i]);
                    high[i] = int_max(high[i], p[i]);
                }
            }
    shop->voxels = 1;
    for (int i = 0; i < 3; i++) {
        shop->size[i] = high[i] - low[i] + 1 + 2 * room;
        shop->offset[i] = room - low[i];
        shop->origin[i] = shop->maps->origin[i] - shop->offset[i] * shop->spacing;
        shop->voxels *= (size_t)shop->size[i];
    }
}

static int workshop_open(struct workshop *shop, const struct tissue_maps *maps)
{
    *shop = (struct workshop){.maps = maps, .spacing = maps->spacing};
    int status = find_tissue(shop);
    if (status)
        return status;
    find_box(shop);
    shop->brain = malloc(shop->voxels);
    shop->set = malloc(shop->voxels);
    shop->distance = malloc(shop->voxels * sizeof *shop->distance);
    return shop->brain && shop->set && shop->distance ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

static void workshop_close(struct workshop *shop)
{
    free(shop->tissue);
    free(shop->brain);
    free(shop->set);
    free(shop->distance);
}

/* The brain's mask: tissue, closed, holes filled. */
static int find_brain(struct workshop *shop)
{
    size_t at = 0;
    for (int z = 0; z < shop->size[2]; z++)
        for (int y = 0; y < shop->size[1]; y++)
            for (int x = 0; x < shop->size[0]; x++, at++)
                shop->brain[at] = map_at(shop, shop->tissue, x, y, z) == CONNECTED;
    int status = distance_grow(shop->brain, shop->size, (float)(brain_closing / shop->spacing));
    if (!status)
        status = distance_grow(shop->brain, shop->size, (float)(-brain_closing / shop->spacing));
    if (status)
        return status;
    mark_connected(shop->brain, shop->size, 0, 0, CONNECTED); /* from a corner, far from the brain */
    for (size_t i = 0; i < shop->voxels; i++)
        shop->brain[i] = shop->brain[i] != CONNECTED;
    return STATUS_OK;
}

static uint8_t byte_of(double value)
{
    return (uint8_t)(double_clamp(value, 0, 255) + 0.5);
}

/* Writes 128 + 4 a mm of depth below the surface of a set into a channel. */
static int fill_depth(struct workshop *shop, const uint8_t *set, struct atlas *atlas,
                      enum atlas_channel channel)
{
    int status = STATUS_OK;
    for (int inside = 1; inside >= 0 && !status; inside--) {
        /* from inside to the nearest voxel outside, and the reverse */
        status = distance_to(set, (uint8_t)!inside, shop->size, (float)(33 / shop->spacing), shop->distance);
        for (size_t i = 0; i < shop->voxels && !status; i++)
            if (set[i] == inside)
                atlas->values[i * ATLAS_CHANNELS + channel] =
                    byte_of(128 + (inside ? 4 : -4) * (shop->distance[i] - 0.5) * shop->spacing);
    }
    return status;
}

/* Whether CSF at a point, deep inside, is that of ventricles: within a box about them, without the fissures at
 * its sides. Numbers are those of ICBM152. */
static bool ventricle_at(const double p[3], double depth)
{
    double side = fabs(p[0]);
    return depth > 12 && side < 42 && p[1] > -60 && p[1] < 45 && p[2] > -40 && p[2] < 32 &&
           !(side > 26 && p[1] > -25 && p[2] > -8);
}

/* Whether grey matter at a point is that of the basal ganglia and the thalamus. */
static bool nucleus_at(const double p[3], double depth)
{
    return depth > 28 && fabs(p[0]) < 38 && p[1] > -36 && p[1] < 30 && p[2] > -18 && p[2] < 30;
}

/* Tissues, and where ventricles and nuclei are: the set's bit 0 and bit 1. */
static void fill_tissues(struct workshop *shop, struct atlas *atlas)
{
    size_t at = 0;
    for (int z = 0; z < shop->size[2]; z++)
        for (int y = 0; y < shop->size[1]; y++)
            for (int x = 0; x < shop->size[0]; x++, at++) {
                uint8_t *values = atlas->values + at * ATLAS_CHANNELS;
                const double p[3] = {shop->origin[0] + x * shop->spacing, shop->origin[1] + y * shop->spacing,
                                     shop->origin[2] + z * shop->spacing};
                int grey = map_at(shop, shop->maps->grey, x, y, z);
                int white = map_at(shop, shop->maps->white, x, y, z);
                double depth = (values[ATLAS_DEPTH] - 128) * 0.25;
                values[ATLAS_GREY] = (uint8_t)grey;
                values[ATLAS_WHITE] = (uint8_t)white;
                shop->set[at] = (uint8_t)((grey + white < 145 && ventricle_at(p, depth)) |
                                          (grey > 60 && nucleus_at(p, depth)) << 1);
            }
}

/* The share of voxels within `reach` of one that have the set's bit; a box, once along each axis. */
static void box_share(struct workshop *shop, int bit, int reach)
{
    const size_t step[3] = {1, (size_t)shop->size[0], (size_t)shop->size[0] * shop->size[1]};
    for (size_t i = 0; i < shop->voxels; i++)
        shop->distance[i] = (float)(shop->set[i] >> bit & 1);
    for (int axis = 0; axis < 3; axis++) {
        float ring[16] = {0};
        for (size_t line = 0; line < shop->voxels; line++) {
            if (line / step[axis] % (size_t)shop->size[axis])
                continue;
            float *v = shop->distance + line;
            for (int i = 0; i < shop->size[axis] - reach; i++) {
                float sum = 0;
                ring[i & 15] = v[(size_t)i * step[axis]];
                for (int j = -reach; j <= reach; j++)
                    sum += j <= 0 ? (i + j < 0 ? 0 : ring[(i + j) & 15]) : v[(size_t)(i + j) * step[axis]];
                v[(size_t)i * step[axis]] = sum / (float)(2 * reach + 1);
            }
        }
    }
}

/* Ventricles, without the specks that have few of their kind about them, and the nuclei's soft mask. */
static int fill_structures(struct workshop *shop, struct atlas *atlas)
{
    int reach = shop->spacing < 1.5 ? 2 : 1;
    box_share(shop, 1, reach);
    for (size_t i = 0; i < shop->voxels; i++)
        atlas->values[i * ATLAS_CHANNELS + ATLAS_DEEP] = byte_of(255 * shop->distance[i]);
    box_share(shop, 0, reach);
    for (size_t i = 0; i < shop->voxels; i++)
        shop->set[i] = (shop->set[i] & 1) && shop->distance[i] > 0.25f;
    int status = distance_to(shop->set, 1, shop->size, (float)(43 / shop->spacing), shop->distance);
    for (size_t i = 0; i < shop->voxels && !status; i++)
        atlas->values[i * ATLAS_CHANNELS + ATLAS_VENTRICLE] =
            byte_of(6 * fmax(0, shop->distance[i] * shop->spacing - 1));
    return status;
}

static int fill(struct workshop *shop, struct atlas *atlas)
{
    int status = find_brain(shop);
    if (!status)
        status = fill_depth(shop, shop->brain, atlas, ATLAS_DEPTH);
    if (status)
        return status;
    fill_tissues(shop, atlas);
    if ((status = fill_structures(shop, atlas)))
        return status;
    status = distance_grow(shop->brain, shop->size, (float)(hull_closing / shop->spacing));
    if (!status)
        status = distance_grow(shop->brain, shop->size, (float)(-hull_closing / shop->spacing));
    return status ? status : fill_depth(shop, shop->brain, atlas, ATLAS_HULL);
}

int atlas_make(const struct tissue_maps *maps, struct atlas *atlas)
{
    struct workshop shop = {0};
    *atlas = (struct atlas){.spacing = maps->spacing};
    int status = workshop_open(&shop, maps);
    if (!status) {
        atlas->values = calloc(shop.voxels, ATLAS_CHANNELS);
        atlas->lattice = lattice_make();
        if (!atlas->values || !atlas->lattice)
            status = fail(STATUS_FAILURE, "out of memory");
    }
    for (int i = 0; i < 3 && !status; i++) {
        atlas->size[i] = shop.size[i];
        atlas->origin[i] = shop.origin[i];
        atlas->middle[i] = shop.origin[i] + (shop.size[i] - 1) * 0.5 * maps->spacing;
    }
    if (!status)
        status = fill(&shop, atlas);
    workshop_close(&shop);
    if (status)
        atlas_free(atlas);
    return status;
}

void atlas_free(struct atlas *atlas)
{
    free(atlas->values);
    free(atlas->lattice);
    *atlas = (struct atlas){0};
}
