/* Last convolution, sigmoid, Dice loss and their gradient: see kernels/head.h. Voxels go LANES at a time, so
 * that the plain arrays' side has a voxel a lane while the tensor's has a channel a lane. */
#include "kernels/cpu/blocked/head.h"

/* Scratch: w as vectors, [regions][blocks], then the slices' sums of dw, the same, and of db, [regions]. */
struct plan {
    int blocks, slices;
    size_t voxels, groups; /* of LANES voxels */
    lanes *weights;
    lanes_double *sums;
    size_t slice_sums;
};

static struct plan plan_of(struct shape in, int regions, void *scratch)
{
    struct plan p = {.blocks = blocks_of(in), .slices = SLICES_MAX, .voxels = shape_voxels(in)};
    p.groups = (p.voxels + LANES - 1) / LANES;
    p.weights = scratch;
    p.sums = (lanes_double *)(p.weights + regions * p.blocks);
    p.slice_sums = (size_t)regions * (size_t)(p.blocks + 1);
    return p;
}

size_t blocked_head_bytes(struct shape in, int regions)
{
    struct plan p = plan_of(in, regions, NULL);
    size_t own =
        (size_t)(regions * p.blocks) * sizeof(lanes) + (size_t)p.slices * p.slice_sums * sizeof(lanes_double);
    return own > DICE_BYTES ? own : DICE_BYTES;
}

static void load_weights(const struct plan *p, struct shape in, int regions, const float *w)
{
    for (int k = 0; k < regions; k++)
        for (int b = 0; b < p->blocks; b++)
            p->weights[k * p->blocks + b] = block_values(in, b, w + (size_t)k * (size_t)shape_channels(in));
}

/* z of region k at up to LANES voxels, a voxel a lane. */
static lanes logits(const struct plan *p, const float *x, size_t block, const lanes *weights, float bias,
                    int count)
{
    lanes z = {0};
    for (int i = 0; i < count; i++) {
        lanes sum = {0};
        for (int b = 0; b < p->blocks; b++)
            sum += weights[b] * lanes_load(x + (size_t)b * block + (size_t)i * LANES);
        z[i] = lanes_sum(sum);
    }
    return z + bias;
}

void blocked_head_forward(struct shape in, int regions, const float *x, const float *w, const float *b,
                          float *p, void *scratch)
{
    struct plan plan = plan_of(in, regions, scratch);
    load_weights(&plan, in, regions, w);
#pragma omp parallel for schedule(static)
    for (size_t group = 0; group < plan.groups; group++)
        for (int k = 0; k < regions; k++) {
            size_t v = group * LANES;
            int count = plan.voxels - v < LANES ? (int)(plan.voxels - v) : LANES;
            lanes z =
                logits(&plan, x + v * LANES, block_floats(in), plan.weights + k * plan.blocks, b[k], count);
            lanes probability = 1 / (1 + lanes_exp(-z));
            memcpy(p + (size_t)k * plan.voxels + v, &probability, (size_t)count * sizeof *p);
        }
}

/* dz of region k: scale p (1 - p) (constant - slope t). */
struct logit_gradient {
    float constant, slope;
};

static struct logit_gradient logit_gradient(const struct dice_sums *sums, float scale)
{
    double s = sums->probability + sums->target + 1;
    return (struct logit_gradient){(float)(scale * (2 * sums->intersection + 1) / (s * s)),
                                   (float)(scale * 2 / s)};
}

/* dx of one block at `count` voxels, and what they add to the block's dw. dz: [regions], a voxel a lane. */
INLINE void backward_group(int regions, const float *x, float *dx, int count, const lanes *dz,
                           const lanes *const *weights, lanes_double *const *sums)
{
    lanes gradient[REGIONS_MAX] = {0};
    for (int i = 0; i < count; i++) {
        lanes value = lanes_load(x + i * LANES), sum = {0};
        for (int k = 0; k < regions; k++) {
            sum += *weights[k] * dz[k][i];
            gradient[k] += value * dz[k][i];
        }
        lanes_store(dx + i * LANES, sum);
    }
    for (int k = 0; k < regions; k++)
        *sums[k] += lanes_widen(gradient[k]);
}

static void backward_slice(const struct plan *plan, struct shape in, int regions, const float *x,
                           const float *p, const uint8_t *target, const struct logit_gradient *gradients,
                           float *dx, int slice)
{
    lanes_double *sums = plan->sums + (size_t)slice * plan->slice_sums, *bias = sums + regions * plan->blocks;
    memset(sums, 0, plan->slice_sums * sizeof *sums);
    size_t end = slice_begin(plan->groups, plan->slices, slice + 1);
    for (size_t group = slice_begin(plan->groups, plan->slices, slice); group < end; group++) {
        size_t v = group * LANES;
        int count = plan->voxels - v < LANES ? (int)(plan->voxels - v) : LANES;
        lanes dz[REGIONS_MAX];
        for (int k = 0; k < regions; k++) {
            lanes probability = load_some(p + (size_t)k * plan->voxels + v, count);
            lanes inside = inside_region(target + v, count, k);
            dz[k] = probability * (1 - probability) * (gradients[k].constant - gradients[k].slope * inside);
            bias[k] += lanes_widen(dz[k]);
        }
        for (int b = 0; b < plan->blocks; b++) {
            const lanes *weights[REGIONS_MAX];
            lanes_double *to[REGIONS_MAX];
            for (int k = 0; k < regions; k++) {
                weights[k] = plan->weights + k * plan->blocks + b;
                to[k] = sums + k * plan->blocks + b;
            }
            size_t at = (size_t)b * block_floats(in) + v * LANES;
            if (regions == 3)
                backward_group(3, x + at, dx + at, count, dz, weights, to);
            else
                backward_group(regions, x + at, dx + at, count, dz, weights, to);
        }
    }
}

void blocked_head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                           const uint8_t *target, const struct dice_sums *sums, float scale, float *dx,
                           float *dw, float *db, void *scratch)
{
    struct plan plan = plan_of(in, regions, scratch);
    load_weights(&plan, in, regions, w);
    struct logit_gradient gradients[REGIONS_MAX];
    for (int k = 0; k < regions; k++)
        gradients[k] = logit_gradient(sums + k, scale);
#pragma omp parallel for schedule(dynamic)
    for (int slice = 0; slice < plan.slices; slice++)
        backward_slice(&plan, in, regions, x, p, target, gradients, dx, slice);
    for (int slice = 1; slice < plan.slices; slice++)
        for (size_t i = 0; i < plan.slice_sums; i++)
            plan.sums[i] += plan.sums[(size_t)slice * plan.slice_sums + i];
    for (int k = 0; k < regions; k++) {
        for (int c = 0; c < shape_channels(in); c++) {
            float *to = dw + k * shape_channels(in) + c;
            *to = (float)(*to + plan.sums[k * plan.blocks + channel_block(in, c)][channel_lane(in, c)]);
        }
        double sum = 0;
        for (int i = 0; i < LANES; i++)
            sum += plan.sums[regions * plan.blocks + k][i];
        db[k] = (float)(db[k] + sum);
    }
}
