/* What the voxels of cases say: for survey.c. */
#ifndef PRUNET_VOLUME_SURVEY_VOXELS_H
#define PRUNET_VOLUME_SURVEY_VOXELS_H

#include "lib/volume/survey.h"

/* Reads a case whole and adds: backgrounds, label numbers and regions with their voxels, empty regions, and
 * warnings of images without contents, of a head that is too large to be without its skull, and of heads
 * that do not cover each other. STATUS_DATA for a case that nii2raw would refuse. */
int survey_voxels(struct survey *survey, const struct nifti_case *files,
                  const struct survey_settings *settings);

/* Adds a warning for each volume that is there more than once. */
int survey_duplicates(struct survey *survey);

#endif
