/* What a picture of a case is made of: an image, what lies over it, and what that is compared with. */
#ifndef PRUNET_PICTURE_SCENE_H
#define PRUNET_PICTURE_SCENE_H

#include "lib/metrics/segmentation.h"
#include "lib/stream/reader.h"

struct scene_options {
    const char *over, *reference; /* files of segmentations instead of the stream's; NULL: none */
    const char
        *scheme; /* of the segmentations: see data_scheme_choose; NULL: what the first of the stream says */
    const char *channel; /* of the image, by name or number; NULL: flair, or else the first */
    struct reader_options reader;
};

struct scene {
    struct record image; /* or, without an image, the header of what lies over it */
    bool has_image;
    int channel;
    float *values;                       /* of the channel */
    struct segmentation over, reference; /* voxels NULL: none */
    const struct label_scheme *scheme;   /* of their regions */
};

/* Reads a stream of one case (files, or none: stdin): an image if there is one, then what lies over it, unless
 * options->over says it, then the reference. Segmentations are put on the image's grid. *scene begins as zero and is to be
 * freed in any case. STATUS_USAGE for a channel or a scheme that is not there; STATUS_DATA for two cases, more records than a picture
 * shows, or another grid. */
int scene_read(const struct scene_options *options, int count, char *const *paths, struct scene *scene);
void scene_free(struct scene *scene);

#endif
