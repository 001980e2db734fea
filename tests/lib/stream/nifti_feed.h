/* Bytes to the NIfTI reader, and what is expected of them. */
#ifndef PRUNET_TESTS_LIB_STREAM_NIFTI_FEED_H
#define PRUNET_TESTS_LIB_STREAM_NIFTI_FEED_H

#include "lib/stream/nifti.h"
#include "tests/lib/feed.h"
#include "tests/lib/stream/nifti_bytes.h"

static inline int read_bytes(const void *bytes, size_t count, struct nifti *volume)
{
    const char *path = scratch("volume.nii");
    write_file(path, bytes, count);
    return nifti_read(path, NULL, volume);
}

/* Whether voxel i is first + step * i. */
static inline bool counts_from(const struct nifti *volume, double first, double step)
{
    bool right = volume->data && volume->size[0] == NX && volume->size[1] == NY && volume->size[2] == NZ;
    for (int i = 0; right && i < NVOXELS; i++)
        right = volume->data[i] == (float)(first + step * i);
    return right;
}

#endif
