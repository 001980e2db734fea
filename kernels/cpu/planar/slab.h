/* A slab: three neighbouring planes of a strip of rows, for all channels, laid out so that a 3x3x3 stencil
 * needs no borders.
 *
 * A row of `width` voxels is followed by one zero, which is also what lies left of the next row; a strip has
 * a halo row above and below. Outside the volume all is zero. Voxels of a strip are then numbered through, v
 * = row * pitch + x with pitch = width + 1, and tap (tz, ty, tx) of voxel v is planes[tz + 1][v + ty * pitch
 * + tx]. What a stencil yields at x = width means nothing.
 *
 * The planes form a ring: a walk along z loads each plane once. The volume is cut into strips of rows, and
 * the sequence of (strip, z) into `slots` ranges; each slot has its own scratch and its own partial sums,
 * summed in the order of the slots, so that threads may take slots in any order. */
#ifndef PRUNET_KERNELS_CPU_PLANAR_SLAB_H
#define PRUNET_KERNELS_CPU_PLANAR_SLAB_H

#include "kernels/cpu/planar/arena.h"
#include "kernels/cpu/variant.h"
#include "kernels/shape.h"

#define partition_of VARIANT_NAME(partition_of)
#define slab_take VARIANT_NAME(slab_take)
#define slab_move VARIANT_NAME(slab_move)

/* Voxels of a strip are convolved TILE at a time: TILE_VECTORS vectors of 4 output channels in registers. */
#if LANES == 16
enum { TILE_VECTORS = 6 };
#elif LANES == 8
enum { TILE_VECTORS = 2 };
#else
enum { TILE_VECTORS = 2 };
#endif
enum { TILE = TILE_VECTORS * LANES, SLOTS_MAX = 32 };

/* How a volume is cut. */
struct partition {
    int depth, height, rows; /* rows of a strip; the last may have fewer */
    int strips, slots;
};

struct place {
    int z, first_row, rows;
};

/* slab_channels: channels that a slot keeps in slabs; partial_bytes: of a slot's sums. */
struct partition partition_of(struct shape shape, int slab_channels, size_t partial_bytes);

/* Items [begin, end) of a slot, and where an item lies. */
static inline int partition_begin(const struct partition *p, int slot)
{
    return (int)((long)p->depth * p->strips * slot / p->slots);
}

static inline struct place partition_place(const struct partition *p, int item)
{
    int strip = item / p->depth, first = strip * p->rows;
    int rows = p->height - first < p->rows ? p->height - first : p->rows;
    return (struct place){item % p->depth, first, rows};
}

/* Maps [channels][D][H][W] that fill a slab, as they are or, where `factor` is given, normalised:
 * LeakyReLU(factor[c] (x - mean[c]) + beta[c]). */
struct source {
    struct shape shape;
    const float *x, *mean, *factor, *beta;
};

struct slab {
    int channels, pitch;
    size_t before;          /* floats of a map before its first voxel, which is aligned */
    size_t map;             /* floats of one channel in one plane */
    size_t capacity;        /* floats in all */
    float *memory;          /* [3][channels][map] */
    const float *planes[3]; /* first voxel of the strip at z-1, z, z+1, channel 0 */
};

struct slab slab_take(struct arena *arena, int channels, int width, int rows);

/* Moves the slab to a place: from the plane before it in the same strip, or, with `fresh`, from anywhere. */
void slab_move(struct slab *slab, const struct source *source, struct place place, int fresh);

/* Numbered voxels of a strip, and room for them in whole tiles. */
static inline size_t strip_voxels(int width, int rows)
{
    return (size_t)(width + 1) * (size_t)rows;
}

static inline size_t strip_room(int width, int rows)
{
    return (strip_voxels(width, rows) + TILE - 1) / TILE * TILE;
}

#endif
