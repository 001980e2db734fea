/* Tumours: what is drawn of them, and what they make of a point's level and label. */
#ifndef PRUNET_WILD_LESIONS_H
#define PRUNET_WILD_LESIONS_H

#include "lib/wild/pose.h"
#include "lib/wild/tissues.h"

/* In the order of the rows KIND_... of properties.def. */
enum lesion_kind {
    LESION_RING,
    LESION_SOLID,
    LESION_PATCHY,
    LESION_SPOT,
    LESION_SPECKS,
    LESION_HOMOGENEOUS,
    LESION_DARK,
    LESION_OEDEMA,
    LESION_KINDS
};

/* Fields of a lesion. */
enum lesion_field {
    FIELD_OEDEMA,
    FIELD_OEDEMA_FINE,
    FIELD_TEXTURE,
    FIELD_CORE,
    FIELD_CORE_FINE,
    FIELD_NECROSIS,
    FIELD_NECROSIS_FINE,
    LESION_FIELDS
};

/* An irregular ball: where its distance function is below 1. */
struct blob {
    float radius;       /* mm; 0: there is none */
    float centre[3];    /* mm of the head */
    float large, small; /* irregularity */
    float edge;         /* width of the edge, of the radius */
};

struct lesion {
    enum lesion_kind kind;
    float axes[3][3];                   /* head's mm from the oedema's centre to a ball's */
    struct blob oedema, core, necrosis; /* necrosis: radius as a share of the core's */
    float white, grey, spares;          /* how oedema goes with tissues */
    bool follows_core;                  /* oedema is a thin rim about the core, of its form */
    bool leaves_csf, gap_is_oedema;
    bool honeycomb;
    float honeycomb_rarity;
    float closure; /* of a rim */
    float patches; /* 0: none */
    float specks;  /* level of the field above which they are; 0: none */
    float zone_radius, zone_width;
    modal zone; /* near oedema beside far, of the level */
    float oedema_texture, core_texture;
    float water; /* how oedema varies in T2, and with it in FLAIR and T1 */
    float blush; /* how T1ce varies by itself where nothing enhances */
    modal oedema_level, necrosis_level, enhancing_level, solid_level;
    struct texture field[LESION_FIELDS];
};

/* Draws a head's lesions, 0..LESIONS_MAX, into the array and returns how many. */
int lesions_draw(uint64_t key, const struct atlas *atlas, const struct pose *pose,
                 const struct tissues *tissues, struct lesion *lesions);

/* How a lesion pushes tissue; strength 0 where it does not. */
struct push lesion_push(uint64_t key, int number, const struct lesion *lesion);

/* The level at a site with the lesion, of level v without it; and the label (labels.h), which is at least that
 * of before: the truth of several lesions nests. */
modal lesion_paint(const struct lesion *lesion, const float *lattice, const struct site *site, modal v,
                   uint8_t *label);

#endif
