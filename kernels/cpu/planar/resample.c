/* Between two levels: see kernels/resample.h.
 *
 * Pooling and doubling go row by row. Down: a run of coarse rows is pooled, for all channels, into a small
 * buffer and convolved from there; going back it is pooled again. Up: what the convolution makes of the
 * coarse grid (or its gradient) lies in scratch, an eighth of the fine tensor. */

static void pool_forward(struct shape fine, const float *x, float *y)
{
    struct shape coarse = shape_coarser(fine);
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < shape_channels(fine); c++)
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++)
                rows_pool(fine, x + shape_row(fine, c, 2 * z, 2 * row), coarse.width,
                          y + shape_row(coarse, c, z, row));
}

static void pool_backward(struct shape fine, const float *x, const float *dy, float *dx)
{
    struct shape coarse = shape_coarser(fine);
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < shape_channels(fine); c++)
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++)
                for (int first = 0; first < coarse.width; first += ROW_CHUNK) {
                    float largest[ROW_CHUNK];
                    int count = int_min(ROW_CHUNK, coarse.width - first);
                    size_t at = shape_row(fine, c, 2 * z, 2 * row) + 2 * (size_t)first;
                    rows_pool(fine, x + at, count, largest);
                    rows_unpool(fine, x + at, count, largest,
                                dy + shape_row(coarse, c, z, row) + (size_t)first, fine, dx + at);
                }
}

static void upsample_forward(struct shape coarse, const float *x, float *y)
{
    struct shape fine = shape_finer(coarse);
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < shape_channels(coarse); c++)
        for (int z = 0; z < fine.depth; z++)
            for (int row = 0; row < fine.height; row++)
                rows_upsample(coarse, z, row, 1, x + shape_row(coarse, c, 0, 0),
                              y + shape_row(fine, c, z, row));
}

static void upsample_backward(struct shape coarse, const float *dy, float *dx)
{
    struct shape fine = shape_finer(coarse);
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < shape_channels(coarse); c++)
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++)
                rows_downsample(coarse, z, row, (struct plain_or_gradient){.plain = dy},
                                shape_row(fine, c, 0, 0), dx + shape_row(coarse, c, z, row));
}

/* --- down and up: the coarse grid in runs --- */

/* A run is whole rows of one plane, about RUN voxels. */
struct runs {
    struct shape coarse;
    int rows, in_plane; /* rows of a run (the plane's last may have fewer), runs of a plane */
    int slices;
};

static struct runs runs_of(struct shape coarse)
{
    int rows = int_clamp(RUN / coarse.width, 1, coarse.height);
    int in_plane = (coarse.height + rows - 1) / rows;
    return (struct runs){coarse, rows, in_plane, slices_of((size_t)coarse.depth * (size_t)in_plane)};
}

static size_t runs_begin(const struct runs *r, int slice)
{
    return slice_begin((size_t)r->coarse.depth * (size_t)r->in_plane, r->slices, slice);
}

struct run {
    int z, y, rows;
    size_t at, count; /* voxels */
};

static struct run run_of(const struct runs *r, size_t item)
{
    int z = (int)(item / (size_t)r->in_plane), y = (int)(item % (size_t)r->in_plane) * r->rows;
    int rows = int_min(r->rows, r->coarse.height - y);
    return (struct run){z, y, rows, shape_row(r->coarse, 0, z, y), (size_t)rows * (size_t)r->coarse.width};
}

/* --- down --- */

struct down {
    struct shape fine;
    struct runs runs;
    struct partials partials; /* forward: channel_sums [coarse.channels][2]; backward: [out][in + 1] */
    struct slice_memory slices;
};

/* Of a run, [fine channels][voxels]: what is pooled, and its gradient. */
struct down_slice {
    float *pooled, *gradient;
    float *cells, *result; /* of streams: the four rows of a row of cells; [coarse channels][voxels] */
    float *added;          /* of a stream's gradient: four such rows */
};

