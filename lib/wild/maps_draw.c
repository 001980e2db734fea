/* An anatomy by a formula, for tests and for use without maps: ellipsoids in mm of MNI's space, and a folded
 * cortex. */
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/wild/atlas.h"
#include "lib/wild/exact.h"
#include <stdlib.h>

static const double own_spacing = 2;
static const double own_low[3] = {-80, -116, -80}, own_high[3] = {80, 84, 88};

struct ellipsoid {
    double centre[3], half[3]; /* mm; x is that of the right side */
};

static const struct ellipsoid cerebrum = {{0, -17, 13}, {70, 89, 66}};
static const struct ellipsoid cerebellum = {{0, -62, -36}, {53, 33, 27}};
static const struct ellipsoid stem = {{0, -28, -40}, {15, 14, 34}};
static const struct ellipsoid callosum = {{0, -12, 10}, {60, 46, 24}}; /* within it there is no fissure */
static const struct ellipsoid ventricles[] = {
    {{11, -8, 18}, {7, 30, 8}},   /* body and frontal horn */
    {{24, -46, 9}, {7, 19, 8}},   /* occipital horn */
    {{32, -22, -14}, {4, 14, 4}}, /* temporal horn */
    {{0, -15, 3}, {2.5, 14, 10}}, /* third */
    {{0, -44, -32}, {7, 5, 9}},   /* fourth */
};
static const struct ellipsoid nuclei[] = {
    {{12, -18, 7}, {9, 14, 9}}, /* thalamus */
    {{25, 2, 2}, {6, 17, 10}},  /* putamen */
    {{15, 12, 12}, {4, 13, 7}}, /* caudate nucleus */
};

/* About the distance in mm below an ellipsoid's surface; negative outside. Both sides alike. */
static double depth_in(const struct ellipsoid *e, double x, double y, double z)
{
    double a = (fabs(x) - e->centre[0]) / e->half[0], b = (y - e->centre[1]) / e->half[1];
    double c = (z - e->centre[2]) / e->half[2], radius = sqrt(a * a + b * b + c * c);
    double least = fmin(e->half[0], fmin(e->half[1], e->half[2]));
    return (1 - radius) * least;
}

/* A sine's shape from parabolas, period 1. */
static double wave(double t)
{
    double whole = (double)(int64_t)(t + 1000.5) - 1000;
    t -= whole;
    return 8 * t - 16 * t * fabs(t);
}

/* About the distance in mm from a sulcus: folds of some 24 mm, irregular by slower waves. */
static double sulcus_distance(double x, double y, double z)
{
    double u = x / 26 + 0.35 * wave(y / 61 + z / 83), v = y / 24 + 0.35 * wave(z / 57 + x / 79);
    double w = z / 25 + 0.35 * wave(x / 67 + y / 71);
    double fold = wave(u) * wave(v + 0.25) + wave(v) * wave(w + 0.25) + wave(w) * wave(u + 0.25);
    return 6.5 * fabs(fold);
}

static double soft(double distance)
{
    return ramp((float)(distance / 2 + 0.5));
}

/* Fractions at a point of the cerebrum, `depth` mm below its surface. */
static void cerebrum_at(double x, double y, double z, double depth, double *grey, double *white)
{
    double sulcus = sulcus_distance(x, y, z) + fmax(0, depth - 16) * 2;
    double inner = fmin(depth, sulcus - 1); /* mm below the cortex' surface */
    if (depth_in(&callosum, x, y, z) < 0)
        inner = fmin(inner, fabs(x) - 1.2);
    double csf = 1 - soft(inner), below = soft(inner - 3.2), nucleus = 0;
    for (size_t i = 0; i < sizeof nuclei / sizeof *nuclei; i++)
        nucleus = fmax(nucleus, soft(depth_in(&nuclei[i], x, y, z)));
    for (size_t i = 0; i < sizeof ventricles / sizeof *ventricles; i++)
        csf = fmax(csf, soft(depth_in(&ventricles[i], x, y, z)));
    *grey = (1 - csf) * (1 - below + below * nucleus);
    *white = (1 - csf) * below * (1 - nucleus);
}

/* Thin leaves, and a tree of white matter. */
static void cerebellum_at(double y, double z, double depth, double *grey, double *white)
{
    double leaf = fabs(wave(y / 9 + 0.2 * wave(z / 31)) * wave(z / 10));
    double below = soft(depth - 9 + 6 * leaf);
    *grey = soft(depth) * (1 - below) * (leaf < 0.12 && depth < 9 ? 0.6 : 1);
    *white = soft(depth) * below;
}

static void fractions_at(double x, double y, double z, double *grey, double *white)
{
    double in_cerebrum = depth_in(&cerebrum, x, y, z), in_cerebellum = depth_in(&cerebellum, x, y, z);
    double in_stem = depth_in(&stem, x, y, z);
    *grey = *white = 0;
    if (in_cerebrum > -2 && z > -44 && !(in_cerebellum > -3 && z < -8))
        cerebrum_at(x, y, z, fmin(in_cerebrum, z + 42), grey, white);
    else if (in_cerebellum > -2)
        cerebellum_at(y, z, in_cerebellum, grey, white);
    double of_stem = soft(in_stem) * (1 - soft(depth_in(&ventricles[4], x, y, z)));
    if (z < 0 && of_stem > *grey + *white) {
        *grey = 0.15 * of_stem;
        *white = 0.85 * of_stem;
    }
}

int tissue_maps_draw(struct tissue_maps *maps)
{
    *maps = (struct tissue_maps){.spacing = own_spacing};
    for (int i = 0; i < 3; i++) {
        maps->origin[i] = own_low[i];
        maps->size[i] = (int)((own_high[i] - own_low[i]) / own_spacing) + 1;
    }
    size_t voxels = grid_voxels(maps->size), slice = (size_t)maps->size[0] * maps->size[1];
    maps->grey = malloc(voxels);
    maps->white = malloc(voxels);
    if (!maps->grey || !maps->white) {
        tissue_maps_free(maps);
        return fail(STATUS_FAILURE, "out of memory");
    }
#pragma omp parallel for
    for (size_t i = 0; i < voxels; i++) {
        double grey, white, x = own_low[0] + own_spacing * (double)(i % (size_t)maps->size[0]);
        double y = own_low[1] + own_spacing * (double)(i % slice / (size_t)maps->size[0]);
        fractions_at(x, y, own_low[2] + own_spacing * (double)(i / slice), &grey, &white);
        maps->grey[i] = (uint8_t)(255 * grey + 0.5);
        maps->white[i] = (uint8_t)(255 * white + 0.5);
    }
    return STATUS_OK;
}
