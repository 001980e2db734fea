/* Filters: from taps to points and back.
 *
 *     U = G w G^T along each axis:   [POINTS][out blocks][in blocks * LANES][LANES outs]
 *     dw = G^T dU G:                 taps, [out blocks][in blocks * LANES][27][LANES outs] doubles
 *
 * Each point of U is followed by one spare vector, as in operands. Rows of U past the last input channel are
 * not written, and not read either. */

enum { TAPS = 27, SQUARE = 9 }; /* of a filter, of a plane of it */

/* Floats from one output block to the next. */
INLINE size_t filter_stride(int in_blocks)
{
    return (size_t)in_blocks * LANES * LANES;
}

/* From one point to the next. */
INLINE size_t filter_point(int in_blocks, int out_blocks)
{
    return (size_t)out_blocks * filter_stride(in_blocks) + LANES;
}

INLINE size_t filter_floats(int in_blocks, int out_blocks)
{
    return POINTS * filter_point(in_blocks, out_blocks);
}

INLINE size_t plane_floats(int in_blocks, int out_blocks)
{
    return (size_t)POINTS_Z * SQUARE * (size_t)out_blocks * filter_stride(in_blocks);
}

INLINE size_t taps_doubles(int in_blocks, int out_blocks)
{
    return (size_t)out_blocks * (size_t)in_blocks * LANES * TAPS * LANES;
}

/* The filters between two stacks: channels `from` are summed over, channels `to` are produced. Tap t of a
 * pair is w[from * from_stride + to * to_stride + t], or the taps in reverse. */
struct filters {
    struct shape from, to;
    const float *w;
    size_t from_stride, to_stride;
    int reversed;
};

/* to [outer][m + 2][inner] = G from [outer][3][inner] */
INLINE void expand(int m, int outer, int inner, const lanes *from, lanes *to)
{
    for (int o = 0; o < outer; o++)
        for (int i = 0; i < inner; i++) {
            const lanes *g = from + o * 3 * inner + i;
            lanes u[6];
            filter_transform(m, (const lanes[3]){g[0], g[inner], g[2 * inner]}, u);
            for (int point = 0; point < m + 2; point++)
                to[(o * (m + 2) + point) * inner + i] = u[point];
        }
}

/* to [outer][3][inner] = G^T from [outer][m + 2][inner] */
INLINE void contract(int m, int outer, int inner, const lanes *from, lanes *to)
{
    for (int o = 0; o < outer; o++)
        for (int i = 0; i < inner; i++) {
            lanes u[6], g[3];
            for (int point = 0; point < m + 2; point++)
                u[point] = from[(o * (m + 2) + point) * inner + i];
            filter_gradient(m, u, g);
            for (int tap = 0; tap < 3; tap++)
                to[(o * 3 + tap) * inner + i] = g[tap];
        }
}

/* The filters of w [out][in][27]. */
static struct filters filters_of(struct shape in, struct shape out, const float *w)
{
    size_t row = (size_t)shape_channels(in) * TAPS;
    return (struct filters){.from = in, .to = out, .w = w, .from_stride = TAPS, .to_stride = row};
}

/* The filters that take dy (shape out) back to dx (shape in): w transposed, its taps in reverse. */
static struct filters filters_transposed(struct shape in, struct shape out, const float *w)
{
    size_t row = (size_t)shape_channels(in) * TAPS;
    return (struct filters){
        .from = out, .to = in, .w = w, .from_stride = row, .to_stride = TAPS, .reversed = 1};
}

/* Where the taps between channel k of `from` and the channels of a block begin; the next channel's are
 * to_stride further. */
INLINE size_t row_of(const struct filters *f, int block, int k)
{
    return (size_t)k * f->from_stride + (size_t)block_first(f->to, block) * f->to_stride;
}

/* taps [TAPS]: a channel of the block a lane. They are read LANES at a time, the last of them overlapping. */
INLINE void taps_load(const struct filters *f, int block, int k, lanes *taps)
{
    const float *w = f->w + row_of(f, block, k);
    int count = block_count(f->to, block);
    for (int t = 0; t < TAPS; t += LANES) {
        int first = int_min(t, TAPS - LANES);
        lanes rows[LANES];
        for (int i = 0; i < LANES; i++)
            rows[i] = i < count ? lanes_load_unaligned(w + (size_t)i * f->to_stride + first) : (lanes){0};
        lanes_transpose(rows);
        for (int i = 0; i < LANES; i++)
            taps[f->reversed ? TAPS - 1 - first - i : first + i] = rows[i];
    }
}

