/* NIfTI-1 and NIfTI-2 headers, read from bytes and checked. */
#ifndef PRUNET_STREAM_NIFTI_HEADER_H
#define PRUNET_STREAM_NIFTI_HEADER_H

#include "lib/stream/record.h"

enum { NIFTI1_BYTES = 348, NIFTI2_BYTES = 540, NIFTI_HEADER_MAX = NIFTI2_BYTES };

/* NIfTI's datatype codes that are read here. */
enum nifti_type {
    NIFTI_UINT8 = 2,
    NIFTI_INT16 = 4,
    NIFTI_INT32 = 8,
    NIFTI_FLOAT32 = 16,
    NIFTI_FLOAT64 = 64,
    NIFTI_INT8 = 256,
    NIFTI_UINT16 = 512,
    NIFTI_UINT32 = 768,
    NIFTI_INT64 = 1024,
    NIFTI_UINT64 = 1280
};

/* A volume as its header describes it, and its voxels once they are loaded. */
struct nifti {
    int dimensions;      /* dim[0] of the file */
    int size[3];         /* x, y, z */
    int channels;        /* dim[4], else 1 */
    double affine[3][4]; /* voxel to RAS mm: sform if coded, else qform, else pixdim with a warning */
    double spacing[3];   /* mm, from pixdim where that agrees with the affine */
    struct source_forms forms;
    float *data;    /* (C, D, H, W), scaled */
    size_t zeroed;  /* non-finite voxels that nan_to_zero has replaced */
    size_t rounded; /* voxels of 32-bit integers above 2^24 that a float does not hold exactly */
};

/* How the voxels are stored. */
struct nifti_header {
    bool swapped; /* the file has the other byte order */
    enum nifti_type type;
    size_t sample_bytes;
    size_t offset;       /* of the data, in the file */
    double slope, inter; /* 1 and 0 without scaling */
};

/* The header's size as its first four bytes tell, or 0 when they are not a NIfTI header's. */
size_t nifti_header_bytes(const unsigned char first[4]);

/* Reads a header of nifti_header_bytes(bytes) bytes into *header and everything but the data of *volume.
 * STATUS_DATA with the cause; `path` is for warnings. */
int nifti_header_parse(const unsigned char *bytes, const char *path, struct nifti_header *header,
                       struct nifti *volume);

/* The affine that a qform gives, in the file's units; false when its quaternion is longer than a unit
 * quaternion. */
bool nifti_qform_affine(const float qform[10], double affine[3][4]);

#endif
