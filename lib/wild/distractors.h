/* What is bright or dark in a head and no tumour: vessels and sinuses, dura, choroid plexus, the skull's base,
 * lesions of the white matter, caps and flow of the ventricles, the lower surface, infarcts, calcifications. */
#ifndef PRUNET_WILD_DISTRACTORS_H
#define PRUNET_WILD_DISTRACTORS_H

#include "lib/wild/tissues.h"

/* Fields that say where a structure is. */
enum structure {
    STRUCTURE_SURFACE,
    STRUCTURE_RESIDUE,
    STRUCTURE_HOLES,
    STRUCTURE_BASE,
    STRUCTURE_BASE_FINE,
    STRUCTURE_GLIOSIS,
    STRUCTURE_VESSELS,
    STRUCTURE_VESSELS_ACROSS,
    STRUCTURE_PLEXUS,
    STRUCTURE_DURA,
    STRUCTURE_TRANSVERSE,
    STRUCTURE_FLOW,
    STRUCTURE_FLOOR,
    STRUCTURES
};

/* A strength of 0: the head has no such thing. */
struct distractors {
    struct texture texture[STRUCTURES];
    float mask_shift, mask_roughness;
    float bottom, top; /* mm of the head: where the field of view ends */
    float residue, residue_level, residue_reach, hole_depth;
    float base, base_reach, base_top, base_vessels;
    float gliosis, gliosis_rarity, caps;
    float vessels, vessel_width, falx, falx_width, plexus, dura, transverse;
    float sagittal, sagittal_width, sagittal_depth, straight, straight_width;
    float flow, flow_rarity, floor, floor_rarity, calcified;
    modal cerebellum;
    float infarct_radius, infarct[3]; /* mm of the head */
};

/* What a site is, besides brain. */
enum place {
    PLACE_BRAIN,   /* tumours may be there */
    PLACE_OUTSIDE, /* beyond the mask */
    PLACE_RESIDUE, /* dura and scalp that skull-stripping left */
    PLACE_BASE,    /* of the skull */
    PLACE_SINUS    /* a vessel outside the brain that is in the mask */
};

void distractors_draw(uint64_t key, struct distractors *distractors);

/* Sets the site's edge and roughness and says where it is; tissues_mix comes afterwards. *sinus: the share of
 * the sagittal sinus there. */
enum place distractors_place(const struct distractors *d, const float *lattice, struct site *site,
                             float *sinus);

/* The level of a site in the mask or just outside it, of brain's level v. */
modal distractors_paint(const struct distractors *d, const struct tissues *tissues, const float *lattice,
                        const struct site *site, enum place place, float sinus, modal v);

/* What is added in FLAIR where there is no tumour. */
modal distractors_flair(const struct distractors *d, const struct tissues *tissues, const float *lattice,
                        const struct site *site, modal v);

#endif
