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

/* Sums of each slice of head_backward: dw and db, [regions][channels + 1]. */
static struct partials head_take(struct arena *arena, struct shape in, int regions)
{
    return partials_take(arena, volume_runs(shape_voxels(in)).slices,
                         (size_t)regions * (size_t)(shape_channels(in) + 1));
}

static size_t head_scratch(struct shape in, int regions)
{
    struct arena arena = {0};
    head_take(&arena, in, regions);
    return size_max(arena.used, dice_scratch(shape_voxels(in), regions));
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
                         float *p, void *scratch)
{
    (void)scratch;
    int channels = shape_channels(in);
    size_t voxels = shape_voxels(in);
    struct volume_runs volume = volume_runs(voxels);
#pragma omp parallel for schedule(static)
    for (size_t run = 0; run < volume.runs; run++) {
        size_t at = run * RUN, count = volume_run_count(&volume, run);
        conv1_run((struct maps){channels, x + at, voxels}, regions, (struct matrix){w, channels, 1}, b, count,
                  p + at, voxels);
        for (int k = 0; k < regions; k++)
            sigmoid(count, p + (size_t)k * voxels + at);
    }
}

/* dz[regions][RUN] of a run */
static void run_gradient(size_t count, int regions, const float *p, size_t voxels, const uint8_t *target,
                         const struct dice_slope *slopes, float *dz)
{
    for (int k = 0; k < regions; k++, p += voxels, dz += RUN)
        for (size_t v = 0; v < count; v += LANES)
            lanes_store_first(dz + v,
                              dice_gradient(slopes + k, lanes_load_first(p + v, count - v),
                                            inside_region(target + v, count - v, k)),
                              count - v);
}

static void head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                          const uint8_t *target, const struct dice_sums *sums, float scale, float *dx,
                          float *dw, float *db, void *scratch)
{
    int channels = shape_channels(in);
    size_t voxels = shape_voxels(in);
    struct volume_runs volume = volume_runs(voxels);
    struct arena arena = {scratch, 0};
    struct partials partials = head_take(&arena, in, regions);
    struct dice_slope slopes[REGIONS_MAX];
    for (int k = 0; k < regions; k++)
        slopes[k] = dice_slope(sums + k, scale);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < volume.slices; slice++) {
        double *own = partials_start(&partials, slice);
        for (size_t run = volume_runs_begin(&volume, slice); run < volume_runs_begin(&volume, slice + 1);
             run++) {
            float dz[REGIONS_MAX * RUN];
            size_t at = run * RUN, count = volume_run_count(&volume, run);
            struct maps gradient = {regions, dz, RUN};
            run_gradient(count, regions, p + at, voxels, target + at, slopes, dz);
            conv1_correlate((struct maps){channels, x + at, voxels}, gradient, count, own);
            conv1_run(gradient, channels, (struct matrix){w, 1, channels}, NULL, count, dx + at, voxels);
        }
    }
    conv1_gradients_add(&partials, regions, channels, dw, db);
}
