/* Moments, norm forward and norm backward as steps of their own: see kernels/norm.h. */
#include "kernels/cpu/blocked/norm.h"

/* Scratch of the norm operations. */
struct work {
    struct norm_backward *norms; /* [blocks] */
    struct lane_sums *sums;      /* [SLICES_MAX][blocks] */
};

static struct work work_of(struct shape s, void *scratch)
{
    struct work w = {.norms = scratch};
    w.sums = (struct lane_sums *)(w.norms + blocks_of(s));
    return w;
}

size_t blocked_norm_bytes(struct shape s)
{
    return (size_t)blocks_of(s) * (sizeof(struct norm_backward) + SLICES_MAX * sizeof(struct lane_sums));
}

/* [begin, end) of a slice of a block's vectors, in floats. */
struct stretch {
    size_t begin, end;
};

static struct stretch slice_stretch(struct shape s, int b, int slice)
{
    size_t voxels = shape_voxels(s), block = (size_t)b * block_floats(s);
    return (struct stretch){block + slice_begin(voxels, SLICES_MAX, slice) * LANES,
                            block + slice_begin(voxels, SLICES_MAX, slice + 1) * LANES};
}

void blocked_channel_sums(struct shape s, const float *x, double *channel_sums, void *scratch)
{
    int blocks = blocks_of(s);
    struct lane_sums *sums = work_of(s, scratch).sums;
#pragma omp parallel for collapse(2) schedule(static)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        for (int b = 0; b < blocks; b++) {
            struct stretch r = slice_stretch(s, b, slice);
            struct lane_sums sum = {0};
            for (size_t at = r.begin; at < r.end; at += LANES) {
                lanes_double value = lanes_widen(lanes_load(x + at));
                sum.first += value;
                sum.second += value * value;
            }
            sums[slice * blocks + b] = sum;
        }
    blocked_sums_add(blocks, SLICES_MAX, sums);
    blocked_sums_store(s, sums, channel_sums);
}

void blocked_norm_forward(struct shape s, int groups, const double *channel_sums, const float *gamma,
                          const float *beta, const float *x, float *y, void *scratch)
{
    struct norm_backward *norms = work_of(s, scratch).norms;
    blocked_norm_prepare(s, groups, channel_sums, gamma, beta, norms);
#pragma omp parallel for collapse(2) schedule(static)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        for (int b = 0; b < blocks_of(s); b++) {
            struct stretch r = slice_stretch(s, b, slice);
            struct activation n = norms[b].activation;
            for (size_t at = r.begin; at < r.end; at += LANES)
                lanes_store(y + at, activate(&n, lanes_load(x + at)));
        }
}

void blocked_norm_backward(struct shape s, int groups, const double *channel_sums, const float *gamma,
                           const float *beta, const float *x, const float *dy, float *dx, float *dgamma,
                           float *dbeta, void *scratch)
{
    int blocks = blocks_of(s);
    struct work work = work_of(s, scratch);
    blocked_norm_prepare(s, groups, channel_sums, gamma, beta, work.norms);
#pragma omp parallel for collapse(2) schedule(static)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        for (int b = 0; b < blocks; b++) {
            struct stretch r = slice_stretch(s, b, slice);
            struct norm_backward n = work.norms[b];
            struct lane_sums sum = {0};
            for (size_t at = r.begin; at < r.end; at += LANES) {
                lanes value = lanes_load(x + at),
                      dz = through_relu(&n.activation, value, lanes_load(dy + at));
                sum.first += lanes_widen(dz);
                sum.second += lanes_widen(dz * normalised(&n, value));
                lanes_store(dx + at, n.activation.scale * dz);
            }
            work.sums[slice * blocks + b] = sum;
        }
    blocked_sums_add(blocks, SLICES_MAX, work.sums);
    blocked_norm_correct(s, groups, work.norms, gamma, work.sums, x, dx, dgamma, dbeta);
}
