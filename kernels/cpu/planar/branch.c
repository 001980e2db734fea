/* The residual branch in two passes over memory: see kernels/branch.h.
 *
 * Everything but the group's share of GroupNorm's gradient happens while a slab walks through the volume:
 * normalise and activate while loading u, convolve, add into y while storing and gather its channel sums;
 * going back, the same normalised slab serves the recomputation and the weight gradient, and the slab of dy
 * the weight and the data gradient. With dz the gradient before LeakyReLU,
 *
 *     du += factor dz           at once, factor = gamma scale
 *     du -= scale (mean(gamma dz) + xhat mean(gamma dz xhat))    once the means are known */

/* Scratch of the forward or of the backward pass. */
struct branch {
    struct shape shape;
    struct partition partition;
    struct norm_lines lines;
    float *packed, *packed_back; /* [quads][channels][27][QUAD], for conv and its transpose */
    struct group_lines group;
    struct partials partials;
    struct slice_memory slices;
};

struct branch_slice {
    struct slab activated, dy;
    float *result; /* [QUAD][capacity] */
    float *row;    /* [width] */
    float *values; /* [width], of a stream or its gradient */
};

/* Sums that a slice gathers: channel_sums [channels][2] forward; gradient sums [channels][2], then those of
 * the weights [channels][channels][27] backward. */
static size_t branch_sums(int channels, int backward)
{
    return 2 * (size_t)channels + (backward ? 27 * (size_t)channels * (size_t)channels : 0);
}

static size_t branch_capacity(const struct branch *b)
{
    return strip_capacity(b->shape.width, b->partition.rows);
}

static struct branch_slice branch_slice(const struct branch *b, struct arena *arena, int backward)
{
    int width = b->shape.width, rows = b->partition.rows;
    struct branch_slice slice = {.activated = slab_take(arena, b->shape.channels, width, rows)};
    slice.result = arena_lines(arena, QUAD * branch_capacity(b) * sizeof(float));
    slice.values = stream_row_take(arena, (size_t)width);
    if (backward) {
        slice.dy = slab_take(arena, b->shape.channels, width, rows);
        slice.row = arena_lines(arena, (size_t)width * sizeof(float));
    }
    return slice;
}

/* Forward and backward cut the volume differently. The recomputed y has the same bits all the same: a voxel's
 * result does not depend on the cut. */
static struct branch branch_take(struct arena *arena, struct shape shape, int backward)
{
    size_t packed = packed_floats(shape.channels, shape.channels) * sizeof(float);
    struct branch b = {.shape = shape};
    b.partition = partition_of(shape, (1 + backward) * shape.channels,
                               branch_sums(shape.channels, backward) * sizeof(double));
    b.lines = norm_lines_take(arena, shape.channels);
    b.packed = arena_lines(arena, packed);
    if (backward) {
        b.packed_back = arena_lines(arena, packed);
        b.group = group_lines_take(arena, shape.channels);
    }
    b.partials = partials_take(arena, b.partition.slices, branch_sums(shape.channels, backward));
    struct arena count = {0};
    branch_slice(&b, &count, backward);
    b.slices = arena_slices(arena, count.used, b.partition.slices);
    return b;
}

static size_t branch_scratch(struct shape shape)
{
    struct arena forward = {0}, backward = {0};
    branch_take(&forward, shape, 0);
    branch_take(&backward, shape, 1);
    return size_max(forward.used, backward.used);
}

/* y += sign * F(u) in the slab's strip; channel_sums[channels][2] += those of the new y, unless NULL. */
static void add_branch(const struct branch *b, const struct branch_slice *slice, struct strip strip,
                       float sign, stream *y, double *channel_sums)
{
    struct shape s = b->shape;
    size_t width = (size_t)s.width, capacity = branch_capacity(b);
    for (int first = 0; first < s.channels; first += QUAD) {
        stencil_convolve(&slice->activated, b->packed, first / QUAD, capacity, slice->result);
        for (int c = first; c < first + QUAD && c < s.channels; c++)
            for (int r = 0; r < strip.rows; r++) {
                stream *at = y + shape_row(s, c, strip.z, strip.first_row + r);
                float *row = stream_open(width, at, slice->values);
                add_scaled(s.width, sign,
                           slice->result + (size_t)(c - first) * capacity + (size_t)r * (width + 1), row);
                stream_close(width, row, at, sign > 0);
                if (channel_sums)
                    add_sums(stream_values(width, at, slice->values), width, channel_sums + 2 * c);
            }
    }
}

static void branch_forward_slice(const struct branch *b, int number, const stream *u, float sign, stream *y,
                                 int with_sums)
{
    struct arena arena = slice_arena(&b->slices, number);
    struct branch_slice slice = branch_slice(b, &arena, 0);
    struct slab_source source = {.shape = b->shape, .u = u, .lines = &b->lines, .values = slice.values};
    double *channel_sums = with_sums ? partials_start(&b->partials, number) : NULL;
    int begin = partition_begin(&b->partition, number), end = partition_begin(&b->partition, number + 1);
    for (int item = begin; item < end; item++) {
        struct strip strip = partition_strip(&b->partition, item);
        slab_move(&slice.activated, &source, strip, item == begin || strip.z == 0);
        add_branch(b, &slice, strip, sign, y, channel_sums);
    }
}

