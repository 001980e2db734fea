/* What BIDS calls derivatives: label maps that a program has made, in folders as their images have, and what says so.
 *
 *   OUT/dataset_description.json             the data set's kind, and GeneratedBy
 *   OUT/dseg.tsv                             index, name and colour of each label
 *   OUT/sub-X/[ses-Y/]anat/NAME_dseg.nii.gz  and NAME_dseg.json, with the images that it was made from
 *
 * NAME is sub-X or sub-X_ses-Y, as bids.h names cases. OUT is best DATA/derivatives/prunet, whose label maps bids.h takes for
 * nobody's truth. */
#ifndef PRUNET_VOLUME_BIDS_WRITE_H
#define PRUNET_VOLUME_BIDS_WRITE_H

#include "lib/volume/nifti_case.h"

/* The path of a case's label map, malloc'd. STATUS_USAGE for a case that does not come from BIDS. */
int bids_map_path(const char *out, const struct nifti_case *files, char **path);

/* Makes OUT and the folders up to such a path, and the two files that describe all label maps; `scheme` is that of their
 * numbers. */
int bids_prepare(const char *out, const char *map, const struct label_scheme *scheme);

/* Writes what belongs to a label map, beside it. */
int bids_write_sidecar(const char *map, const struct nifti_case *files);

#endif
