/* GroupNorm and LeakyReLU, one channel a lane: see kernels/norm.h and base/norm.h. What tile_io.c, branch.c
 * and resample.c use as well comes first, the operations follow. */

struct activation {
    lanes mean, factor, beta;
};

INLINE lanes before_relu(const struct activation *n, lanes x)
{
    return lanes_fma(n->factor, x - n->mean, n->beta);
}

INLINE lanes activate(const struct activation *n, lanes x)
{
    lanes z = before_relu(n, x);
    return lanes_max(z, LEAKY_SLOPE * z);
}

/* dz at x: da through LeakyReLU. */
INLINE lanes through_relu(const struct activation *n, lanes x, lanes da)
{
    return lanes_where_positive(before_relu(n, x), da, LEAKY_SLOPE * da);
}

/* The lines of a block. */
struct lane_norm {
    struct activation activation;
    lanes scale;
};

INLINE lanes normalised(const struct lane_norm *n, lanes x)
{
    return n->scale * (x - n->activation.mean);
}

/* Sums over voxels: channel_sums, of x and x^2, or what the backward gathers, of dz and dz xhat. */
struct lane_sums {
    lanes_double first, second;
};

/* Those of each block of `shape`, from channel_sums [channels][2]. */
static void norm_prepare(struct shape s, int groups, const double *channel_sums, const float *gamma,
                         const float *beta, struct lane_norm *norms)
{
    memset(norms, 0, (size_t)blocks_of(s) * sizeof *norms);
    for (int b = 0; b < blocks_of(s); b++)
        for (int i = 0; i < block_count(s, b); i++) {
            struct norm_line line = norm_line(s, groups, channel_sums, gamma, beta, block_first(s, b) + i);
            norms[b].activation.mean[i] = line.mean;
            norms[b].activation.factor[i] = line.factor;
            norms[b].activation.beta[i] = line.beta;
            norms[b].scale[i] = line.scale;
        }
}

/* sums[0][b] += sums[1..slices-1][b], in order. */
static void lane_sums_add(int blocks, int slices, struct lane_sums *sums)
{
    for (int slice = 1; slice < slices; slice++)
        for (int b = 0; b < blocks; b++) {
            sums[b].first += sums[slice * blocks + b].first;
            sums[b].second += sums[slice * blocks + b].second;
        }
}

/* channel_sums [channels][2] = the sums, a channel a lane. */
static void lane_sums_store(struct shape s, const struct lane_sums *sums, double *channel_sums)
{
    for (int b = 0; b < blocks_of(s); b++)
        for (int i = 0; i < block_count(s, b); i++) {
            channel_sums[2 * (block_first(s, b) + i)] = sums[b].first[i];
            channel_sums[2 * (block_first(s, b) + i) + 1] = sums[b].second[i];
        }
}

/* Adds one group's sums into dgamma and dbeta, and replaces them by what is subtracted from dx:
 * first + second xhat. */
static void correct_group(struct shape s, int first, int size, const struct lane_norm *norms,
                          const float *gamma, struct lane_sums *sums, float *dgamma, float *dbeta)
{
    double dz = 0, dz_xhat = 0, n = (double)size * (double)shape_voxels(s);
    for (int c = first; c < first + size; c++) {
        const struct lane_sums *sum = sums + channel_block(s, c);
        double channel_dz = sum->first[channel_lane(s, c)], channel_dz_xhat = sum->second[channel_lane(s, c)];
        dbeta[c] = (float)(dbeta[c] + channel_dz);
        dgamma[c] = (float)(dgamma[c] + channel_dz_xhat);
        dz += gamma[c] * channel_dz;
        dz_xhat += gamma[c] * channel_dz_xhat;
    }
    for (int c = first; c < first + size; c++) {
        int b = channel_block(s, c), lane = channel_lane(s, c);
        sums[b].first[lane] = norms[b].scale[lane] * dz / n;
        sums[b].second[lane] = norms[b].scale[lane] * dz_xhat / n;
    }
}

/* GroupNorm's backward, its second pass. The first added factor dz into dx and gathered the sums of dz and
 * dz xhat of each channel; this one adds them into dbeta and dgamma and subtracts from dx
 *
 *     scale ( mean(gamma dz) + xhat mean(gamma dz xhat) ),   means over the group,
 *
 * which needs x, but neither dz nor a temporary. sums [blocks] is overwritten. */
