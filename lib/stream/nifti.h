/* NIfTI-1 and NIfTI-2 single files, plain or gzip: an own reader over zlib, because a medical volume that is
 * cut, swapped or lies about its size must be refused, not zero-filled. */
#ifndef PRUNET_STREAM_NIFTI_H
#define PRUNET_STREAM_NIFTI_H

#include "lib/stream/record.h"
#include <stdbool.h>
#include <stdint.h>

struct nifti {
    int dimensions;      /* dim[0] of the file */
    int size[3];         /* x, y, z */
    int channels;        /* dim[4], else 1 */
    double affine[3][4]; /* voxel to RAS mm: sform if coded, else qform, else pixdim with a warning */
    double spacing[3];   /* mm, from pixdim where that agrees with the affine */
    struct source_forms forms;
    float *data;   /* (C, D, H, W), scaled */
    size_t zeroed; /* non-finite voxels that nan_to_zero has replaced */
};

struct nifti_options {
    uint64_t max_bytes; /* largest volume as float, 0 means 4 GiB */
    bool nan_to_zero;   /* else a non-finite voxel is STATUS_DATA, with a count */
};

/* Reads PATH ("-": stdin); every refusal of the specification is STATUS_DATA with path and cause. Warns about
 * forms that disagree, and of non-finite voxels replaced. */
int nifti_read(const char *path, const struct nifti_options *options, struct nifti *volume);
void nifti_free(struct nifti *volume);

/* The same in two steps, so that several files can be compared before their voxels are read, and these read
 * in parallel: nifti_open reads the header into everything of *volume but data; nifti_load reads the voxels,
 * says nothing on stderr, and closes the file whatever comes; nifti_close is for a file that is not loaded.
 */
struct nifti_file; /* opaque */
int nifti_open(const char *path, const struct nifti_options *options, struct nifti_file **file,
               struct nifti *volume);
int nifti_load(struct nifti_file *file, struct nifti *volume);
void nifti_close(struct nifti_file *file);

/* Whether two volumes share sizes, and affine within 1e-3; else STATUS_DATA naming both paths. */
int nifti_same_grid(const char *path_a, const struct nifti *a, const char *path_b, const struct nifti *b);

/* Which numbers a label map may have; all of them become BraTS 2018's 0, 1 (necrosis and non-enhancing core),
 * 2 (oedema), 4 (enhancing). */
enum label_rules {
    RULES_2018, /* 0, 1, 2, 4 */
    RULES_2023, /* 3, too, is enhancing */
    RULES_MSD   /* Medical Segmentation Decathlon: 1 oedema, 2 non-enhancing, 3 enhancing */
};

/* "2018", "2023", "msd"; false for anything else. */
bool label_rules_named(const char *name, enum label_rules *rules);

/* The volume (one channel) as a label map, one byte a voxel. Any other value is STATUS_DATA, with the value
 * and its count. */
int nifti_labels(const char *path, const struct nifti *volume, enum label_rules rules, uint8_t *labels);

/* Gives a record the volume's grid, affine and forms as its source, and the geometry of the whole grid. */
void nifti_describe(const struct nifti *volume, struct record *record);

/* Writes a record's volume, already on its source grid (record->size == record->grid), as NIfTI-1 with the
 * source's forms; without any, its affine as sform. Bytes and floats keep their type, bfloat16 becomes float.
 * gzip when `compress`, always with the same bytes. */
int nifti_write(struct output *output, const struct record *record, bool compress);

#endif
