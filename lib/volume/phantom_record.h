/* Phantoms as records, and the geometry that records and files of them share. */
#ifndef PRUNET_VOLUME_PHANTOM_RECORD_H
#define PRUNET_VOLUME_PHANTOM_RECORD_H

#include "lib/base/output.h"
#include "lib/stream/record.h"
#include "lib/volume/phantom.h"

/* A record of one channel without data, with the geometry of a BraTS volume: x to the left, y to the front, z
 * to the top, the first voxel at y = n-1 voxels; sform and qform say the same. */
struct record phantom_record(const struct phantom *phantom, const char *name);

/* Writes an image record of floats, t1 t1ce t2 flair, and its label record, as nii2raw does of the files. */
int phantom_write(const struct phantom *phantom, const char *name, struct output *output);

#endif