static void branch_forward(struct shape shape, const struct branch_weights *weights, const double *u_sums,
                           const float *u, float sign, float *y, double *y_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct branch b = branch_take(&arena, shape, 0);
    norm_lines_fill(shape, weights->groups, u_sums, weights->gamma, weights->beta, &b.lines);
    stencil_pack(shape.channels, shape.channels, weights->conv, 0, b.packed);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < b.partition.slices; slice++)
        branch_forward_slice(&b, slice, streams_read(u), sign, streams(y), y_sums != NULL);
    if (y_sums)
        channel_sums_total(&b.partials, shape.channels, y_sums);
}

/* The data gradient of the slab's strip, what is known of it at once into du; sums[channels][2] += those of
 * dz. */
static void add_gradient(const struct branch *b, const struct branch_slice *slice, struct strip strip,
                         const stream *u, stream_gradient *du, double *sums)
{
    struct shape s = b->shape;
    size_t width = (size_t)s.width, capacity = branch_capacity(b);
    for (int first = 0; first < s.channels; first += QUAD) {
        stencil_convolve(&slice->dy, b->packed_back, first / QUAD, capacity, slice->result);
        for (int c = first; c < first + QUAD && c < s.channels; c++)
            for (int r = 0; r < strip.rows; r++) {
                size_t at = shape_row(s, c, strip.z, strip.first_row + r);
                const float *values = stream_values(width, u + at, slice->values);
                through_relu(&b->lines, c, width, values,
                             slice->result + (size_t)(c - first) * capacity + (size_t)r * (width + 1),
                             slice->row);
                add_gradient_sums(&b->lines, c, width, slice->row, values, sums + 2 * c);
                float *to = gradient_open(width, du + at, slice->values);
                add_scaled(s.width, b->lines.factor[c], slice->row, to);
                gradient_close(width, to, du + at);
            }
    }
}

static void branch_backward_slice(const struct branch *b, int number, const stream *u, stream_gradient *du,
                                  stream *y, const stream_gradient *dy)
{
    struct arena arena = slice_arena(&b->slices, number);
    struct branch_slice slice = branch_slice(b, &arena, 1);
    struct slab_source from_u = {.shape = b->shape, .u = u, .lines = &b->lines, .values = slice.values},
                       from_dy = {.shape = b->shape, .x.gradient = dy};
    double *sums = partials_start(&b->partials, number);
    int begin = partition_begin(&b->partition, number), end = partition_begin(&b->partition, number + 1);
    for (int item = begin; item < end; item++) {
        struct strip strip = partition_strip(&b->partition, item);
        int fresh = item == begin || strip.z == 0;
        slab_move(&slice.activated, &from_u, strip, fresh);
        slab_move(&slice.dy, &from_dy, strip, fresh);
        if (y)
            add_branch(b, &slice, strip, -1, y, NULL);
        stencil_correlate(&slice.activated, &slice.dy, strip_voxels(b->shape.width, strip.rows),
                          sums + branch_sums(b->shape.channels, 0));
        add_gradient(b, &slice, strip, u, du, sums);
    }
}

static void add_line(size_t n, float mean, float factor, float offset, const float *restrict u,
                     float *restrict du)
{
    for (size_t v = 0; v < n; v++)
        du[v] += float_fma(factor, u[v] - mean, offset);
}

static void branch_backward(struct shape shape, const struct branch_weights *weights,
                            const struct branch_gradients *gradients, const double *u_sums, const float *u,
                            float *du, float *y, const float *dy, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct branch b = branch_take(&arena, shape, 1);
    int channels = shape.channels;
    norm_lines_fill(shape, weights->groups, u_sums, weights->gamma, weights->beta, &b.lines);
    stencil_pack(channels, channels, weights->conv, 0, b.packed);
    stencil_pack(channels, channels, weights->conv, 1, b.packed_back);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < b.partition.slices; slice++)
        branch_backward_slice(&b, slice, streams_read(u), stream_gradients(du), y ? streams(y) : NULL,
                              stream_gradients_read(dy));
    group_lines_fill(shape, weights->groups, weights->gamma, &b.lines, &b.partials, &b.group);
    norm_gradients_add(channels, &b.partials, gradients->gamma, gradients->beta);
    partials_add(&b.partials, branch_sums(channels, 0), 27 * (size_t)channels * (size_t)channels,
                 gradients->conv);
    size_t plane = (size_t)shape.height * (size_t)shape.width;
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < channels; c++)
        for (int z = 0; z < shape.depth; z++) {
            size_t at = shape_row(shape, c, z, 0);
            for (size_t v = 0; v < plane; v += NORM_CHUNK) {
                float values[NORM_CHUNK], row[NORM_CHUNK];
                size_t count = size_min(NORM_CHUNK, plane - v);
                float *to = gradient_open(count, stream_gradients(du) + at + v, row);
                add_line(count, b.lines.mean[c], b.group.factor[c], b.group.offset[c],
                         stream_values(count, streams_read(u) + at + v, values), to);
                gradient_close(count, to, stream_gradients(du) + at + v);
            }
        }
}
