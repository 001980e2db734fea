/* The voxels of a case: its NIfTI files, opened, compared and read side by side. */
#ifndef PRUNET_VOLUME_NIFTI_CASE_READ_H
#define PRUNET_VOLUME_NIFTI_CASE_READ_H

#include "lib/stream/nifti.h"
#include "lib/volume/label_readings.h"
#include "lib/volume/nifti_case.h"

enum { NIFTI_CASE_FILES = MODALITIES_MAX + 1 };

/* All volumes of a case: those of its images that are there, in their order, and its label map behind
 * them. */
struct nifti_case_volumes {
    int count, images;         /* of `count` volumes, `images` are images */
    int order[MODALITIES_MAX]; /* of one image of four dimensions: which of its volumes each modality is */
    int modality[NIFTI_CASE_FILES];     /* whose file each is; 0 for one of four dimensions; label_file() */
    const char *path[NIFTI_CASE_FILES]; /* borrowed of the struct nifti_case */
    struct nifti_file *file[NIFTI_CASE_FILES];
    struct nifti volume[NIFTI_CASE_FILES];
    int axes[3]; /* of the volumes' voxels on their files' grid, nearest to LPS (axes.h) */
};

/* Reads all of the case's files; their voxels are then in LPS, or nearest to it. STATUS_DATA where sizes or
 * affines differ, or a file has not the volumes that it should; the message names it. Nothing is held after
 * a failure. */
int nifti_case_load(struct nifti_case_volumes *volumes, const struct nifti_case *files,
                    const struct nifti_options *options);
void nifti_case_unload(struct nifti_case_volumes *volumes);

/* The voxels (z, y, x) of a modality, or NULL where its file is not there. */
const float *nifti_case_modality(const struct nifti_case_volumes *volumes, int modality);

/* The header of the case's image record: name, channels, geometry; data is NULL. */
void nifti_case_describe(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                         struct record *image);

/* The case's image record, in memory of its own; the channel of a modality that is not there is 0. */
int nifti_case_image(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                     struct record *image);

/* The case's label record. `scheme` is the label map's; NULL: that of records, or the Decathlon's for one
 * image of four dimensions of BraTS (nifti_case_scheme). STATUS_DATA for numbers that the scheme does not have. */
int nifti_case_label(const struct nifti_case_volumes *volumes, const struct nifti_case *files,
                     const struct label_scheme *scheme, struct record *label);

/* The scheme that the label map is read by, where the caller names `scheme` or, NULL, none. */
const struct label_scheme *nifti_case_scheme(const struct nifti_case *files,
                                             const struct label_scheme *scheme);

/* Which numbers its label map has, and which schemes its name or the case's allow. */
struct label_readings nifti_case_readings(const struct nifti_case_volumes *volumes,
                                          const struct nifti_case *files);

#endif
