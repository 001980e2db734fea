/* A case from its NIfTI files to a label map on their grid: what nii2raw | crop | standardize |
 * prunet-infer --label-map | raw2nii do, in one process. */
#ifndef PRUNET_NETWORK_SEGMENT_CASE_H
#define PRUNET_NETWORK_SEGMENT_CASE_H

#include "lib/network/ensemble.h"
#include "lib/stream/nifti.h"
#include "lib/volume/labels.h"
#include "lib/volume/nifti_case.h"

struct segment_settings {
    struct nifti_options nifti;
    int crop[3];       /* voxels of the crop, x, y, z */
    double spacing[3]; /* mm; a case whose voxels differ by more than a twentieth is resampled; 0: none is */
    bool spacing_assumed; /* the model does not say its own */
};

/* The field that a network sees where none is said, in voxels of a spacing (0: of 1 mm): 160 x 192 x 160 mm, as BraTS
 * heads are cropped and drawn, up to a multiple of 16. Networks know their field: twice the empty room about a head
 * doubles what they mark. */
void segment_field(const double spacing[3], int crop[3]);

/* Where a case is resampled that is said in a line, for the first one of the process or, verbose, for each; its probabilities go back to its own grid before they become
 * labels. Reads the case's images, of which some may be missing (their channels are 0), and makes *map, a label record
 * on their grid. The label map of the case, if there is one, is not read. */
int segment_case(struct ensemble *ensemble, const struct nifti_case *files,
                 const struct segment_settings *settings, struct record *map);

/* Millilitres of each region of a label map that has a geometry, in the order of the scheme's regions. */
void region_volumes(const struct label_scheme *scheme, const struct record *map, double volumes[]);

#endif
