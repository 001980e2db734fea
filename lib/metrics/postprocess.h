/* What may be done to a prediction after the network: small components are dropped, a small enhancing tumour
 * becomes core. Both are off by default: the paper's own figures are without. */
#ifndef PRUNET_METRICS_POSTPROCESS_H
#define PRUNET_METRICS_POSTPROCESS_H

#include <stddef.h>
#include <stdint.h>

struct postprocess {
    /* mm^3: 26-components of the whole tumour below this become background; 0: none do. */
    double component_minimum;
    /* mm^3: an enhancing tumour below this, all of it together, becomes core (label 1); 0: never. */
    double et_minimum;
};

/* Clears the small components of voxels != 0, (D, H, W), a voxel being `voxel` mm^3; *dropped: voxels
 * cleared. */
int drop_components(uint8_t *voxels, const int size[3], double voxel, double minimum, size_t *dropped);

/* Drops components, then enhancing tumour, from a label map of 0, 1, 2, 4. *changed: voxels whose label
 * changed. */
int postprocess_labels(const struct postprocess *postprocess, uint8_t *labels, const int size[3],
                       double voxel, size_t *changed);

#endif
