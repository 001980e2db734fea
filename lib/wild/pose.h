/* Where a head's points lie in the atlas: affine, smooth warp, wider ventricles, tissue pushed by tumours.
 *
 * A head's points are in mm from the middle of its grid: x to the left, y to the back, z to the top. */
#ifndef PRUNET_WILD_POSE_H
#define PRUNET_WILD_POSE_H

#include "lib/wild/atlas.h"
#include "lib/wild/field.h"

enum { LESIONS_MAX = 4 };

/* Tissue within 4 radii of a point was nearer to it. */
struct push {
    float centre[3], radius, strength; /* mm, mm, of the radius */
};

struct pose {
    float affine[3][4]; /* head's mm to atlas' mm */
    modal *warp;        /* displacements in the head's mm, a coarse field */
    struct texture folds[3];
    float fold_width;      /* mm */
    float ventricle_scale; /* growth about the ventricles */
    int pushes;
    struct push push[LESIONS_MAX];
    const float *lattice;
};

/* Draws everything but the pushes. STATUS_FAILURE without memory. */
int pose_draw(uint64_t key, const struct atlas *atlas, struct pose *pose);
void pose_free(struct pose *pose);

/* A point of the head by the affine alone, in the atlas' mm. */
void pose_affine(const struct pose *pose, const float head[3], float mm[3]);

/* The point of the atlas whose tissue lies at a point of the head. */
void pose_at(const struct pose *pose, const float head[3], float mm[3]);

#endif
