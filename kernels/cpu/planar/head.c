/* Last convolution, sigmoid, Dice sums and their gradient, run by run: see kernels/head.h. */

enum { DICE_SUMS = sizeof(struct dice_sums) / sizeof(double) };

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

/* Partial sums of the larger of dice_sums and head_backward. */
static size_t head_scratch(struct shape in, int regions)
{
    struct arena arena = {0};
    int most = int_max(shape_channels(in) + 1, DICE_SUMS);
    partials_take(&arena, volume_runs(shape_voxels(in)).slices, (size_t)regions * (size_t)most);
    return arena.used;
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

/* --- Dice --- */

/* sums[DICE_SUMS] += those of a run, in the order of struct dice_sums */
static void add_dice(size_t count, int k, const float *p, const uint8_t *target, double sums[DICE_SUMS])
{
    struct lane_dice run = {.probability = {0}};
    for (size_t v = 0; v < count; v += LANES)
        dice_add(&run, lanes_load_first(p + v, count - v), inside_region(target + v, count - v, k));
    sums[0] += lanes_sum_pairs(run.intersection);
    sums[1] += lanes_sum_pairs(run.probability);
    sums[2] += lanes_sum_pairs(run.target);
    sums[3] += lanes_sum_pairs(run.hard_intersection);
    sums[4] += lanes_sum_pairs(run.hard_probability);
}

static void dice_sums(size_t voxels, int regions, const float *p, const uint8_t *target,
                      struct dice_sums *sums, void *scratch)
{
    struct volume_runs volume = volume_runs(voxels);
    struct arena arena = {scratch, 0};
    struct partials partials = partials_take(&arena, volume.slices, (size_t)regions * DICE_SUMS);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < volume.slices; slice++) {
        double *own = partials_start(&partials, slice);
        for (size_t run = volume_runs_begin(&volume, slice); run < volume_runs_begin(&volume, slice + 1);
             run++)
            for (int k = 0; k < regions; k++)
                add_dice(volume_run_count(&volume, run), k, p + (size_t)k * voxels + run * RUN,
                         target + run * RUN, own + k * DICE_SUMS);
    }
    for (int k = 0; k < regions; k++) {
        size_t first = (size_t)k * DICE_SUMS;
        sums[k] =
            (struct dice_sums){partials_total(&partials, first), partials_total(&partials, first + 1),
                               partials_total(&partials, first + 2), partials_total(&partials, first + 3),
                               partials_total(&partials, first + 4)};
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
    struct partials partials = partials_take(&arena, volume.slices, (size_t)regions * (size_t)(channels + 1));
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
