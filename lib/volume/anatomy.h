/* The anatomy of a phantom: which tissue is at a point of a skull-stripped head with a tumour.
 *
 * Points are in units of the brain's half-axes: the brain is about the unit ball, x to the left, y to the
 * back, z to the top. The shapes are caricatures: what matters is that tissues lie side by side as they do in
 * a head, and that none of them can be told from tumour by its position alone. */
#ifndef PRUNET_VOLUME_ANATOMY_H
#define PRUNET_VOLUME_ANATOMY_H

#include "lib/volume/noise.h"

enum tissue {
    TISSUE_NONE, /* outside the brain */
    TISSUE_CSF,
    TISSUE_GREY,
    TISSUE_WHITE,
    TISSUE_VESSEL,
    TISSUE_GLIOSIS, /* old lesions of the white matter: bright in FLAIR as oedema is */
    TISSUE_OEDEMA,
    TISSUE_ENHANCING,
    TISSUE_CORE, /* necrosis and non-enhancing tumour */
    TISSUES
};

/* Fields that make each case's shapes its own. */
enum anatomy_noise {
    NOISE_SURFACE, /* of the brain */
    NOISE_FOLDS,   /* sulci lie where it is 0 */
    NOISE_VESSELS, /* vessels run where this and the folds are 0 */
    NOISE_GLIOSIS,
    NOISE_TUMOUR, /* the outline of core and rim */
    NOISE_OEDEMA, /* the outline of the oedema */
    NOISES
};

struct tumour {
    double centre[3];
    double core, rim, oedema; /* radii in units of the longest half-axis */
};

struct anatomy {
    double aspect[3];  /* half-axes relative to the longest one, y */
    double ventricles; /* their size, about 1 */
    double gliosis;    /* where its noise is above this */
    struct tumour tumour;
    struct noise noise[NOISES];
};

/* Draws the anatomy of a case, a function of key and half-axes. STATUS_FAILURE without memory. */
int anatomy_make(struct anatomy *anatomy, uint64_t key, const double half[3]);
void anatomy_free(struct anatomy *anatomy);

enum tissue tissue_at(const struct anatomy *anatomy, const double point[3]);

/* The label that records have for a tissue: background outside the tumour. */
uint8_t tissue_label(enum tissue tissue);

#endif
