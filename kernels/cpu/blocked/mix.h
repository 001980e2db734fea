/* 1x1x1 convolution with bias, y[o] = sum over i of w[o,i] x[i] + b[o], a chunk of voxels at a time: what the
 * ways down and up have in common. A chunk's operand is [blocks][CHUNK][LANES], as with one point in
 * products.h. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_MIX_H
#define PRUNET_KERNELS_CPU_BLOCKED_MIX_H

#include "kernels/cpu/blocked/norm.h"
#include "kernels/cpu/blocked/products.h"

/* Between `in` and `out`, at voxels that are cut into `chunks` and `slices`. */
struct mix {
    struct shape in, out; /* only parts and channels count */
    size_t voxels, chunks;
    int in_blocks, out_blocks, slices;
    size_t filters, operand, slice_bytes; /* floats, floats, bytes */
    float *forward, *transposed;          /* filters of x -> y and of dy -> dx */
    char *own;                            /* what the slices need */
};

/* What one slice works with. */
struct mix_slice {
    size_t begin, end;    /* chunks */
    float *x, *dy, *made; /* operands */
    float *single;        /* dw of the last chunks, as filters */
    double *wide;         /* dw, as filters, and db, [out blocks][LANES] */
};

#define blocked_mix_bytes VARIANT_NAME(blocked_mix_bytes)
#define blocked_mix_prepare VARIANT_NAME(blocked_mix_prepare)
#define blocked_mix_slice VARIANT_NAME(blocked_mix_slice)
#define blocked_mix_clear VARIANT_NAME(blocked_mix_clear)
#define blocked_mix_gradient VARIANT_NAME(blocked_mix_gradient)
#define blocked_mix_store VARIANT_NAME(blocked_mix_store)

#define blocked_down_bytes VARIANT_NAME(blocked_down_bytes)
#define blocked_up_bytes VARIANT_NAME(blocked_up_bytes)

/* Scratch of the ways down and up. */
size_t blocked_down_bytes(struct shape fine, struct shape coarse);
size_t blocked_up_bytes(struct shape coarse, struct shape fine);

/* Scratch of a mix at `voxels` voxels. */
size_t blocked_mix_bytes(struct shape in, struct shape out, size_t voxels);

/* Lays a mix out in scratch and transforms w [out][in]. */
struct mix blocked_mix_prepare(struct shape in, struct shape out, size_t voxels, const float *w,
                               void *scratch);

/* Slice i. */
struct mix_slice blocked_mix_slice(const struct mix *mix, int i);

/* Its gradient = 0. */
void blocked_mix_clear(const struct mix *mix, const struct mix_slice *slice);

/* Adds x dy^T of chunk number i, whose operands are slice->x and ->dy, into the slice's gradient. */
void blocked_mix_gradient(const struct mix *mix, const struct mix_slice *slice, size_t i);

/* dw [out][in] += and db [out] += all slices' gradients, in order. */
void blocked_mix_store(const struct mix *mix, float *dw, float *db);

INLINE struct chunk mix_chunk(const struct mix *mix, size_t i)
{
    size_t left = mix->voxels - i * CHUNK;
    return (struct chunk){i * CHUNK, left < CHUNK ? (int)left : CHUNK};
}

/* Slots past the chunk's voxels become 0. */
INLINE void mix_clear_rest(struct chunk c, float *panel)
{
    memset(panel + (size_t)c.count * LANES, 0, (size_t)(CHUNK - c.count) * sizeof(lanes));
}

/* What a chunk's operand is multiplied with: one point. */
INLINE struct product mix_product(struct shape from, int to_blocks)
{
    return (struct product){.points = 1, .tiles = CHUNK, .in = from, .out_blocks = to_blocks};
}

/* made = x mixed from one stack to blocks of the other. */
INLINE void mix_multiply(struct shape from, int to_blocks, const float *x, const float *filters, float *made)
{
    struct product p = mix_product(from, to_blocks);
    blocked_multiply(&p, x, filters, made);
}

/* An operand from a tensor's voxels as they are. */
INLINE void mix_load(struct shape s, struct chunk c, const float *x, float *operand)
{
    for (int b = 0; b < blocks_of(s); b++, operand += CHUNK * LANES) {
        memcpy(operand, x + (size_t)b * block_floats(s) + c.first * LANES, (size_t)c.count * sizeof(lanes));
        mix_clear_rest(c, operand);
    }
}

/* The way back. */
INLINE void mix_save(struct shape s, struct chunk c, const float *operand, float *x)
{
    for (int b = 0; b < blocks_of(s); b++, operand += CHUNK * LANES)
        memcpy(x + (size_t)b * block_floats(s) + c.first * LANES, operand, (size_t)c.count * sizeof(lanes));
}

#endif
