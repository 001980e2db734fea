/* The best threshold on one modality: what a segmentation must beat to mean anything.
 *
 * Whole tumour is predicted where a standardized voxel of one modality, not 0, lies above a threshold, or not
 * above it. Of all thresholds the one with the best mean Dice over the training cases is taken. */
#ifndef PRUNET_VOLUME_THRESHOLD_H
#define PRUNET_VOLUME_THRESHOLD_H

#include "lib/stream/record.h"

enum { THRESHOLDS = 1601 }; /* -8.00, -7.99 .. 8.00 standard deviations */
enum tumour_side { TUMOUR_ABOVE, TUMOUR_BELOW, TUMOUR_SIDES };

/* Sums over cases of the whole tumour's Dice, for each modality, side and threshold. */
struct threshold_scores {
    size_t cases;
    int channels;
    char channel_names[CHANNEL_NAMES_SIZE];
    double (*dice)[TUMOUR_SIDES][THRESHOLDS]; /* of each channel */
};

struct threshold {
    int channel;
    enum tumour_side side;
    int index; /* of the threshold; its value is threshold_value(index) */
};

double threshold_value(int index);

/* Adds a case; its label is uint8. The image is standardized first, in place, which changes nothing when
 * it is standardized already. An empty prediction of an empty tumour has Dice 1. STATUS_DATA when the
 * label does not fit the image, or the image the modalities of the cases before. */
int threshold_add_case(struct threshold_scores *scores, struct record *image, const struct record *label);

/* The mean Dice of a threshold over the cases added. */
double threshold_dice(const struct threshold_scores *scores, struct threshold threshold);

/* The threshold of a channel with the best mean Dice, the lowest of equals. */
struct threshold threshold_best(const struct threshold_scores *scores, int channel);

void threshold_free(struct threshold_scores *scores);

#endif
