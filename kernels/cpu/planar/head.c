/* Last convolution, sigmoid and their gradient, run by run: see kernels/head.h and base/dice.c. */

/* The volume in runs of RUN voxels. */
struct volume_runs {
    size_t voxels, runs;
    int slices;
};

static struct volume_runs volume_runs(size_t voxels)
{
    size_t runs = (voxels + RUN - 1) / RUN;
    return (struct volume_runs){voxels, runs, slices_of(runs)};
}

static size_t volume_runs_begin(const struct volume_runs *v, int slice)
{
    return slice_begin(v->runs, v->slices, slice);
}

static size_t volume_run_count(const struct volume_runs *v, size_t run)
{
    return size_min(RUN, v->voxels - run * RUN);
}

struct head {
    int channels;
    size_t voxels;
    struct partials
        partials;  /* dw and db of head_backward, [regions][channels + 1], or [regions] of head_forward */
    float *values; /* of streams or their gradients, [slices][channels][RUN] */
};

static struct head head_take(struct arena *arena, struct shape in, int regions)
{
    struct head h = {.channels = shape_channels(in), .voxels = shape_voxels(in)};
    int slices = volume_runs(h.voxels).slices;
    h.partials = partials_take(arena, slices, (size_t)regions * (size_t)(h.channels + 1));
    h.values = stream_row_take(arena, (size_t)slices * (size_t)h.channels * RUN);
    return h;
}

/* The values of a run of the stream. */
static struct maps head_values(const struct head *h, int slice, size_t at, size_t count, const stream *x)
{
    float *values = stream_row_of(h->values, (size_t)h->channels * RUN, slice);
    if (STREAM_IN_PLACE)
        return (struct maps){h->channels, stream_values(count, x + at, values), h->voxels};
    for (int c = 0; c < h->channels; c++)
        stream_values(count, x + (size_t)c * h->voxels + at, values + (size_t)c * RUN);
    return (struct maps){h->channels, values, RUN};
}

static size_t head_scratch(struct shape in, int regions)
{
    struct arena arena = {0};
    head_take(&arena, in, regions);
    return size_max(arena.used, dice_scratch(shape_voxels(in), regions));
}

/* Sum of the cross-entropy of region k at the `count` logits of a run. */
static double run_bce(size_t count, const float *z, const uint8_t *target, int k)
{
    lanes sum = {0};
    for (size_t v = 0; v < count; v += LANES)
        sum += bce(lanes_load_first(z + v, count - v), target + v, size_min(LANES, count - v), k);
    return lanes_sum_pairs(sum);
}

/* p = 1 / (1 + exp(-p)); beyond exp(87) it would no longer be a normal number. */
static void sigmoid(size_t count, float *p)
{
    for (size_t v = 0; v < count; v += LANES) {
        lanes z = lanes_load_first(p + v, count - v);
        lanes probability = 1 / (1 + lanes_exp(-lanes_max(lanes_splat(-87), z)));
        lanes_store_first(p + v, probability, count - v);
    }
}

static void head_forward(struct shape in, int regions, const float *x, const float *w, const float *b,
                         const uint8_t *target, float *p, double *bce_sums, void *scratch)
{
    int channels = shape_channels(in);
    size_t voxels = shape_voxels(in);
    struct volume_runs volume = volume_runs(voxels);
    struct arena arena = {scratch, 0};
    struct head h = head_take(&arena, in, regions);
#pragma omp parallel for schedule(static)
    for (int slice = 0; slice < volume.slices; slice++) {
        double *own = target ? partials_start(&h.partials, slice) : NULL;
        size_t end = volume_runs_begin(&volume, slice + 1);
        for (size_t run = volume_runs_begin(&volume, slice); run < end; run++) {
            size_t at = run * RUN, count = volume_run_count(&volume, run);
            conv1_run(head_values(&h, slice, at, count, streams_read(x)), regions,
                      (struct matrix){w, channels, 1}, b, count, p + at, voxels);
            for (int k = 0; k < regions; k++) {
                float *logits = p + (size_t)k * voxels + at;
                if (target)
                    own[k] += run_bce(count, logits, target + at, k);
                sigmoid(count, logits);
            }
        }
    }
    for (int k = 0; k < regions && target; k++)
        bce_sums[k] = partials_total(&h.partials, (size_t)k);
}

/* dz[regions][RUN] of a run */
static void run_gradient(size_t count, int regions, const float *p, size_t voxels, const uint8_t *target,
                         const struct logit_slope *slopes, float *dz)
{
    for (int k = 0; k < regions; k++, p += voxels, dz += RUN)
        for (size_t v = 0; v < count; v += LANES)
            lanes_store_first(dz + v,
                              logit_gradient(slopes + k, lanes_load_first(p + v, count - v),
                                             inside_region(target + v, count - v, k)),
                              count - v);
}

static void head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                          const uint8_t *target, const struct dice_sums *sums, struct loss_weights loss,
                          float *dx, float *dw, float *db, void *scratch)
{
    int channels = shape_channels(in);
    size_t voxels = shape_voxels(in);
    struct volume_runs volume = volume_runs(voxels);
    struct arena arena = {scratch, 0};
    struct head h = head_take(&arena, in, regions);
    struct logit_slope slopes[REGIONS_MAX];
    for (int k = 0; k < regions; k++)
        slopes[k] = logit_slope(sums + k, loss, voxels);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < volume.slices; slice++) {
        double *own = partials_start(&h.partials, slice);
        for (size_t run = volume_runs_begin(&volume, slice); run < volume_runs_begin(&volume, slice + 1);
             run++) {
            float dz[REGIONS_MAX * RUN];
            size_t at = run * RUN, count = volume_run_count(&volume, run);
            struct maps gradient = {regions, dz, RUN};
            run_gradient(count, regions, p + at, voxels, target + at, slopes, dz);
            conv1_correlate(head_values(&h, slice, at, count, streams_read(x)), gradient, count, own);
            conv1_run_to_gradient(gradient, channels, (struct matrix){w, 1, channels}, count,
                                  stream_row_of(h.values, (size_t)channels * RUN, slice),
                                  stream_gradients(dx) + at, voxels);
        }
    }
    conv1_gradients_add(&h.partials, regions, channels, dw, db);
}
