/* GroupNorm and LeakyReLU: see kernels/norm.h. The rows and sums come first, which branch.c and resample.c
 * use as well; the operations follow, cut into (channel, chunk of voxels). */

/* The line of each channel (base/norm.h). [channels] */
struct norm_lines {
    float *mean, *factor, *beta, *scale;
};

static struct norm_lines norm_lines_take(struct arena *arena, int channels)
{
    size_t bytes = (size_t)channels * sizeof(float);
    struct norm_lines lines;
    lines.mean = arena_lines(arena, bytes);
    lines.factor = arena_lines(arena, bytes);
    lines.beta = arena_lines(arena, bytes);
    lines.scale = arena_lines(arena, bytes);
    return lines;
}

static void norm_lines_fill(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                            const float *beta, struct norm_lines *lines)
{
    for (int c = 0; c < shape.channels; c++) {
        struct norm_line line = norm_line(shape, groups, channel_sums, gamma, beta, c);
        lines->mean[c] = line.mean;
        lines->factor[c] = line.factor;
        lines->beta[c] = line.beta;
        lines->scale[c] = line.scale;
    }
}

/* y = LeakyReLU of channel c's line at x; y may be x. */
static void activate_row(const struct norm_lines *lines, int c, size_t width, const float *x, float *y)
{
    float mean = lines->mean[c], factor = lines->factor[c], beta = lines->beta[c];
#pragma omp simd
    for (size_t v = 0; v < width; v++) {
        float z = float_fma(factor, x[v] - mean, beta);
        y[v] = z > 0 ? z : LEAKY_SLOPE * z;
    }
}

/* dz = da through LeakyReLU */
static void through_relu(const struct norm_lines *lines, int c, size_t width, const float *restrict x,
                         const float *restrict da, float *restrict dz)
{
    float mean = lines->mean[c], factor = lines->factor[c], beta = lines->beta[c];
    for (size_t v = 0; v < width; v++)
        dz[v] = float_fma(factor, x[v] - mean, beta) > 0 ? da[v] : LEAKY_SLOPE * da[v];
}

/* sums[0] += sum of a row, sums[1] += sum of its squares */
static void add_sums(const float *row, size_t width, double sums[2])
{
    lanes sum = {0}, squares = {0};
    size_t v = 0;
    for (; v + LANES <= width; v += LANES) {
        lanes x = lanes_load_unaligned(row + v);
        sum += x;
        squares = lanes_fma(x, x, squares);
    }
    if (v < width) {
        lanes x = lanes_load_first(row + v, width - v);
        sum += x;
        squares = lanes_fma(x, x, squares);
    }
    sums[0] += lanes_sum_pairs(sum);
    sums[1] += lanes_sum_pairs(squares);
}

/* sums[0] += sum of dz, sums[1] += sum of dz xhat over a row */
static void add_gradient_sums(const struct norm_lines *lines, int c, size_t width, const float *dz,
                              const float *x, double sums[2])
{
    float mean = lines->mean[c], scale = lines->scale[c];
    lanes sum = {0}, products = {0};
    size_t v = 0;
    for (; v + LANES <= width; v += LANES) {
        lanes d = lanes_load_unaligned(dz + v);
        sum += d;
        products = lanes_fma(d, scale * (lanes_load_unaligned(x + v) - mean), products);
    }
    if (v < width) {
        lanes d = lanes_load_first(dz + v, width - v);
        sum += d;
        products = lanes_fma(d, scale * (lanes_load_first(x + v, width - v) - mean), products);
    }
    sums[0] += lanes_sum_pairs(sum);
    sums[1] += lanes_sum_pairs(products);
}

/* channel_sums [channels][2] = the totals of as many sums */
static void channel_sums_total(const struct partials *sums, int channels, double *channel_sums)
{
    for (int k = 0; k < 2 * channels; k++)
        channel_sums[k] = partials_total(sums, (size_t)k);
}

/* The group's share of GroupNorm's gradient, - scale (mean(gamma dz) + xhat mean(gamma dz xhat)), as a line
 * in x: dx += factor (x - mean) + offset. [channels] */
struct group_lines {
    float *factor, *offset;
};

static struct group_lines group_lines_take(struct arena *arena, int channels)
{
    size_t bytes = (size_t)channels * sizeof(float);
    struct group_lines lines;
    lines.factor = arena_lines(arena, bytes);
    lines.offset = arena_lines(arena, bytes);
    return lines;
}

/* Of `sums`, 2 c is the sum of dz and 2 c + 1 that of dz xhat. */
static void group_lines_fill(struct shape shape, int groups, const float *gamma,
                             const struct norm_lines *norm, const struct partials *sums,
                             struct group_lines *lines)
{
    int size = shape.channels / groups;
    double n = (double)size * (double)shape_voxels(shape);
    for (int first = 0; first < shape.channels; first += size) {
        double mean = 0, mean_xhat = 0;
        for (int c = first; c < first + size; c++) {
            mean += gamma[c] * partials_total(sums, 2 * (size_t)c) / n;
            mean_xhat += gamma[c] * partials_total(sums, 2 * (size_t)c + 1) / n;
        }
        for (int c = first; c < first + size; c++) {
            double scale = norm->scale[c];
            lines->factor[c] = (float)(-scale * scale * mean_xhat);
            lines->offset[c] = (float)(-scale * mean);
        }
    }
}

