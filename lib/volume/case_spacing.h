/* The size of a case's voxels, from the header of its first image. */
#ifndef PRUNET_VOLUME_CASE_SPACING_H
#define PRUNET_VOLUME_CASE_SPACING_H

#include "lib/volume/nifti_case.h"

/* Reads the header of the first image that is there: mm along x, y and z. STATUS_DATA and STATUS_FAILURE as
 * nifti_open, and for a case without an image. */
int case_spacing(const struct nifti_case *files, double spacing[3]);

#endif
