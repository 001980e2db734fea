/* Standardization: zero mean and unit variance over the non-zero voxels. */
#ifndef PRUNET_VOLUME_STANDARDIZE_H
#define PRUNET_VOLUME_STANDARDIZE_H

#include "lib/stream/record.h"

struct moments {
    size_t count;     /* of non-zero voxels */
    double mean;      /* over them */
    double deviation; /* population standard deviation; 0 when all are equal */
    bool finite;      /* no voxel is NaN or infinite */
};

/* The moments of the non-zero voxels, in double precision, always summed in the same order. */
struct moments moments_of(const float *voxels, size_t count);

/* Overwrites non-zero voxels by (v - mean) / deviation, leaves zeros, and returns the moments of before. A
 * modality without non-zero voxels or without variance becomes 0. */
struct moments standardize(float *voxels, size_t count);

/* Standardizes every channel of an image, as float, with a warning for a channel that is empty or constant;
 * other records stay as they are. STATUS_DATA for voxels that are not finite. */
int standardize_record(struct record *record);

/* The name of a channel ("t1ce"), or its number from 0 where the record does not name it. */
const char *channel_name(const struct record *record, int channel, char *name, size_t size);

#endif