/* dw += taps, the way back; where reads overlapped, 0 is added. */
INLINE void taps_store(const struct filters *f, int block, int k, const lanes *taps, float *dw)
{
    float *to = dw + row_of(f, block, k);
    int count = block_count(f->to, block);
    for (int t = 0; t < TAPS; t += LANES) {
        int first = int_min(t, TAPS - LANES);
        lanes rows[LANES];
        for (int i = 0; i < LANES; i++)
            rows[i] = first + i < t ? (lanes){0} : taps[first + i];
        lanes_transpose(rows);
        for (int i = 0; i < count; i++) {
            lanes_unaligned *at = (lanes_unaligned *)(to + (size_t)i * f->to_stride + first);
            *at += rows[i];
        }
    }
}

/* Number of a channel's row. */
INLINE size_t row_number(struct shape from, int k)
{
    return (size_t)(channel_block(from, k) * LANES + channel_lane(from, k));
}

/* Block b of u [POINTS][to blocks][from blocks * LANES][LANES]. */
static void filter_block(const struct filters *f, int b, float *u)
{
    int from_blocks = blocks_of(f->from);
    size_t point_floats = filter_point(from_blocks, blocks_of(f->to));
    for (int k = 0; k < shape_channels(f->from); k++) {
        lanes taps[TAPS], x[9 * POINTS_X], y[3 * POINTS_Y * POINTS_X], z[POINTS];
        float *row = u + (size_t)b * filter_stride(from_blocks) + row_number(f->from, k) * LANES;
        taps_load(f, b, k, taps);
        expand(TILE_X, 9, 1, taps, x);
        expand(TILE_Y, 3, POINTS_X, x, y);
        expand(TILE_Z, 1, POINTS_Y * POINTS_X, y, z);
        for (int point = 0; point < POINTS; point++)
            lanes_store(row + (size_t)point * point_floats, z[point]);
    }
}

/* --- the same for a panel, some blocks of `to`, in two steps with little memory: first all taps along z,
 *
 *     planes [POINTS_Z][panel blocks][from blocks * LANES][SQUARE][LANES]
 *
 * then, line by line of POINTS_X points (line = z * POINTS_Y + y), along y and x,
 *
 *     u [POINTS_X][panel blocks][from blocks * LANES][LANES]
 *
 * and back: lines in their order, which set the planes, then dw. --- */

/* Where the planes of a row lie, each SQUARE vectors. */
INLINE size_t plane_row(const struct filters *f, int panel_blocks, int z, int b, int k)
{
    size_t rows = (size_t)blocks_of(f->from) * LANES;
    return ((size_t)(z * panel_blocks + b) * rows + row_number(f->from, k)) * (SQUARE * LANES);
}

static void filter_planes(const struct filters *f, struct block_range panel, float *planes)
{
    for (int b = 0; b < panel.count; b++)
        for (int k = 0; k < shape_channels(f->from); k++) {
            lanes taps[TAPS], z[POINTS_Z * SQUARE];
            taps_load(f, panel.first + b, k, taps);
            expand(TILE_Z, 1, SQUARE, taps, z);
            for (int i = 0; i < POINTS_Z * SQUARE; i++)
                lanes_store(planes + plane_row(f, panel.count, i / SQUARE, b, k) + i % SQUARE * LANES, z[i]);
        }
}

/* dw += , the gradient of f->w. */
static void planes_gradient(const struct filters *f, struct block_range panel, const float *planes, float *dw)
{
    for (int b = 0; b < panel.count; b++)
        for (int k = 0; k < shape_channels(f->from); k++) {
            lanes taps[TAPS], z[POINTS_Z * SQUARE];
            for (int i = 0; i < POINTS_Z * SQUARE; i++)
                z[i] = lanes_load(planes + plane_row(f, panel.count, i / SQUARE, b, k) + i % SQUARE * LANES);
            contract(TILE_Z, 1, SQUARE, z, taps);
            taps_store(f, panel.first + b, k, taps, dw);
        }
}

/* The row of G along y at a point: what it makes of each tap alone. */
INLINE void point_row(int point, float *row)
{
    for (int tap = 0; tap < 3; tap++) {
        lanes g[3] = {0}, u[POINTS_Y];
        g[tap] = lanes_splat(1);
        filter_transform(TILE_Y, g, u);
        row[tap] = u[point][0];
    }
}