static struct down_slice down_slice(const struct down *d, struct arena *arena)
{
    size_t capacity = (size_t)d->runs.rows * (size_t)d->runs.coarse.width;
    size_t bytes = (size_t)shape_channels(d->fine) * capacity * sizeof(float);
    struct down_slice slice = {.pooled = arena_lines(arena, bytes)};
    slice.gradient = arena_lines(arena, bytes);
    slice.cells = stream_row_take(arena, 4 * (size_t)d->fine.width);
    slice.result = stream_row_take(arena, (size_t)shape_channels(d->runs.coarse) * capacity);
    slice.added = stream_row_take(arena, 4 * (size_t)d->fine.width);
    return slice;
}

static struct down down_take(struct arena *arena, struct shape fine, struct shape coarse)
{
    struct down d = {.fine = fine, .runs = runs_of(coarse)};
    d.partials = partials_take(arena, d.runs.slices,
                               (size_t)shape_channels(coarse) * (size_t)int_max(shape_channels(fine) + 1, 2));
    struct arena count = {0};
    down_slice(&d, &count);
    d.slices = arena_slices(arena, count.used, d.runs.slices);
    return d;
}

static size_t down_scratch(struct shape fine, struct shape coarse)
{
    struct arena arena = {0};
    down_take(&arena, fine, coarse);
    return arena.used;
}

/* pooled[fine channels][run.count] */
static void pool_run(const struct down *d, struct run run, const stream *x, const struct down_slice *slice)
{
    int width = d->runs.coarse.width;
    float *pooled = slice->pooled;
    for (int c = 0; c < shape_channels(d->fine); c++)
        for (int r = 0; r < run.rows; r++, pooled += width) {
            struct shape fine = d->fine;
            const stream *at = x + shape_row(fine, c, 2 * run.z, 2 * (run.y + r));
            const float *values = stream_cells(at, &fine, slice->cells);
            rows_pool(fine, values, width, pooled);
        }
}

static void unpool_run(const struct down *d, struct run run, const stream *x, const struct down_slice *slice,
                       stream_gradient *dx)
{
    int width = d->runs.coarse.width;
    const float *pooled = slice->pooled, *gradient = slice->gradient;
    for (int c = 0; c < shape_channels(d->fine); c++)
        for (int r = 0; r < run.rows; r++, pooled += width, gradient += width) {
            size_t at = shape_row(d->fine, c, 2 * run.z, 2 * (run.y + r));
            struct shape fine = d->fine, to_fine = d->fine;
            const float *values = stream_cells(x + at, &fine, slice->cells);
            float *to = gradient_cells_open(dx + at, &to_fine, slice->added);
            rows_unpool(fine, values, width, pooled, gradient, to_fine, to);
            gradient_cells_close(d->fine, to, dx + at);
        }
}

static void down_forward_slice(const struct down *d, int number, const stream *x, const float *w,
                               const float *b, stream *y, int with_sums)
{
    struct shape coarse = d->runs.coarse;
    int in = shape_channels(d->fine), summed = shape_last_stream(coarse);
    size_t voxels = shape_voxels(coarse);
    struct arena arena = slice_arena(&d->slices, number);
    struct down_slice slice = down_slice(d, &arena);
    double *sums = partials_start(&d->partials, number);
    for (size_t i = runs_begin(&d->runs, number); i < runs_begin(&d->runs, number + 1); i++) {
        struct run run = run_of(&d->runs, i);
        pool_run(d, run, x, &slice);
        float *result = stream_written(y + run.at, slice.result);
        conv1_run((struct maps){in, slice.pooled, run.count}, shape_channels(coarse),
                  (struct matrix){w, in, 1}, b, run.count, result, STREAM_IN_PLACE ? voxels : run.count);
        for (int c = 0; !STREAM_IN_PLACE && c < shape_channels(coarse); c++)
            stream_store(run.count, result + (size_t)c * run.count, y + (size_t)c * voxels + run.at);
        for (int c = 0; with_sums && c < coarse.channels; c++)
            add_sums(stream_values(run.count, y + (size_t)(summed + c) * voxels + run.at, slice.result),
                     run.count, sums + 2 * c);
    }
}

