/* Reading NIfTI-1 and NIfTI-2 single files, plain or gzip: an own reader over zlib, because a medical
 * volume that is cut, swapped or lies about its size must be refused, not zero-filled. */
#ifndef PRUNET_STREAM_NIFTI_H
#define PRUNET_STREAM_NIFTI_H

#include "lib/stream/nifti_header.h"

struct nifti_options {
    uint64_t max_bytes; /* largest volume as float, 0 means 4 GiB */
    bool nan_to_zero;   /* else a non-finite voxel is STATUS_DATA, with a count */
};

/* Reads PATH ("-": stdin); whatever is wrong with the file is STATUS_DATA with path and cause. Warns about
 * forms that disagree,, of non-finite voxels replaced and of integers rounded. */
int nifti_read(const char *path, const struct nifti_options *options, struct nifti *volume);
void nifti_free(struct nifti *volume);

/* The same in two steps, so that several files can be compared before their voxels are read, and these
 * read in parallel: nifti_open reads the header into everything of *volume but data; nifti_load reads the
 * voxels, prints no warnings, and closes the file in any case; nifti_close is for a file that is
 * not loaded. */
struct nifti_file; /* opaque */
int nifti_open(const char *path, const struct nifti_options *options, struct nifti_file **file,
               struct nifti *volume);
int nifti_load(struct nifti_file *file, struct nifti *volume);
void nifti_close(struct nifti_file *file);

/* The type of an open file's voxels: "int16", "uint8", "float32". */
const char *nifti_type_name(const struct nifti_file *file);

/* The warnings of nifti_read, for a volume that was loaded. */
void nifti_warn(const char *path, const struct nifti *volume);

/* Whether two volumes share sizes, and affine within 1e-3; else STATUS_DATA naming both paths. */
int nifti_same_grid(const char *path_a, const struct nifti *a, const char *path_b, const struct nifti *b);

/* Gives a record the volume's grid, affine and forms as its source, and the geometry of the whole grid. */
void nifti_describe(const struct nifti *volume, struct record *record);

#endif