static void filter_line(const struct filters *f, int panel_blocks, int line, const float *planes, float *u)
{
    int from_blocks = blocks_of(f->from);
    float g[3];
    point_row(line % POINTS_Y, g);
    for (int b = 0; b < panel_blocks; b++)
        for (int k = 0; k < shape_channels(f->from); k++) {
            const float *plane = planes + plane_row(f, panel_blocks, line / POINTS_Y, b, k);
            float *row = u + (size_t)b * filter_stride(from_blocks) + row_number(f->from, k) * LANES;
            lanes x[3], points[POINTS_X];
            for (int i = 0; i < 3; i++) {
                x[i] = g[0] * lanes_load(plane + i * LANES);
                x[i] = lanes_add_scaled(x[i], g[1], lanes_load(plane + (3 + i) * LANES));
                x[i] = lanes_add_scaled(x[i], g[2], lanes_load(plane + (6 + i) * LANES));
            }
            filter_transform(TILE_X, x, points);
            for (int i = 0; i < POINTS_X; i++)
                lanes_store(row + (size_t)i * filter_point(from_blocks, panel_blocks), points[i]);
        }
}

static void line_gradient(const struct filters *f, int panel_blocks, int line, const float *du, float *planes)
{
    int from_blocks = blocks_of(f->from), first = line % POINTS_Y == 0;
    float g[3];
    point_row(line % POINTS_Y, g);
    for (int b = 0; b < panel_blocks; b++)
        for (int k = 0; k < shape_channels(f->from); k++) {
            float *plane = planes + plane_row(f, panel_blocks, line / POINTS_Y, b, k);
            const float *row = du + (size_t)b * filter_stride(from_blocks) + row_number(f->from, k) * LANES;
            lanes x[3], points[POINTS_X];
            for (int i = 0; i < POINTS_X; i++)
                points[i] = lanes_load(row + (size_t)i * filter_point(from_blocks, panel_blocks));
            filter_gradient(TILE_X, points, x);
            for (int i = 0; i < SQUARE; i++)
                lanes_store(plane + i * LANES,
                            first ? g[i / 3] * x[i % 3]
                                  : lanes_add_scaled(lanes_load(plane + i * LANES), g[i / 3], x[i % 3]));
        }
}

/* sum[27] = G^T du G of one row. */
INLINE void row_taps(const float *du, size_t point_floats, lanes *sum)
{
    lanes z[POINTS], y[3 * POINTS_Y * POINTS_X], x[9 * POINTS_X];
    for (int point = 0; point < POINTS; point++)
        z[point] = lanes_load(du + (size_t)point * point_floats);
    contract(TILE_Z, 1, POINTS_Y * POINTS_X, z, y);
    contract(TILE_Y, 3, POINTS_X, y, x);
    contract(TILE_X, 9, 1, x, sum);
}

/* taps += G^T du G, du = 0, for all output blocks. */
static void taps_add(struct shape in, struct shape out, float *du, double *taps)
{
    size_t rows = (size_t)blocks_of(out) * (size_t)blocks_of(in) * LANES;
    for (size_t row = 0; row < rows; row++) {
        lanes_double *to = (lanes_double *)(taps + row * TAPS * LANES);
        lanes sum[TAPS];
        row_taps(du + row * LANES, filter_point(blocks_of(in), blocks_of(out)), sum);
        for (int t = 0; t < TAPS; t++)
            to[t] += lanes_widen(sum[t]);
    }
    memset(du, 0, filter_floats(blocks_of(in), blocks_of(out)) * sizeof *du);
}

/* dw [out][in][27] += the sum of `slices` taps, slice_doubles apart, in their order. */
static void taps_total(struct shape in, struct shape out, int slices, size_t slice_doubles,
                       const double *taps, float *dw)
{
    int channels = shape_channels(in);
#pragma omp parallel for schedule(static)
    for (int o = 0; o < shape_channels(out); o++)
        for (int k = 0; k < channels; k++) {
            size_t row =
                ((size_t)channel_block(out, o) * (size_t)blocks_of(in) + (size_t)channel_block(in, k)) *
                    LANES +
                (size_t)channel_lane(in, k);
            const double *from = taps + row * TAPS * LANES + channel_lane(out, o);
            float *to = dw + ((size_t)o * (size_t)channels + (size_t)k) * TAPS;
            for (int t = 0; t < TAPS; t++) {
                double sum = 0;
                for (int slice = 0; slice < slices; slice++)
                    sum += from[(size_t)slice * slice_doubles + (size_t)t * LANES];
                to[t] = (float)(to[t] + sum);
            }
        }
}
