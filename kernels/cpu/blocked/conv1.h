/* 1x1x1 convolution with bias, y[o] = sum over i of w[o,i] x[i] + b[o], a chunk of voxels at a time: what the
 * ways down and up have in common. A chunk's operand is [blocks][CHUNK][LANES], as with one point in
 * products.h. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_CONV1_H
#define PRUNET_KERNELS_CPU_BLOCKED_CONV1_H

#include "kernels/cpu/blocked/norm.h"
#include "kernels/cpu/blocked/products.h"

/* Between `in` and `out`, at voxels that are cut into `chunks` and `slices`. */
struct conv1 {
    struct shape in, out; /* only streams and channels count */
    size_t voxels, chunks;
    int in_blocks, out_blocks, slices;
    size_t filters, operand, slice_bytes; /* floats, floats, bytes */
    float *forward, *transposed;          /* filters of x -> y and of dy -> dx */
    char *own;                            /* what the slices need */
};

/* What one slice works with. */
struct conv1_slice {
    size_t begin, end;    /* chunks */
    float *x, *dy, *made; /* operands */
    float *single;        /* dw of the last chunks, as filters */
    double *wide;         /* dw, as filters, and db, [out blocks][LANES] */
};

#define blocked_conv1_bytes VARIANT_NAME(blocked_conv1_bytes)
#define blocked_conv1_prepare VARIANT_NAME(blocked_conv1_prepare)
#define blocked_conv1_slice VARIANT_NAME(blocked_conv1_slice)
#define blocked_conv1_clear VARIANT_NAME(blocked_conv1_clear)
#define blocked_conv1_gradient VARIANT_NAME(blocked_conv1_gradient)
#define blocked_conv1_store VARIANT_NAME(blocked_conv1_store)

#define blocked_down_bytes VARIANT_NAME(blocked_down_bytes)
#define blocked_up_bytes VARIANT_NAME(blocked_up_bytes)

/* Scratch of the ways down and up. */
size_t blocked_down_bytes(struct shape fine, struct shape coarse);
size_t blocked_up_bytes(struct shape coarse, struct shape fine);

/* Scratch of a conv1 at `voxels` voxels. */
size_t blocked_conv1_bytes(struct shape in, struct shape out, size_t voxels);

/* Lays a conv1 out in scratch and transforms w [out][in]. */
struct conv1 blocked_conv1_prepare(struct shape in, struct shape out, size_t voxels, const float *w,
                                   void *scratch);

/* Slice i. */
struct conv1_slice blocked_conv1_slice(const struct conv1 *conv1, int i);

/* Its gradient = 0. */
void blocked_conv1_clear(const struct conv1 *conv1, const struct conv1_slice *slice);

/* Adds x dy^T of chunk number i, whose operands are slice->x and ->dy, into the slice's gradient. */
void blocked_conv1_gradient(const struct conv1 *conv1, const struct conv1_slice *slice, size_t i);

/* dw [out][in] += and db [out] += all slices' gradients, in order. */
void blocked_conv1_store(const struct conv1 *conv1, float *dw, float *db);

INLINE struct chunk conv1_chunk(const struct conv1 *conv1, size_t i)
{
    size_t left = conv1->voxels - i * CHUNK;
    return (struct chunk){i * CHUNK, left < CHUNK ? (int)left : CHUNK};
}

/* Slots past the chunk's voxels become 0. */
INLINE void conv1_clear_rest(struct chunk c, float *panel)
{
    memset(panel + (size_t)c.count * LANES, 0, (size_t)(CHUNK - c.count) * sizeof(lanes));
}

/* What a chunk's operand is multiplied with: one point. */
INLINE struct product conv1_product(struct shape from, int to_blocks)
{
    return (struct product){.points = 1, .tiles = CHUNK, .in = from, .out_blocks = to_blocks};
}

/* made = x mixed from one stack to blocks of the other. */
INLINE void conv1_multiply(struct shape from, int to_blocks, const float *x, const float *filters,
                           float *made)
{
    struct product p = conv1_product(from, to_blocks);
    blocked_multiply(&p, x, filters, made);
}

/* An operand from a tensor's voxels as they are. */
INLINE void conv1_load(struct shape s, struct chunk c, const float *x, float *operand)
{
    for (int b = 0; b < blocks_of(s); b++, operand += CHUNK * LANES) {
        memcpy(operand, x + (size_t)b * block_floats(s) + c.first * LANES, (size_t)c.count * sizeof(lanes));
        conv1_clear_rest(c, operand);
    }
}

/* The way back. */
INLINE void conv1_save(struct shape s, struct chunk c, const float *operand, float *x)
{
    for (int b = 0; b < blocks_of(s); b++, operand += CHUNK * LANES)
        memcpy(x + (size_t)b * block_floats(s) + c.first * LANES, operand, (size_t)c.count * sizeof(lanes));
}

#endif
