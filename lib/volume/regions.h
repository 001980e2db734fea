/* Labels and regions of BraTS 2018.
 *
 * Labels: 0 background, 1 necrosis and non-enhancing tumour, 2 oedema, 4 enhancing tumour.
 * Regions: whole tumour (WT) = label != 0; tumour core (TC) = 1 or 4; enhancing tumour (ET) = 4. */
#ifndef PRUNET_VOLUME_REGIONS_H
#define PRUNET_VOLUME_REGIONS_H

#include "lib/stream/record.h"

enum region { REGION_WT, REGION_TC, REGION_ET, REGIONS };

/* Whether a number is none of the labels; without a branch, so that loops take whole vectors at a time. */
static inline bool is_no_label(uint8_t number)
{
    return (number > 4) | (number == 3);
}

/* masks[r * voxels + i] = 1 where voxel i lies in region r, else 0. */
void regions_of_labels(const uint8_t *labels, size_t voxels, uint8_t *masks);

/* The label map of probabilities (3, voxels): start at 0; where WT > 0.5: 2; where TC > 0.5: 1; where
 * ET > 0.5: 4, in this order. The regions need not nest. */
void labels_of_regions(const float *probabilities, size_t voxels, uint8_t *labels);

/* Turns a label record into a mask record of three channels; other records stay as they are. */
int regions_from_label(struct record *record);

/* Turns a prob or mask record of three channels into a label record; others stay as they are. */
int regions_to_label(struct record *record);

#endif