static void down_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                         const float *b, float *y, double *channel_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct down d = down_take(&arena, fine, coarse);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < d.runs.slices; slice++)
        down_forward_slice(&d, slice, streams_read(x), w, b, streams(y), channel_sums != NULL);
    if (channel_sums)
        channel_sums_total(&d.partials, coarse.channels, channel_sums);
}

static void down_backward_slice(const struct down *d, int number, const stream *x, const float *w,
                                const stream_gradient *dy, stream_gradient *dx)
{
    struct shape coarse = d->runs.coarse;
    int in = shape_channels(d->fine), out = shape_channels(coarse);
    struct arena arena = slice_arena(&d->slices, number);
    struct down_slice slice = down_slice(d, &arena);
    double *sums = partials_start(&d->partials, number);
    for (size_t i = runs_begin(&d->runs, number); i < runs_begin(&d->runs, number + 1); i++) {
        struct run run = run_of(&d->runs, i);
        struct maps from_dy = gradient_maps(out, dy + run.at, shape_voxels(coarse), run.count, slice.result);
        pool_run(d, run, x, &slice);
        conv1_correlate((struct maps){in, slice.pooled, run.count}, from_dy, run.count, sums);
        conv1_run(from_dy, in, (struct matrix){w, 1, in}, NULL, run.count, slice.gradient, run.count);
        unpool_run(d, run, x, &slice, dx);
    }
}

static void down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                          const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct down d = down_take(&arena, fine, coarse);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < d.runs.slices; slice++)
        down_backward_slice(&d, slice, streams_read(x), w, stream_gradients_read(dy), stream_gradients(dx));
    conv1_gradients_add(&d.partials, shape_channels(coarse), shape_channels(fine), dw, db);
}

/* --- up --- */

struct up {
    struct shape fine;
    struct runs runs;
    struct partials partials; /* forward: channel_sums [fine.channels][2]; backward: [out][in + 1] */
    float *convolved;         /* [fine channels][coarse voxels] */
    float
        *values; /* of streams or gradients, [SLICES_MAX][slice_values]: a run's coarse maps, or a fine row */
    size_t slice_values;
};

static struct up up_take(struct arena *arena, struct shape coarse, struct shape fine)
{
    struct up u = {.fine = fine, .runs = runs_of(coarse)};
    u.partials =
        partials_take(arena, SLICES_MAX, (size_t)shape_channels(fine) * (size_t)(shape_channels(coarse) + 1));
    u.convolved = arena_lines(arena, (size_t)shape_channels(fine) * shape_voxels(coarse) * sizeof(float));
    u.slice_values = size_max((size_t)shape_channels(coarse) * (size_t)u.runs.rows * (size_t)coarse.width,
                              (size_t)fine.width);
    u.values = stream_row_take(arena, SLICES_MAX * u.slice_values);
    return u;
}

/* The values of a run of the coarse stream. */
static struct maps up_values(const struct up *u, int slice, struct run run, const stream *x)
{
    size_t voxels = shape_voxels(u->runs.coarse);
    int in = shape_channels(u->runs.coarse);
    float *values = stream_row_of(u->values, u->slice_values, slice);
    if (STREAM_IN_PLACE)
        return (struct maps){in, stream_values(run.count, x + run.at, values), voxels};
    for (int c = 0; c < in; c++)
        stream_values(run.count, x + (size_t)c * voxels + run.at, values + (size_t)c * run.count);
    return (struct maps){in, values, run.count};
}

static size_t up_scratch(struct shape coarse, struct shape fine)
{
    struct arena arena = {0};
    up_take(&arena, coarse, fine);
    return arena.used;
}

