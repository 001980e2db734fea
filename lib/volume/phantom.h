/* Phantoms: cases as BraTS has them, made by a formula, with their ground truth.
 *
 * They are made to be hard for a threshold and feasible for a network: in each modality some healthy tissue
 * is as bright as tumour (CSF in T2, gliosis in FLAIR, vessels in T1ce, grey matter in T1), contrasts vary
 * from case to case, and a bias field and noise lie over everything. */
#ifndef PRUNET_VOLUME_PHANTOM_H
#define PRUNET_VOLUME_PHANTOM_H

#include "lib/volume/labels.h"
#include <stdint.h>

struct phantom {
    int size[3];
    double spacing;             /* mm: the side of a voxel */
    int16_t *image[MODALITIES]; /* (D, H, W); 0 outside the brain, positive inside */
    uint8_t *label;             /* (D, H, W); labels of records */
};

/* Makes case `number` of a seed, a function of both and of the size; the head fills the same part of any
 * size, of voxels of 1 mm. STATUS_FAILURE without memory. */
int phantom_make(struct phantom *phantom, uint64_t seed, int number, const int size[3]);

/* Arrays of a size, the labels 0, for others who make phantoms (lib/wild). STATUS_FAILURE without memory. */
int phantom_allocate(struct phantom *phantom, const int size[3], double spacing);
void phantom_free(struct phantom *phantom);

#endif
