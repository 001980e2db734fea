/* The region bits of a segmentation, from the numbers of a label map, the channels of probabilities, or a mask. */
#ifndef PRUNET_METRICS_SEGMENTATION_BITS_H
#define PRUNET_METRICS_SEGMENTATION_BITS_H

#include "lib/metrics/segmentation.h"
#include "lib/volume/scheme.h"

/* Samples of one volume, whatever their type; channel by channel. */
struct samples {
    const void *data;
    enum sample type;
    int channels;
};

/* Allocates and sets the bits, and sets the spacing where the geometry is known, and what the numbers look like; name,
 * size, has_geometry and affine are set before. `scheme`: of LABELS_SCHEME's numbers. STATUS_DATA for a value that is
 * no label, or channels that are no regions, with its count; the caller frees the segmentation then, too. */
int segmentation_set_bits(struct segmentation *segmentation, const struct samples *samples, bool label_map,
                          enum label_set set, const struct label_scheme *scheme);

#endif
