/* Augmentation of intensities, as scanners vary: contrast of tissues, sharpness, resolution, noise. Only
 * voxels that are not 0, the brain, take part; the background stays 0. The values are those of standardized
 * images. */
#ifndef PRUNET_VOLUME_INTENSITY_H
#define PRUNET_VOLUME_INTENSITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each effect is drawn for each modality by itself, and is there with probability `chance`. */
struct intensity_options {
    double chance;
    double gamma;    /* >= 1: the exponent is exp(U(-log gamma, log gamma)); 1: no such effect */
    double contrast; /* >= 1: the factor about the mean, likewise */
    double blur;     /* voxels: the Gaussian's deviation is U(0, blur); 0: none */
    double
        low_resolution; /* >= 1: as if sampled U(1, low_resolution) times as coarsely, along one axis or, with
                              probability 1/2, all; 1: none */
    double noise;       /* the Gaussian noise's deviation is U(0, noise); 0: none */
};

/* What was drawn for a modality. */
struct intensity {
    double gamma, contrast, blur, coarse[3], noise; /* 1, 1, 0, 1 1 1, 0: none */
    uint64_t noise_key;
};

/* A function of the key, which stands for a case, and the channel. */
void intensity_draw(const struct intensity_options *options, uint64_t key, int channel,
                    struct intensity *drawn);

bool intensity_is_none(const struct intensity *drawn);

/* Changes a modality, x, y, z voxels, in place, in this order:
 *   gamma           t^gamma with t from 0 to 1 over the brain's range; mean and deviation stay
 *   contrast        times the factor about the brain's mean
 *   blur, coarse    filters of the brain alone: weights outside it do not count (Knutsson and Westin,
 *                   CVPR 1993)
 *   noise           white
 * STATUS_FAILURE without memory; the volume is then unspecified. */
int intensity_apply(const struct intensity *drawn, const int size[3], float *volume);

/* "gamma 1.2 blur 0.5": what is there, in at most `size` bytes; "" for nothing. */
void intensity_text(const struct intensity *drawn, char *text, size_t size);

#endif
