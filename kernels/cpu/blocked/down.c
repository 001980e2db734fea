/* Pooling and 1x1x1 convolution in one pass, down to the next level: see kernels/resample.h. */
#include "kernels/cpu/blocked/mix.h"
#include "kernels/cpu/blocked/pool.h"

/* The pooled values of a chunk of coarse voxels. */
static void pool_chunk(struct shape fine, struct chunk c, const float *x, float *operand)
{
    struct shape coarse = coarse_of(fine);
    for (int b = 0; b < blocks_of(fine); b++, operand += CHUNK * LANES) {
        for (int slot = 0; slot < c.count; slot++)
            lanes_store(operand + slot * LANES,
                        pool_window(fine, x + window_of(fine, coarse, b, c.first + (size_t)slot)));
        mix_clear_rest(c, operand);
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

/* y = products + bias of a chunk; the moments of the last part's blocks are added to `sums`. */
static void store_chunk(struct shape s, struct chunk c, const float *products, const float *bias, float *y,
                        struct lane_sums *sums)
{
    int first_summed = blocks_of(s) - blocks_of_part(s);
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

/* Scratch: the moments' sums, [SLICES_MOST][blocks of a part], then the mix. */
static size_t sums_count(struct shape coarse)
{
    return SLICES_MOST * (size_t)blocks_of_part(coarse);
}

size_t blocked_down_bytes(struct shape fine, struct shape coarse)
{
    return sums_count(coarse) * sizeof(struct lane_sums) +
           blocked_mix_bytes(fine, coarse, shape_voxels(coarse));
}

void blocked_down_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                          const float *b, float *y, double *moments, void *scratch)
{
    struct lane_sums *sums = scratch;
    struct mix mix = blocked_mix_prepare(fine, coarse, shape_voxels(coarse), w, sums + sums_count(coarse));
    int summed = blocks_of_part(coarse);
    memset(sums, 0, sums_count(coarse) * sizeof *sums);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < mix.slices; i++) {
        struct mix_slice slice = blocked_mix_slice(&mix, i);
        for (size_t n = slice.begin; n < slice.end; n++) {
            struct chunk c = mix_chunk(&mix, n);
            pool_chunk(fine, c, x, slice.x);
            mix_multiply(fine, mix.out_blocks, slice.x, mix.forward, slice.made);
            store_chunk(coarse, c, slice.made, b, y, moments ? sums + i * summed : NULL);
        }
    }
    if (moments) {
        blocked_sums_add(summed, mix.slices, sums);
        blocked_sums_store(shape_half(coarse), sums, moments);
    }
}

void blocked_down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                           const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct lane_sums *sums = scratch;
    struct mix mix = blocked_mix_prepare(fine, coarse, shape_voxels(coarse), w, sums + sums_count(coarse));
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < mix.slices; i++) {
        struct mix_slice slice = blocked_mix_slice(&mix, i);
        blocked_mix_clear(&mix, &slice);
        for (size_t n = slice.begin; n < slice.end; n++) {
            struct chunk c = mix_chunk(&mix, n);
            pool_chunk(fine, c, x, slice.x);
            mix_load(coarse, c, dy, slice.dy);
            blocked_mix_gradient(&mix, &slice, n);
            mix_multiply(coarse, mix.in_blocks, slice.dy, mix.transposed, slice.made);
            unpool_chunk(fine, c, x, slice.x, slice.made, dx);
        }
    }
    blocked_mix_store(&mix, dw, db);
}
