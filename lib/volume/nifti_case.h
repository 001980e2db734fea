/* The NIfTI files of a case, in the layouts of BraTS and of the Medical Segmentation Decathlon. */
#ifndef PRUNET_VOLUME_NIFTI_CASE_H
#define PRUNET_VOLUME_NIFTI_CASE_H

#include "lib/stream/case_names.h"
#include "lib/volume/labels.h"

struct nifti_case {
    char name[CASE_NAME_SIZE]; /* "" until it is known */
    int images;                /* a file for each modality, in their order, or one of four dimensions */
    char *image[MODALITIES];   /* malloc'd, as is label */
    char *label;               /* NULL: none */
    char *odd_label;           /* a file of the folder that may be a label map under an odd name, or NULL */
};

/* Finds a case's files in its folder by the suffixes of the modalities (labels.h), .nii or .nii.gz; hidden
 * files are not looked at. The folder names the case. A folder that cannot be read is STATUS_FAILURE; a
 * modality that is missing or there twice, and files of more than one case are STATUS_DATA. */
int nifti_case_find(struct nifti_case *files, const char *folder);

/* STATUS_DATA when a file's name contradicts its place: it has another modality's suffix, or it is that of
 * another patient, which differs from the first file's in nothing but digits. Other names are not judged. */
int nifti_case_check(const struct nifti_case *files);

/* Names the case: `name` if not NULL, else what its folder or its first file's name gives, less the
 * modality's suffix. A name that is not a case name is STATUS_USAGE. */
int nifti_case_name(struct nifti_case *files, const char *name);

void nifti_case_free(struct nifti_case *files);

#endif
