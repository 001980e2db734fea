/* The backward map of an augmented slice: from each output pixel to where its value comes from. */
#ifndef PRUNET_VOLUME_SLICE_MAP_H
#define PRUNET_VOLUME_SLICE_MAP_H

#include "lib/stream/record.h"

/* A warp of a volume, as it was drawn for a case. */
struct warp {
    double angle;                 /* radians, from x towards y */
    double scale;                 /* > 1 enlarges */
    double displacement[2][3][3]; /* voxels, of x and of y; [row][column] of the 3 x 3 grid */
    bool flip[3];
    float shift[RECORD_CHANNELS_MAX];
    int size[3];             /* of the volume */
    int offset[3], patch[3]; /* the part of the warped volume that is the result */
};

/* Where each of the warp's patch[0] * patch[1] output pixels comes from in a slice of the volume. */
struct slice_map {
    size_t pixels;
    int step_x, step_y; /* to the neighbours that are interpolated with; 0 along an axis of one voxel */
    int32_t *corner;    /* index of the lower neighbour in both axes */
    int32_t *nearest;   /* index of the nearest voxel, -1 outside the scaled image */
    float *weight[4];   /* of corner, corner + step_x, corner + step_y, corner + both; 0 outside */
    float *outside;     /* 1 outside the scaled image, else 0 */
};

/* Computes the map in double precision. STATUS_FAILURE without memory. */
int slice_map_make(struct slice_map *map, const struct warp *warp);
void slice_map_free(struct slice_map *map);

#endif
