/* Plain arrays of probabilities and targets, LANES voxels at a time. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_HEAD_H
#define PRUNET_KERNELS_CPU_BLOCKED_HEAD_H

#include "kernels/cpu/blocked/blocked.h"

/* Scratch of dice_sums: the slices' sums. */
enum { DICE_BYTES = SLICES_MAX * REGIONS_MAX * sizeof(struct dice_sums) };

#define blocked_head_bytes VARIANT_NAME(blocked_head_bytes)

/* Scratch of the head's operations. */
size_t blocked_head_bytes(struct shape in, int regions);

/* count <= LANES values; the other lanes are 0. */
INLINE lanes load_some(const float *p, int count)
{
    if (count == LANES)
        return lanes_load_unaligned(p);
    lanes v = {0};
    memcpy(&v, p, (size_t)count * sizeof *p);
    return v;
}

/* 1 where bit k of the target is set, 0 elsewhere and past `count`. */
INLINE lanes inside_region(const uint8_t *target, int count, int k)
{
    typedef uint8_t bytes __attribute__((vector_size(LANES)));
    typedef int32_t integers __attribute__((vector_size(4 * LANES)));
    bytes bits = {0};
    memcpy(&bits, target, (size_t)count);
    return __builtin_convertvector(__builtin_convertvector(bits, integers) >> k & 1, lanes);
}

#endif
