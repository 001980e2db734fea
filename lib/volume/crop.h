/* Crop: the bounding box of an image's non-zero voxels, centred in a fixed size. */
#ifndef PRUNET_VOLUME_CROP_H
#define PRUNET_VOLUME_CROP_H

#include "lib/stream/record.h"

/* A window over a volume of `from_size`: voxel p of the window is voxel offset + p of the volume. The window
 * may overhang; what lies outside the volume is 0. */
struct window {
    int offset[3], size[3]; /* x, y, z */
};

/* The box [low, high) of voxels that are not 0 in any of the channels; false when all are 0. */
bool bounding_box(const struct record *record, int low[3], int high[3]);

/* Where a window of `size` starts so that the box lies in its middle: a larger box is cut and a smaller one
 * padded by half of the difference, rounded down, on the low side. */
void centre_box(const int low[3], const int high[3], const int size[3], int offset[3]);

/* Replaces the record's data by the window and moves its origin along. */
int crop_record(struct record *record, const struct window *window);

/* Cropping a stream: the window of the last image is kept for what follows of the same case. */
struct crop {
    struct window window; /* size is the caller's, offset the last image's */
    bool strict;          /* what is cut off is an error, else a warning */
    uint64_t max_bytes;   /* of a result; 0: RECORD_BYTES_MAX */
    int image_size[3];
    char case_name[CASE_NAME_SIZE]; /* of the last image; "" before any */
};

/* Crops an image about its own box, any other record as its image was. A background that is not 0 is cleared
 * first (background.h). Brain or labelled voxels that are cut off are counted in a warning; with `strict`
 * they are STATUS_DATA. So are an image without a non-zero voxel, a record without its image before it or of
 * another size, and a result above max_bytes. */
int crop_apply(struct crop *crop, struct record *record);

#endif
