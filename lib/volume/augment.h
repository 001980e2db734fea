/* Augmentation for training: one random warp in the planes perpendicular to z, intensity shifts and flips; if
 * wanted also effects on intensities (intensity.h) and modalities that are left out.
 *
 * Rotation, scaling and elastic deformation are composed into one resampling. All slices and all modalities
 * of a case share its in-plane part, so that its coordinates and weights are computed once. */
#ifndef PRUNET_VOLUME_AUGMENT_H
#define PRUNET_VOLUME_AUGMENT_H

#include "lib/volume/intensity.h"
#include "lib/volume/slice_map.h"

struct augmentation {
    uint64_t seed, epoch;
    double rotate;  /* degrees: the angle is U(-rotate, rotate) */
    double scale;   /* >= 1: the factor is U(1/scale, scale) */
    double elastic; /* voxels: standard deviation of the 3 x 3 displacements */
    double shift;   /* of intensities: U(-shift, shift) for each modality */
    bool flip;      /* each axis with probability 1/2 */
    int patch[3];   /* size of a random crop afterwards; 0 0 0: none */
    struct intensity_options intensity;
    double drop_modality; /* probability of each modality to be 0 everywhere; one is always kept */
};

/* Draws the warp of a case: a function of seed, epoch, case name, the volume's size and the options, and of
 * nothing else. STATUS_DATA when the patch is larger than the volume. */
int warp_draw(const struct augmentation *augmentation, const char *case_name, const int size[3],
              struct warp *warp);

/* Warps an image, which becomes float, or a label map, and drops its geometry; prunet.aug tells what was
 * done. Images are interpolated linearly, outside them is the value of voxel (0,0,0), and the shift is added
 * everywhere; labels are those of the nearest voxel, 0 outside. STATUS_DATA for other roles. */
int warp_record(const struct warp *warp, const struct slice_map *map, struct record *record);

/* What happens to a modality, in the order of its volume's way: warped, intensities, shifted; or dropped. */
struct modality_change {
    struct intensity intensity;
    bool dropped;
};

/* Draws it for each of the image's channels: a function of seed, epoch, case name and the options. */
void modalities_draw(const struct augmentation *augmentation, const char *case_name, int channels,
                     struct modality_change changes[]);

/* Augmenting a stream: the map of the last case is kept for its next records. */
struct augment {
    struct augmentation options;
    struct warp warp;
    struct modality_change changes[RECORD_CHANNELS_MAX];
    struct slice_map map;
    char case_name[CASE_NAME_SIZE]; /* that warp and map are of; "" before any */
};

/* Warps one record; the records of a case must have one size. */
int augment_apply(struct augment *augment, struct record *record);

#endif
