/* Last convolution, sigmoid and their gradient: see kernels/head.h and base/dice.c. LANES voxels go at a
 * time: the plain arrays have a voxel a lane, the tensor a channel a lane. */

struct head {
    int blocks;
    size_t voxels, groups; /* of LANES voxels */
    lanes *weights;        /* [regions][blocks] */
    size_t slice_sums;     /* of a slice: dw [regions][blocks], db [regions]; forward: [regions] */
    lanes_double *sums;    /* [SLICES_MAX][slice_sums] */
};

static struct head head_take(struct arena *arena, struct shape in, int regions)
{
    struct head h = {.blocks = blocks_of(in), .voxels = shape_voxels(in)};
    h.groups = (h.voxels + LANES - 1) / LANES;
    h.slice_sums = (size_t)regions * (size_t)(h.blocks + 1);
    h.weights = arena_vectors(arena, (size_t)(regions * h.blocks) * sizeof *h.weights);
    h.sums = arena_vectors(arena, SLICES_MAX * h.slice_sums * sizeof *h.sums);
    return h;
}

static size_t head_scratch(struct shape in, int regions)
{
    struct arena arena = {0};
    head_take(&arena, in, regions);
    return size_max(arena.used, dice_scratch(shape_voxels(in), regions));
}

static void load_weights(const struct head *h, struct shape in, int regions, const float *w)
{
    for (int k = 0; k < regions; k++)
        for (int b = 0; b < h->blocks; b++)
            h->weights[k * h->blocks + b] = block_values(in, b, w + (size_t)k * (size_t)shape_channels(in));
}

/* z of region k at up to LANES voxels, a voxel a lane. */
static lanes logits(const struct head *h, const float *x, size_t block, const lanes *weights, float bias,
                    int count)
{
    lanes z = {0};
    for (int i = 0; i < count; i++) {
        lanes sum = {0};
        for (int b = 0; b < h->blocks; b++)
            sum = lanes_fma(weights[b], lanes_load(x + (size_t)b * block + (size_t)i * LANES), sum);
        z[i] = lanes_sum(sum);
    }
    return z + bias;
}

static void head_forward_slice(const struct head *h, struct shape in, int regions, const float *x,
                               const float *b, const uint8_t *target, float *p, int slice)
{
    lanes_double *sums = h->sums + (size_t)slice * h->slice_sums;
    if (target)
        memset(sums, 0, (size_t)regions * sizeof *sums);
    size_t end = slice_begin(h->groups, SLICES_MAX, slice + 1);
    for (size_t group = slice_begin(h->groups, SLICES_MAX, slice); group < end; group++)
        for (int k = 0; k < regions; k++) {
            size_t v = group * LANES, count = size_min(LANES, h->voxels - v);
            lanes z =
                logits(h, x + v * LANES, block_floats(in), h->weights + k * h->blocks, b[k], (int)count);
            lanes probability = 1 / (1 + lanes_exp(-z));
            lanes_store_first(p + (size_t)k * h->voxels + v, probability, count);
            if (target)
                sums[k] += lanes_widen(bce(z, target + v, count, k));
        }
}

static double sum_of_lanes(const lanes_double *a)
{
    double sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += (*a)[i];
    return sum;
}

static void head_forward(struct shape in, int regions, const float *x, const float *w, const float *b,
                         const uint8_t *target, float *p, double *bce_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct head h = head_take(&arena, in, regions);
    load_weights(&h, in, regions, w);
#pragma omp parallel for schedule(static)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        head_forward_slice(&h, in, regions, x, b, target, p, slice);
    for (int k = 0; k < regions && target; k++) {
        lanes_double total = {0};
        for (int slice = 0; slice < SLICES_MAX; slice++)
            total += h.sums[(size_t)slice * h.slice_sums + (size_t)k];
        bce_sums[k] = sum_of_lanes(&total);
    }
}

/* dx of one block at `count` voxels, and what they add to the block's dw. dz: [regions], a voxel a lane. */
INLINE void head_backward_group(int regions, const float *x, float *dx, int count, const lanes *dz,
                                const lanes *const *weights, lanes_double *const *sums)
{
    lanes gradient[REGIONS_MAX] = {0};
    for (int i = 0; i < count; i++) {
        lanes value = lanes_load(x + i * LANES), sum = {0};
        for (int k = 0; k < regions; k++) {
            sum = lanes_add_scaled(sum, dz[k][i], *weights[k]);
            gradient[k] = lanes_add_scaled(gradient[k], dz[k][i], value);
        }
        lanes_store(dx + i * LANES, sum);
    }
    for (int k = 0; k < regions; k++)
        *sums[k] += lanes_widen(gradient[k]);
}

static void head_backward_slice(const struct head *h, struct shape in, int regions, const float *x,
                                const float *p, const uint8_t *target, const struct logit_slope *slopes,
                                float *dx, int slice)
{
    lanes_double *sums = h->sums + (size_t)slice * h->slice_sums, *bias = sums + regions * h->blocks;
    memset(sums, 0, h->slice_sums * sizeof *sums);
    size_t end = slice_begin(h->groups, SLICES_MAX, slice + 1);
    for (size_t group = slice_begin(h->groups, SLICES_MAX, slice); group < end; group++) {
        size_t v = group * LANES;
        int count = (int)size_min(LANES, h->voxels - v);
        lanes dz[REGIONS_MAX];
        for (int k = 0; k < regions; k++) {
            dz[k] = logit_gradient(slopes + k, lanes_load_first(p + (size_t)k * h->voxels + v, (size_t)count),
                                   inside_region(target + v, (size_t)count, k));
            bias[k] += lanes_widen(dz[k]);
        }
        for (int b = 0; b < h->blocks; b++) {
            const lanes *weights[REGIONS_MAX];
            lanes_double *to[REGIONS_MAX];
            for (int k = 0; k < regions; k++) {
                weights[k] = h->weights + k * h->blocks + b;
                to[k] = sums + k * h->blocks + b;
            }
            size_t at = (size_t)b * block_floats(in) + v * LANES;
            if (regions == 3)
                head_backward_group(3, x + at, dx + at, count, dz, weights, to);
            else
                head_backward_group(regions, x + at, dx + at, count, dz, weights, to);
        }
    }
}

static void head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                          const uint8_t *target, const struct dice_sums *sums, struct loss_weights loss,
                          float *dx, float *dw, float *db, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct head h = head_take(&arena, in, regions);
    load_weights(&h, in, regions, w);
    struct logit_slope slopes[REGIONS_MAX];
    for (int k = 0; k < regions; k++)
        slopes[k] = logit_slope(sums + k, loss, h.voxels);
#pragma omp parallel for schedule(dynamic)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        head_backward_slice(&h, in, regions, x, p, target, slopes, dx, slice);
    for (int slice = 1; slice < SLICES_MAX; slice++)
        for (size_t i = 0; i < h.slice_sums; i++)
            h.sums[i] += h.sums[(size_t)slice * h.slice_sums + i];
    for (int k = 0; k < regions; k++) {
        for (int c = 0; c < shape_channels(in); c++) {
            float *to = dw + k * shape_channels(in) + c;
            *to = (float)(*to + h.sums[k * h.blocks + channel_block(in, c)][channel_lane(in, c)]);
        }
        db[k] = (float)(db[k] + sum_of_lanes(&h.sums[regions * h.blocks + k]));
    }
}
