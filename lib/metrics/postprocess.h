/* What may be done to a prediction after the network: small components are dropped, a small enhancing tumour
 * becomes core. Both are off by default: the paper's own figures are without. */
#ifndef PRUNET_METRICS_POSTPROCESS_H
#define PRUNET_METRICS_POSTPROCESS_H

#include "lib/volume/labels.h"
#include <stddef.h>
#include <stdint.h>

struct postprocess {
    /* mm^3: 26-components of the scheme's lesions (the whole tumour) below this become background; 0: none
     * do. */
    double component_minimum;
    /* mm^3: an enhancing tumour (region ET) below this, all of it together, becomes what the last region
     * before it that contains it paints: core (label 1); 0: never. */
    double et_minimum;
};

/* Clears the small components of voxels != 0, (D, H, W), a voxel being `voxel` mm^3; *dropped: voxels
 * cleared. */
int drop_components(uint8_t *voxels, const int size[3], double voxel, double minimum, size_t *dropped);

/* Drops components, then enhancing tumour, from a label map of a scheme's records. *changed: voxels whose
 * label changed. STATUS_DATA for an et_minimum where the scheme has no region ET. */
int postprocess_labels(const struct postprocess *postprocess, const struct label_scheme *scheme,
                       uint8_t *labels, const int size[3], double voxel, size_t *changed);

#endif
