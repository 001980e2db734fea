/* Tiling: windows of one size that cover a volume and overlap, and the weights by which what is computed in each
 * of them becomes one result. For networks that were trained on patches, and volumes that do not fit in memory.
 *
 * Places and weights are those of MONAI 1.3, sliding_window_inference (monai/inferers/utils.py, `overlap`, `mode`,
 * `sigma_scale` 0.125; nnU-Net's Gaussian has the same deviation): windows begin at multiples of
 * int(side * (1 - overlap)), at least 1, the last one at the end of the volume. An axis that is no longer than
 * the window has one window of its own length. */
#ifndef PRUNET_VOLUME_TILING_H
#define PRUNET_VOLUME_TILING_H

#include "lib/base/options.h"
#include "lib/volume/crop.h"

struct tiling_choice {
    int size[3];    /* voxels of a window, x, y, z; all 0: the volume is not tiled */
    double overlap; /* share of a window's side that the next window has too; at least 0 and less than 1 */
    bool gaussian;  /* what lies near a window's edges counts less; else all of it counts alike */
};

#define TILING_DEFAULT                                                                                       \
    {                                                                                                        \
        .overlap = 0.5                                                                                       \
    }

/* The options of every tool that segments. */
#define TILING_OPTIONS(choice)                                                                               \
    {"window",      0,       OPTION_SIZE,                                                                    \
     (choice).size, "XxYxZ", "segment by windows of this size (all of the volume at once)"},                 \
        {"overlap",   0,                                                                                     \
         OPTION_REAL, &(choice).overlap,                                                                     \
         "SHARE",     "of a window's sides that the next one has too, from 0 to below 1 (0.5)"},             \
    {                                                                                                        \
        "gaussian", 0, OPTION_FLAG, &(choice).gaussian, NULL, "windows count less towards their edges"       \
    }

/* STATUS_USAGE for an overlap that is none, and for an overlap or weights without windows. */
int tiling_check(const struct tiling_choice *choice);

struct tiling {
    int volume[3], window[3]; /* x, y, z; window[axis] <= volume[axis] */
    int interval[3], count[3];
    float *weight[3]; /* of the window's places along each axis */
};

/* The windows of a volume. STATUS_FAILURE without memory; tiling_free is due after success. */
int tiling_make(struct tiling *tiling, const struct tiling_choice *choice, const int volume[3]);
void tiling_free(struct tiling *tiling);

/* How many windows there are. They come in the order of their places, x fastest. */
size_t tiling_count(const struct tiling *tiling);
struct window tiling_window(const struct tiling *tiling, size_t number);

/* sum (channels, z, y, x) of the volume grows by the values (channels, z, y, x) of a window times their weights. */
void tiling_add(const struct tiling *tiling, const struct window *window, int channels, const float *values,
                float *sum);

/* Divides sum by the weights that all windows have together at each voxel, times `passes`. STATUS_FAILURE
 * without memory for one slice. */
int tiling_divide(const struct tiling *tiling, int channels, int passes, float *sum);

#endif
