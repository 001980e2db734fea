/* Pooling and 1x1x1 convolution in one pass, down to the next level: see kernels/resample.h. */
#include "kernels/cpu/blocked/conv1.h"
#include "kernels/cpu/blocked/pool.h"

/* The pooled values of a chunk of coarse voxels. */
static void pool_chunk(struct shape fine, struct chunk c, const float *x, float *operand)
{
    struct shape coarse = coarse_of(fine);
    for (int b = 0; b < blocks_of(fine); b++, operand += CHUNK * LANES) {
        for (int slot = 0; slot < c.count; slot++)
            lanes_store(operand + slot * LANES,
                        pool_window(fine, x + window_of(fine, coarse, b, c.first + (size_t)slot)));
        conv1_clear_rest(c, operand);
    }
}

static void unpool_chunk(struct shape fine, struct chunk c, const float *x, const float *pooled,
                         const float *gradient, float *dx)
{
    struct shape coarse = coarse_of(fine);
    for (int b = 0; b < blocks_of(fine); b++, pooled += CHUNK * LANES, gradient += CHUNK * LANES)
        for (int slot = 0; slot < c.count; slot++) {
            size_t at = window_of(fine, coarse, b, c.first + (size_t)slot);
            unpool_window(fine, x + at, lanes_load(pooled + slot * LANES),
                          lanes_load(gradient + slot * LANES), dx + at);
        }
}

/* y = products + bias of a chunk; the channel_sums of the last part's blocks are added to `sums`. */
static void store_chunk(struct shape s, struct chunk c, const float *products, const float *bias, float *y,
                        struct lane_sums *sums)
{
    int first_summed = blocks_of(s) - blocks_of_stream(s);
    for (int b = 0; b < blocks_of(s); b++, products += CHUNK * LANES) {
        lanes constant = block_values(s, b, bias);
        struct lane_sums sum = {0};
        for (int slot = 0; slot < c.count; slot++) {
            lanes value = lanes_load(products + slot * LANES) + constant;
            lanes_store(y + (size_t)b * block_floats(s) + (c.first + (size_t)slot) * LANES, value);
            lanes_double wide = lanes_widen(value);
            sum.first += wide;
            sum.second += wide * wide;
        }
        if (sums && b >= first_summed) {
            sums[b - first_summed].first += sum.first;
            sums[b - first_summed].second += sum.second;
        }
    }
}

/* Scratch: the channel_sums' sums, [SLICES_MAX][blocks of a part], then the conv1. */
static size_t sums_count(struct shape coarse)
{
    return SLICES_MAX * (size_t)blocks_of_stream(coarse);
}

size_t blocked_down_bytes(struct shape fine, struct shape coarse)
{
    return sums_count(coarse) * sizeof(struct lane_sums) +
           blocked_conv1_bytes(fine, coarse, shape_voxels(coarse));
}

void blocked_down_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                          const float *b, float *y, double *channel_sums, void *scratch)
{
    struct lane_sums *sums = scratch;
    struct conv1 conv1 =
        blocked_conv1_prepare(fine, coarse, shape_voxels(coarse), w, sums + sums_count(coarse));
    int summed = blocks_of_stream(coarse);
    memset(sums, 0, sums_count(coarse) * sizeof *sums);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < conv1.slices; i++) {
        struct conv1_slice slice = blocked_conv1_slice(&conv1, i);
        for (size_t n = slice.begin; n < slice.end; n++) {
            struct chunk c = conv1_chunk(&conv1, n);
            pool_chunk(fine, c, x, slice.x);
            conv1_multiply(fine, conv1.out_blocks, slice.x, conv1.forward, slice.made);
            store_chunk(coarse, c, slice.made, b, y, channel_sums ? sums + i * summed : NULL);
        }
    }
    if (channel_sums) {
        blocked_sums_add(summed, conv1.slices, sums);
        blocked_sums_store(shape_half(coarse), sums, channel_sums);
    }
}

void blocked_down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                           const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct lane_sums *sums = scratch;
    struct conv1 conv1 =
        blocked_conv1_prepare(fine, coarse, shape_voxels(coarse), w, sums + sums_count(coarse));
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < conv1.slices; i++) {
        struct conv1_slice slice = blocked_conv1_slice(&conv1, i);
        blocked_conv1_clear(&conv1, &slice);
        for (size_t n = slice.begin; n < slice.end; n++) {
            struct chunk c = conv1_chunk(&conv1, n);
            pool_chunk(fine, c, x, slice.x);
            conv1_load(coarse, c, dy, slice.dy);
            blocked_conv1_gradient(&conv1, &slice, n);
            conv1_multiply(coarse, conv1.in_blocks, slice.dy, conv1.transposed, slice.made);
            unpool_chunk(fine, c, x, slice.x, slice.made, dx);
        }
    }
    blocked_conv1_store(&conv1, dw, db);
}
