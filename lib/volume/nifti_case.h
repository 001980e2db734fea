/* The NIfTI files of a case. Which modalities there are, and how their files are called, is data_scheme's
 * (labels.h). */
#ifndef PRUNET_VOLUME_NIFTI_CASE_H
#define PRUNET_VOLUME_NIFTI_CASE_H

#include "lib/stream/case_names.h"
#include "lib/volume/file_kind.h"
#include "lib/volume/labels.h"
#include "lib/volume/layout.h"

struct nifti_case {
    char name[CASE_NAME_SIZE];   /* "" until it is known */
    int images;                  /* a file for each modality, in their order, or one of four dimensions */
    char *image[MODALITIES_MAX]; /* malloc'd, as is label */
    char *label;                 /* NULL: none */
    char *odd_label;             /* a file of the folder that may be a label map under an odd name, or NULL */
    char *odd_image;             /* the first other file of the folder whose name says nothing, or NULL */
    enum layout layout;
    bool grid_of_images; /* of a label map whose header says another place than the images', theirs counts */
    bool has_volumes; /* of one image of four dimensions: its dataset.json tells the order of its volumes, */
    int volume[MODALITIES_MAX]; /* volume[m] is modality m; else it is the Decathlon's */
    enum naming naming;         /* of all files of the folder, NAMING_PLAIN where they differ */
    int found; /* NIfTI files of the folder by their names' ends, those of no modality included */
};

/* Finds what there is of a case's files in its folder by the ends of their names (file_kind.h), .nii or
 * .nii.gz; none need be there. The layout is one of those with a folder a case. Hidden files and folders are
 * not looked at. `name` is the case's, by its folder. A folder that cannot be read is STATUS_FAILURE; a file
 * that is there twice, and files of more than one case are STATUS_DATA. No file is opened. */
int nifti_case_look(struct nifti_case *files, const char *folder, const char *name);

/* The same; the folder names the case. */
int nifti_case_find(struct nifti_case *files, const char *folder);

/* STATUS_DATA unless all modalities are there; a file that may be the missing one under an odd name is named. */
int nifti_case_complete(const struct nifti_case *files, const char *folder);

/* The images that are not there, as bits: bit i is image[i]. */
uint64_t nifti_case_absent(const struct nifti_case *files);

/* For files that somebody has named: STATUS_DATA when a file's name contradicts its place: it has another
 * modality's suffix, or it is that of another patient, which differs from the first file's in nothing but
 * digits. Other names are not judged. At least one image must be there. */
int nifti_case_check(const struct nifti_case *files);

/* Names the case: `name` if not NULL, else what its folder or its first file's name gives, less the
 * modality's suffix. A name that is not a case name is STATUS_USAGE. At least one image must be there. */
int nifti_case_name(struct nifti_case *files, const char *name);

void nifti_case_free(struct nifti_case *files);

#endif
