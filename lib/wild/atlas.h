/* The anatomy that heads are made from: fractions of tissues and distances, on a grid in MNI's space.
 *
 * Points are in mm of MNI's space: x to the right, y to the front, z to the top, the anterior commissure at 0. */
#ifndef PRUNET_WILD_ATLAS_H
#define PRUNET_WILD_ATLAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum atlas_channel {
    ATLAS_GREY,      /* fraction, 255 for 1 */
    ATLAS_WHITE,     /* the same */
    ATLAS_DEPTH,     /* below the brain's surface: 128 + 4 a mm; outside it is negative */
    ATLAS_VENTRICLE, /* from the ventricles: 6 a mm */
    ATLAS_DEEP,      /* how far grey matter here is that of deep nuclei, 255 for 1 */
    ATLAS_HULL,      /* below the surface with fissures filled: 128 + 4 a mm */
    ATLAS_CHANNELS = 8
};

struct atlas {
    int size[3];      /* x, y, z */
    double spacing;   /* mm a voxel, along each axis */
    double origin[3]; /* mm of voxel (0, 0, 0) */
    double middle[3]; /* mm: of the brain's box */
    uint8_t *values;  /* (D, H, W, ATLAS_CHANNELS) */
    float *lattice;   /* of textures (field.h) */
};

/* Tissue maps of a head, as they are read or drawn: fractions of grey and white matter. */
struct tissue_maps {
    int size[3];
    double spacing, origin[3];
    uint8_t *grey, *white; /* (D, H, W), malloc'd */
};

/* Reads two NIfTI files: grey and white matter of one head on a grid of 1 mm in MNI's space, in any scale of
 * numbers, alike in both. STATUS_DATA, naming the file: grids that differ or are turned, another spacing,
 * numbers that are negative or not finite, a map without tissue, a brain of fewer than 500 or more than 3000
 * cm3, no brain about the origin; besides as nifti_read. */
int tissue_maps_read(const char *grey, const char *white, struct tissue_maps *maps);

/* A simple anatomy of the project's own: folded cortex, white matter, ventricles, nuclei, cerebellum, brain
 * stem, at 2 mm, by a formula. */
int tissue_maps_draw(struct tissue_maps *maps);
void tissue_maps_free(struct tissue_maps *maps);

/* Makes an atlas of maps: the brain is where there is tissue, closed by 5 mm and without holes; the ventricles
 * are CSF deep inside. STATUS_DATA for maps without a brain, STATUS_FAILURE without memory. */
int atlas_make(const struct tissue_maps *maps, struct atlas *atlas);
void atlas_free(struct atlas *atlas);

/* What the atlas holds at a point. Tissues' fractions are 0..1, the rest CSF; distances are in mm. */
struct atlas_point {
    float grey, white, depth, ventricle, deep, hull;
};

/* Trilinear; false where the point lies outside the grid. */
static inline bool atlas_at(const struct atlas *atlas, const float mm[3], struct atlas_point *point)
{
    const size_t step[3] = {ATLAS_CHANNELS, ATLAS_CHANNELS * (size_t)atlas->size[0],
                            ATLAS_CHANNELS * (size_t)atlas->size[0] * (size_t)atlas->size[1]};
    const float inverse = (float)(1 / atlas->spacing);
    float f[3], v[ATLAS_CHANNELS];
    const uint8_t *a = atlas->values;
    for (int i = 0; i < 3; i++) {
        float u = (mm[i] - (float)atlas->origin[i]) * inverse;
        if (!(u >= 0) || u >= (float)(atlas->size[i] - 1))
            return false;
        int cell = (int)u;
        f[i] = u - (float)cell;
        a += (size_t)cell * step[i];
    }
    const uint8_t *b = a + step[1], *c = a + step[2], *d = c + step[1];
    for (int i = 0; i < ATLAS_CHANNELS; i++) {
        float ab = (float)a[i] + f[0] * ((float)a[i + ATLAS_CHANNELS] - (float)a[i]);
        float bb = (float)b[i] + f[0] * ((float)b[i + ATLAS_CHANNELS] - (float)b[i]);
        float cb = (float)c[i] + f[0] * ((float)c[i + ATLAS_CHANNELS] - (float)c[i]);
        float db = (float)d[i] + f[0] * ((float)d[i + ATLAS_CHANNELS] - (float)d[i]);
        ab += f[1] * (bb - ab);
        cb += f[1] * (db - cb);
        v[i] = ab + f[2] * (cb - ab);
    }
    *point = (struct atlas_point){
        .grey = v[ATLAS_GREY] / 255,
        .white = v[ATLAS_WHITE] / 255,
        .depth = (v[ATLAS_DEPTH] - 128) * 0.25f,
        .ventricle = v[ATLAS_VENTRICLE] / 6,
        .deep = v[ATLAS_DEEP] / 255,
        .hull = (v[ATLAS_HULL] - 128) * 0.25f,
    };
    return true;
}

#endif
