/* What a case's file is by its name: which modality, or the label map, and how it is named. */
#ifndef PRUNET_VOLUME_FILE_KIND_H
#define PRUNET_VOLUME_FILE_KIND_H

#include "lib/volume/labels.h"
#include <stdbool.h>

enum naming {
    NAMING_UNDERSCORE, /* CASE_t1 _t1ce _t2 _flair _seg: BraTS 2017 to 2021 */
    NAMING_HYPHEN,     /* CASE-t1n -t1c -t2w -t2f -seg: BraTS from 2023 on */
    NAMING_PLAIN       /* any other: t1, t1c, fla ..., with or without a name and _ or - before it */
};

struct file_kind {
    int kind;      /* the modality's index, label_file(), or -1 */
    size_t length; /* of what names the case, at the front of the file's name; 0: nothing does */
    enum naming naming;
};

/* Length of a file's name without .nii or .nii.gz; 0 when it has neither. */
size_t nifti_stem_length(const char *file);

/* `file` is a name without folders. Of kind -1, `length` is the stem's. */
struct file_kind file_kind(const char *file);

/* The same of its first `length` characters, which have no .nii or .nii.gz. */
struct file_kind stem_kind(const char *file, size_t length);

/* The channel that ends a stem, as nnU-Net names its files: 1 of "X_0001"; *length, the stem's, then becomes
 * that of "X". -1 where there is none. */
int file_channel(const char *file, size_t *length);

/* The modality that a word of a dataset.json means, whatever its case and punctuation: "T1-Gd" is t1ce,
 * "T2w" is t2, where data_scheme has them; also one by its name or the end of its files' names. -1 for
 * another word. */
int modality_of_word(const char *word);

#endif
