/* Standardization: zero mean and unit variance over the non-zero voxels. */
#ifndef PRUNET_VOLUME_STANDARDIZE_H
#define PRUNET_VOLUME_STANDARDIZE_H

#include "lib/stream/record.h"

struct mean_deviation {
    size_t count;     /* of non-zero voxels */
    double mean;      /* over them */
    double deviation; /* population standard deviation; 0 when all are equal */
    bool finite;      /* no voxel is NaN or infinite */
};

/* Mean and deviation of the non-zero voxels, in double precision, always summed in the same order. */
struct mean_deviation mean_deviation_of(const float *voxels, size_t count);

/* Overwrites non-zero voxels by (v - mean) / deviation, leaves zeros, and returns mean and deviation of
 * before. A modality without non-zero voxels or without variance becomes 0. */
struct mean_deviation standardize(float *voxels, size_t count);

/* Standardizes every channel of an image, as float, with a warning for a channel that is empty or constant,
 * unless its bit in `absent` says that its file is known to be missing; other records stay as they are. A background that is not 0 is cleared first (background.h). STATUS_DATA for
 * voxels that are not finite. */
int standardize_record(struct record *record, uint64_t absent);

#endif
