/* How a modality is acquired: bias, thick slices, blur and misregistration, noise, tone and gain. */
#ifndef PRUNET_WILD_ACQUISITION_H
#define PRUNET_WILD_ACQUISITION_H

#include "lib/wild/field.h"
#include <stdint.h>

/* A grid whose voxels are cubes of `spacing` mm. */
struct wild_grid {
    int size[3];
    double spacing;
};

/* The logarithm of each modality's sensitivity is a smooth field; nodes (field.h) receive the sensitivity.
 * STATUS_FAILURE without memory. */
int bias_draw(uint64_t key, modal *nodes);

/* Two volumes as large as the image. */
struct acquisition_scratch {
    float *a, *b;
};

/* Acquires one modality: levels (D, H, W), overwritten, become numbers of a file in image: 0 outside the mask,
 * 1..32767 inside. A function of key and modality, not of the number of threads. */
int acquire(uint64_t key, int modality, const struct wild_grid *grid, const uint8_t *mask, float *levels,
            const struct acquisition_scratch *scratch, int16_t *image);

/* Averages along an axis over slices of `thickness` voxels, the first centred at `phase` of a slice, and
 * interpolates linearly between them, in place. STATUS_FAILURE without memory. */
int thicken(float *volume, const int size[3], int axis, double thickness, double phase);

#endif