static void convolve_runs(const struct up *u, const stream *x, const float *w, const float *b)
{
    struct shape coarse = u->runs.coarse;
    int in = shape_channels(coarse);
    size_t voxels = shape_voxels(coarse);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < u->runs.slices; slice++)
        for (size_t i = runs_begin(&u->runs, slice); i < runs_begin(&u->runs, slice + 1); i++) {
            struct run run = run_of(&u->runs, i);
            conv1_run(up_values(u, slice, run, x), shape_channels(u->fine), (struct matrix){w, in, 1}, b,
                      run.count, u->convolved + run.at, voxels);
        }
}

/* A slice of the fine tensor's planes, counted through its channels. */
static void upsample_slice(const struct up *u, int slice, float sign, stream *y, double *sums)
{
    struct shape fine = u->fine, coarse = u->runs.coarse;
    size_t planes = (size_t)shape_channels(fine) * (size_t)fine.depth, width = (size_t)fine.width;
    float *values = stream_row_of(u->values, u->slice_values, slice);
    int summed = shape_last_stream(fine);
    for (size_t item = slice_begin(planes, SLICES_MAX, slice);
         item < slice_begin(planes, SLICES_MAX, slice + 1); item++) {
        int c = (int)(item / (size_t)fine.depth), z = (int)(item % (size_t)fine.depth);
        for (int r = 0; r < fine.height; r++) {
            stream *at = y + shape_row(fine, c, z, r);
            float *row = stream_open(width, at, values);
            rows_upsample(coarse, z, r, sign, u->convolved + shape_row(coarse, c, 0, 0), row);
            stream_close(width, row, at, sign > 0);
            if (sums && c >= summed)
                add_sums(stream_values(width, at, values), width, sums + 2 * (c - summed));
        }
    }
}

static void up_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                       float sign, float *y, double *channel_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct up u = up_take(&arena, coarse, fine);
    convolve_runs(&u, streams_read(x), w, b);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        upsample_slice(&u, slice, sign, streams(y), channel_sums ? partials_start(&u.partials, slice) : NULL);
    if (channel_sums)
        channel_sums_total(&u.partials, fine.channels, channel_sums);
}

/* convolved = the transpose of doubling applied to dy */
static void downsample(const struct up *u, const stream_gradient *dy)
{
    struct shape coarse = u->runs.coarse;
#pragma omp parallel for collapse(2) schedule(dynamic, 4)
    for (int c = 0; c < shape_channels(u->fine); c++)
        for (int z = 0; z < coarse.depth; z++)
            for (int r = 0; r < coarse.height; r++)
                rows_downsample(coarse, z, r, (struct plain_or_gradient){.gradient = dy},
                                shape_row(u->fine, c, 0, 0), u->convolved + shape_row(coarse, c, z, r));
}

static void up_backward_slice(const struct up *u, int slice, const stream *x, const float *w,
                              stream_gradient *dx)
{
    size_t voxels = shape_voxels(u->runs.coarse);
    int in = shape_channels(u->runs.coarse), out = shape_channels(u->fine);
    double *sums = partials_start(&u->partials, slice);
    if (slice >= u->runs.slices)
        return;
    for (size_t i = runs_begin(&u->runs, slice); i < runs_begin(&u->runs, slice + 1); i++) {
        struct run run = run_of(&u->runs, i);
        struct maps gradient = {out, u->convolved + run.at, voxels};
        conv1_correlate(up_values(u, slice, run, x), gradient, run.count, sums);
        conv1_run_to_gradient(gradient, in, (struct matrix){w, 1, in}, run.count,
                              stream_row_of(u->values, u->slice_values, slice), dx + run.at, voxels);
    }
}

static void up_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                        const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct up u = up_take(&arena, coarse, fine);
    downsample(&u, stream_gradients_read(dy));
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        up_backward_slice(&u, slice, streams_read(x), w, stream_gradients(dx));
    conv1_gradients_add(&u.partials, shape_channels(fine), shape_channels(coarse), dw, db);
}
