/* Healthy tissues: their levels in each modality, and how they are mixed at a point. */
#ifndef PRUNET_WILD_TISSUES_H
#define PRUNET_WILD_TISSUES_H

#include "lib/wild/atlas.h"
#include "lib/wild/field.h"

enum wild_tissue {
    WILD_CSF,
    WILD_VENTRICLE, /* CSF in the ventricles */
    WILD_GREY,
    WILD_DEEP, /* grey matter of the nuclei */
    WILD_WHITE,
    WILD_VESSEL,
    WILD_PLEXUS,
    WILD_DURA,
    WILD_GLIOSIS,
    WILD_BONE,
    WILD_FAT,
    WILD_TISSUES
};

/* The modalities' places in a modal: those of labels.h. */
enum { T1, T1CE, T2, FLAIR };

struct tissues {
    modal level[WILD_TISSUES];
    bool dim; /* little contrast agent: what takes it up is hardly brighter */
    struct texture texture[3];
    modal texture_depth[3]; /* of the level */
    float csf, white;       /* weights of fractions */
    float sharpness;
    float ventricle_rim;                    /* mm */
    struct texture sulci;                   /* of its own, where this is 0 */
    float sulci_width, cortex, sulci_depth; /* the field's, the field's, mm; width 0: there are none */
};

/* A point of a head and what is there. Fractions sum to 1. */
struct site {
    float head[3], mm[3];   /* of the head and of the atlas */
    struct atlas_point at;  /* as the atlas has it */
    float grey, white, csf; /* fractions of this head */
    float ventricle;        /* mm from the ventricles of this head; 0 inside */
    float in_ventricle;     /* share of CSF that is theirs */
    float edge;             /* mm below the mask's surface */
    float roughness;        /* unit field of the surface, over 9 mm */
    float texture[3];       /* unit fields */
};

void tissues_draw(uint64_t key, struct tissues *tissues);

/* Fills in fractions, ventricles and textures of a site whose points and atlas point are set. */
void tissues_mix(const struct tissues *tissues, const float *lattice, struct site *site);

/* The level in each modality of a site that tissues_mix has filled in. */
modal tissues_level(const struct tissues *tissues, const struct site *site);

/* v, with a share of another level. */
static inline modal blend(modal v, modal other, float share)
{
    return v + share * (other - v);
}

#endif
