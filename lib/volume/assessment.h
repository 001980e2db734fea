/* How probabilities compare with the label map of their case: are they as often right as they say, and do the regions
 * nest? What a report needs of volumes that nobody keeps. */
#ifndef PRUNET_VOLUME_ASSESSMENT_H
#define PRUNET_VOLUME_ASSESSMENT_H

#include "lib/base/output.h"
#include "lib/stream/record.h"
#include "lib/volume/labels.h"
#include <stdint.h>

enum { CALIBRATION_BINS = 20 };

/* Voxels whose probability lies in [i / BINS, (i + 1) / BINS), 1 in the last one. */
struct calibration_bin {
    double voxels;
    double probability; /* the sum of the probabilities */
    double reference;   /* how many of the voxels are of the region */
};

struct assessment {
    const struct label_scheme *scheme; /* of the regions */
    /* Inside the smallest box around the tumour, predicted (above one half) or in the reference; all 0 without any. */
    struct calibration_bin bins[SCHEME_REGIONS_MAX][CALIBRATION_BINS];
    /* Voxels above one half that do not lie in the region around it; of one without a region around it 0. */
    double outside[SCHEME_REGIONS_MAX];
};

/* The smallest region that has all labels of region r and others besides; -1 for none. */
int region_around(const struct label_scheme *scheme, int r);

/* probabilities (regions, D, H, W) and labels (D, H, W) of a scheme of records, which stays the caller's. STATUS_DATA for labels that are none. */
int assess(const struct label_scheme *scheme, const float *probabilities, const uint8_t *labels,
           const int size[3], struct assessment *assessment);

/* The header line of the table, and a case's rows: case, item, region, key, value, as docs/FORMAT.md has them. */
int assessment_begin(struct output *output);
int assessment_rows(struct output *output, const char *case_name, const struct assessment *assessment);

#endif