static void norm_correct(struct shape s, int groups, const struct lane_norm *norms, const float *gamma,
                         struct lane_sums *sums, const float *x, float *dx, float *dgamma, float *dbeta)
{
    int size = shape_channels(s) / groups;
    for (int g = 0; g < groups; g++)
        correct_group(s, g * size, size, norms, gamma, sums, dgamma, dbeta);
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < blocks_of(s); b++)
        for (int slice = 0; slice < SLICES_MAX; slice++) {
            lanes constant = __builtin_convertvector(sums[b].first, lanes);
            lanes slope = __builtin_convertvector(sums[b].second, lanes);
            size_t end = slice_begin(shape_voxels(s), SLICES_MAX, slice + 1);
            for (size_t v = slice_begin(shape_voxels(s), SLICES_MAX, slice); v < end; v++) {
                size_t at = (size_t)b * block_floats(s) + v * LANES;
                lanes xhat = normalised(norms + b, lanes_load(x + at));
                lanes_store(dx + at, lanes_load(dx + at) - lanes_fma(slope, xhat, constant));
            }
        }
}

/* --- the operations --- */

struct norm_scratch {
    struct lane_norm *norms; /* [blocks] */
    struct lane_sums *sums;  /* [SLICES_MAX][blocks] */
};

static struct norm_scratch norm_take(struct arena *arena, struct shape s)
{
    struct norm_scratch scratch;
    scratch.norms = arena_vectors(arena, (size_t)blocks_of(s) * sizeof *scratch.norms);
    scratch.sums = arena_vectors(arena, SLICES_MAX * (size_t)blocks_of(s) * sizeof *scratch.sums);
    return scratch;
}

static size_t norm_scratch(struct shape s)
{
    struct arena arena = {0};
    norm_take(&arena, s);
    return arena.used;
}

/* [begin, end) of a slice of a block's vectors, in floats. */
struct block_slice {
    size_t begin, end;
};

static struct block_slice block_slice(struct shape s, int b, int slice)
{
    size_t voxels = shape_voxels(s), block = (size_t)b * block_floats(s);
    return (struct block_slice){block + slice_begin(voxels, SLICES_MAX, slice) * LANES,
                                block + slice_begin(voxels, SLICES_MAX, slice + 1) * LANES};
}

static void channel_sums(struct shape s, const float *x, double *channel_sums, void *scratch)
{
    int blocks = blocks_of(s);
    struct arena arena = {scratch, 0};
    struct lane_sums *sums = norm_take(&arena, s).sums;
#pragma omp parallel for collapse(2) schedule(static)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        for (int b = 0; b < blocks; b++) {
            struct block_slice r = block_slice(s, b, slice);
            struct lane_sums sum = {0};
            for (size_t at = r.begin; at < r.end; at += LANES) {
                lanes_double value = lanes_widen(lanes_load(x + at));
                sum.first += value;
                sum.second += value * value;
            }
            sums[slice * blocks + b] = sum;
        }
    lane_sums_add(blocks, SLICES_MAX, sums);
    lane_sums_store(s, sums, channel_sums);
}

static void norm_forward(struct shape s, int groups, const double *channel_sums, const float *gamma,
                         const float *beta, const float *x, float *y, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct lane_norm *norms = norm_take(&arena, s).norms;
    norm_prepare(s, groups, channel_sums, gamma, beta, norms);
#pragma omp parallel for collapse(2) schedule(static)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        for (int b = 0; b < blocks_of(s); b++) {
            struct block_slice r = block_slice(s, b, slice);
            struct activation n = norms[b].activation;
            for (size_t at = r.begin; at < r.end; at += LANES)
                lanes_store(y + at, activate(&n, lanes_load(x + at)));
        }
}

static void norm_backward(struct shape s, int groups, const double *channel_sums, const float *gamma,
                          const float *beta, const float *x, const float *dy, float *dx, float *dgamma,
                          float *dbeta, void *scratch)
{
    int blocks = blocks_of(s);
    struct arena arena = {scratch, 0};
    struct norm_scratch work = norm_take(&arena, s);
    norm_prepare(s, groups, channel_sums, gamma, beta, work.norms);
#pragma omp parallel for collapse(2) schedule(static)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        for (int b = 0; b < blocks; b++) {
            struct block_slice r = block_slice(s, b, slice);
            struct lane_norm n = work.norms[b];
            struct lane_sums sum = {0};
            for (size_t at = r.begin; at < r.end; at += LANES) {
                lanes value = lanes_load(x + at),
                      dz = through_relu(&n.activation, value, lanes_load(dy + at));
                sum.first += lanes_widen(dz);
                sum.second += lanes_widen(dz * normalised(&n, value));
                lanes_store(dx + at, n.activation.factor * dz);
            }
            work.sums[slice * blocks + b] = sum;
        }
    lane_sums_add(blocks, SLICES_MAX, work.sums);
    norm_correct(s, groups, work.norms, gamma, work.sums, x, dx, dgamma, dbeta);
}
