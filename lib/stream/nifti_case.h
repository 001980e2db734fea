/* A case as NIfTI files, in the layouts of BraTS and of the Medical Segmentation Decathlon, to records. */
#ifndef PRUNET_STREAM_NIFTI_CASE_H
#define PRUNET_STREAM_NIFTI_CASE_H

#include "lib/stream/nifti.h"

enum { MODALITIES = 4 };

struct nifti_case {
    char name[CASE_NAME_SIZE]; /* "" until it is known */
    int images; /* MODALITIES files in the order t1, t1ce, t2, flair, or one of four dimensions */
    char *image[MODALITIES]; /* malloc'd, as is label */
    char *label;             /* NULL: none */
};

/* Finds a case's files in its folder by their suffixes, .nii or .nii.gz: _t1 _t1ce _t2 _flair _seg (BraTS up
 * to 2021) or -t1n -t1c -t2w -t2f -seg (2023); hidden files are not looked at. The folder names the case. A
 * folder that cannot be read is STATUS_FAILURE; a modality that is missing or there twice is STATUS_DATA. */
int nifti_case_find(struct nifti_case *files, const char *folder);

/* Names the case: `name` if not NULL, else what its folder or its first file's name gives, less the
 * modality's suffix. A name that is no case name is STATUS_USAGE. */
int nifti_case_name(struct nifti_case *files, const char *name);

/* Reads and checks all of the case's files, several at a time, and only then writes its image record and,
 * with a label, the label record. `rules` NULL: BraTS 2018, or the Decathlon's for one image of four
 * dimensions. */
int nifti_case_write(const struct nifti_case *files, const struct nifti_options *options,
                     const enum label_rules *rules, struct output *output);

void nifti_case_free(struct nifti_case *files);

#endif