/* dgamma, dbeta += */
static void norm_gradients_add(int channels, const struct partials *sums, float *dgamma, float *dbeta)
{
    for (int c = 0; c < channels; c++) {
        dbeta[c] = (float)(dbeta[c] + partials_total(sums, 2 * (size_t)c));
        dgamma[c] = (float)(dgamma[c] + partials_total(sums, 2 * (size_t)c + 1));
    }
}

/* --- the operations --- */

enum { NORM_CHUNK = 1024 };

struct norm {
    struct shape shape;
    struct norm_lines lines;
    struct group_lines group;
    struct partials partials; /* [channels][2] */
    size_t chunks;            /* of a channel */
};

static struct norm norm_take(struct arena *arena, struct shape shape)
{
    struct norm n = {.shape = shape, .chunks = (shape_voxels(shape) + NORM_CHUNK - 1) / NORM_CHUNK};
    n.lines = norm_lines_take(arena, shape.channels);
    n.group = group_lines_take(arena, shape.channels);
    n.partials =
        partials_take(arena, slices_of((size_t)shape.channels * n.chunks), 2 * (size_t)shape.channels);
    return n;
}

static size_t norm_scratch(struct shape shape)
{
    struct arena arena = {0};
    norm_take(&arena, shape_half(shape));
    return arena.used;
}

/* Where an item lies: its channel, its first element in the tensor, its length. */
struct norm_chunk {
    int channel;
    size_t at, count;
};

static size_t norm_items(const struct norm *n)
{
    return (size_t)n->shape.channels * n->chunks;
}

static struct norm_chunk norm_chunk(const struct norm *n, size_t item)
{
    size_t voxels = shape_voxels(n->shape), channel = item / n->chunks, first = item % n->chunks * NORM_CHUNK;
    return (struct norm_chunk){(int)channel, channel * voxels + first, size_min(NORM_CHUNK, voxels - first)};
}

static void channel_sums(struct shape shape, const float *x, double *channel_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct norm n = norm_take(&arena, shape);
    int slices = n.partials.slices;
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < slices; slice++) {
        double *sums = partials_start(&n.partials, slice);
        size_t end = slice_begin(norm_items(&n), slices, slice + 1);
        for (size_t i = slice_begin(norm_items(&n), slices, slice); i < end; i++) {
            struct norm_chunk chunk = norm_chunk(&n, i);
            float values[NORM_CHUNK];
            add_sums(stream_values(chunk.count, streams_read(x) + chunk.at, values), chunk.count,
                     sums + 2 * chunk.channel);
        }
    }
    channel_sums_total(&n.partials, shape.channels, channel_sums);
}

static void norm_forward(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                         const float *beta, const float *x, float *y, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct norm n = norm_take(&arena, shape);
    norm_lines_fill(shape, groups, channel_sums, gamma, beta, &n.lines);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < norm_items(&n); i++) {
        struct norm_chunk chunk = norm_chunk(&n, i);
        activate_row(&n.lines, chunk.channel, chunk.count, x + chunk.at, y + chunk.at);
    }
}

static void gradient_sums_slice(const struct norm *n, int slice, const float *x, const float *dy)
{
    double *sums = partials_start(&n->partials, slice);
    float dz[NORM_CHUNK];
    size_t end = slice_begin(norm_items(n), n->partials.slices, slice + 1);
    for (size_t i = slice_begin(norm_items(n), n->partials.slices, slice); i < end; i++) {
        struct norm_chunk chunk = norm_chunk(n, i);
        int c = chunk.channel;
        through_relu(&n->lines, c, chunk.count, x + chunk.at, dy + chunk.at, dz);
        add_gradient_sums(&n->lines, c, chunk.count, dz, x + chunk.at, sums + 2 * c);
    }
}

/* dx may be dy. */
static void chunk_gradient(const struct norm *n, struct norm_chunk chunk, const float *x, const float *dy,
                           float *dx)
{
    int c = chunk.channel;
    float dz[NORM_CHUNK], mean = n->lines.mean[c], factor = n->lines.factor[c];
    float group_factor = n->group.factor[c], offset = n->group.offset[c];
    through_relu(&n->lines, c, chunk.count, x + chunk.at, dy + chunk.at, dz);
#pragma omp simd
    for (size_t v = 0; v < chunk.count; v++)
        dx[chunk.at + v] = float_fma(factor, dz[v], float_fma(group_factor, x[chunk.at + v] - mean, offset));
}

static void norm_backward(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                          const float *beta, const float *x, const float *dy, float *dx, float *dgamma,
                          float *dbeta, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct norm n = norm_take(&arena, shape);
    norm_lines_fill(shape, groups, channel_sums, gamma, beta, &n.lines);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < n.partials.slices; slice++)
        gradient_sums_slice(&n, slice, x, dy);
    group_lines_fill(shape, groups, gamma, &n.lines, &n.partials, &n.group);
    norm_gradients_add(shape.channels, &n.partials, dgamma, dbeta);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < norm_items(&n); i++)
        chunk_gradient(&n, norm_chunk(&n, i), x, dy, dx);
}
