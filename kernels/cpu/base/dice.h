/* The Dice loss over plain arrays, LANES voxels at a time: see kernels/head.h. */
#ifndef PRUNET_KERNELS_CPU_BASE_DICE_H
#define PRUNET_KERNELS_CPU_BASE_DICE_H

#include "kernels/cpu/base/vector.h"
#include "kernels/head.h"

/* 1 where bit k of the target is set, 0 elsewhere and past `count`. */
INLINE lanes inside_region(const uint8_t *target, size_t count, int k)
{
    typedef uint8_t bytes __attribute__((vector_size(LANES)));
    bytes bits = {0};
    if (count >= LANES) /* of a size known beforehand, one load */
        memcpy(&bits, target, LANES);
    else
        memcpy(&bits, target, count);
    return __builtin_convertvector(__builtin_convertvector(bits, lanes_int) >> k & 1, lanes);
}

/* struct dice_sums, a voxel a lane. */
struct lane_dice {
    lanes intersection, probability, target, hard_intersection, hard_probability;
};

INLINE void dice_add(struct lane_dice *sums, lanes p, lanes inside)
{
    lanes hard = lanes_where_positive(p - 0.5f, 1 - (lanes){0}, (lanes){0});
    sums->intersection = lanes_fma(p, inside, sums->intersection);
    sums->probability += p;
    sums->target += inside;
    sums->hard_intersection = lanes_fma(hard, inside, sums->hard_intersection);
    sums->hard_probability += hard;
}

/* The gradient of the logit, dz = p (1 - p) (everywhere - inside t); t is 1 inside the region, 0 outside. */
struct dice_slope {
    float everywhere, inside;
};

INLINE struct dice_slope dice_slope(const struct dice_sums *sums, float scale)
{
    double s = sums->probability + sums->target + 1;
    return (struct dice_slope){(float)(scale * (2 * sums->intersection + 1) / (s * s)),
                               (float)(scale * 2 / s)};
}

INLINE lanes dice_gradient(const struct dice_slope *slope, lanes p, lanes inside)
{
    return p * (1 - p) * lanes_subtract_scaled(lanes_splat(slope->everywhere), slope->inside, inside);
}

#endif
