/* NIfTI-1 and NIfTI-2 single files, plain or gzip: an own reader over zlib, because a medical volume that is
 * cut, swapped or lies about its size must be refused, not zero-filled. */
#ifndef PRUNET_STREAM_NIFTI_H
#define PRUNET_STREAM_NIFTI_H

#include "lib/stream/record.h"
#include <stdbool.h>
#include <stdint.h>

struct nifti {
    int dimensions;      /* dim[0] of the file: 2, 3 or 4 */
    int size[3];         /* x, y, z */
    int channels;        /* dim[4], else 1 */
    double affine[3][4]; /* voxel to RAS mm: sform if coded, else qform, else pixdim with a warning */
    double spacing[3];   /* mm, from pixdim */
    struct source_forms forms;
    float *data; /* (C, D, H, W), scaled */
};

struct nifti_options {
    uint64_t max_bytes; /* largest volume as float, 0 means 4 GiB */
    bool nan_to_zero;   /* else a non-finite voxel is STATUS_DATA, with a count */
};

/* Reads PATH ("-": stdin); every refusal of the specification is STATUS_DATA with path and cause. */
int nifti_read(const char *path, const struct nifti_options *options, struct nifti *volume);
void nifti_free(struct nifti *volume);

/* Whether two volumes share sizes, and affine within 1e-3; else STATUS_DATA naming both paths. */
int nifti_same_grid(const char *path_a, const struct nifti *a, const char *path_b, const struct nifti *b);

/* Writes a record's volume, already on its source grid (record->size == record->grid), as NIfTI-1 with the
 * source's forms; gzip when `compress`, always with the same bytes. */
int nifti_write(struct output *output, const struct record *record, bool compress);

#endif
