/* Pooling and trilinear doubling of a few voxels, which resample.c puts together.
 *
 * Doubling has align_corners = false: a fine voxel is 3/4 of the coarse voxel it lies in and 1/4 of the
 * nearest other one, or 1 of the former at the border. Here it goes along x of one pair of rows. */

/* --- pooling: windows of 2x2x2 voxels --- */

/* The first voxel of the window of a coarse voxel. */
INLINE size_t fine_corner(struct shape fine, int block, int z, int y, int x)
{
    return voxel_at(fine, block, 2 * z, 2 * y, 2 * x);
}

/* The window of coarse voxel number v of a block. */
INLINE size_t window_of(struct shape fine, struct shape coarse, int block, size_t v)
{
    int x = (int)(v % (size_t)coarse.width);
    size_t row = v / (size_t)coarse.width;
    return fine_corner(fine, block, (int)(row / (size_t)coarse.height), (int)(row % (size_t)coarse.height),
                       x);
}

/* Voxel i of a window, in the order z, y, x. */
INLINE size_t window_at(struct shape fine, int i)
{
    return voxel_at(fine, 0, i >> 2, i >> 1 & 1, i & 1);
}

INLINE lanes pool_window(struct shape fine, const float *x)
{
    lanes largest = lanes_load(x);
    for (int i = 1; i < 8; i++)
        largest = lanes_max(largest, lanes_load(x + window_at(fine, i)));
    return largest;
}

/* dx += dy at the first of the largest values: what one voxel receives is 0 for the next. */
INLINE void unpool_window(struct shape fine, const float *x, lanes largest, lanes dy, float *dx)
{
    for (int i = 0; i < 8; i++) {
        size_t at = window_at(fine, i);
        lanes received = lanes_where_equal(lanes_load(x + at), largest, dy);
        lanes_store(dx + at, lanes_load(dx + at) + received);
        dy -= received;
    }
}

/* --- doubling --- */

/* The other coarse voxel that fine voxel i reads along an axis of n coarse voxels, clamped. */
INLINE int other_of(int i, int n)
{
    int other = i / 2 + (i & 1 ? 1 : -1);
    return int_clamp(other, 0, n - 1);
}

/* Weight of fine voxel 2 i - 1 + k, k = 0..3, in the transpose at coarse voxel i of n; 0 outside the grid. */
INLINE float transposed_weight(int i, int n, int k)
{
    static const float inner[4] = {.25f, .75f, .75f, .25f};
    if (k == 0 || k == 3)
        return (k == 0 && i == 0) || (k == 3 && i == n - 1) ? 0 : inner[k];
    return (k == 1 && i == 0) || (k == 2 && i == n - 1) ? 1 : inner[k];
}

/* The four coarse rows that a fine row reads; near and far along z, then y. */
struct coarse_rows {
    const float *near_near, *near_far, *far_near, *far_far;
};

/* 3/4 near + 1/4 far */
INLINE lanes between(lanes near, lanes far)
{
    return lanes_add_scaled(0.75f * near, 0.25f, far);
}

INLINE lanes coarse_column(const struct coarse_rows *r, int x)
{
    size_t at = (size_t)x * LANES;
    lanes near = between(lanes_load(r->near_near + at), lanes_load(r->near_far + at));
    lanes far = between(lanes_load(r->far_near + at), lanes_load(r->far_far + at));
    return between(near, far);
}

/* planes: a block's coarse planes, the near one and the far one. */
INLINE struct coarse_rows coarse_rows(struct shape coarse, const float *const planes[2], int fine_row)
{
    size_t near = voxel_at(coarse, 0, 0, fine_row / 2, 0);
    size_t far = voxel_at(coarse, 0, 0, other_of(fine_row, coarse.height), 0);
    return (struct coarse_rows){planes[0] + near, planes[0] + far, planes[1] + near, planes[1] + far};
}

INLINE void add_voxel(float sign, lanes value, float *y, struct lane_sums *sums)
{
    lanes sum = lanes_add_scaled(lanes_load(y), sign, value);
    lanes_store(y, sum);
    if (sums) {
        lanes_double wide = lanes_widen(sum);
        sums->first += wide;
        sums->second += wide * wide;
    }
}

/* y += sign * the doubled row; sums of the new y unless NULL. width: of the coarse row. */
INLINE void upsample_row(const struct coarse_rows *rows, int width, float sign, float *y,
                         struct lane_sums *sums)
{
    lanes here = coarse_column(rows, 0), before = here;
    for (int x = 0; x < width; x++, y += 2 * LANES) {
        lanes after = x + 1 < width ? coarse_column(rows, x + 1) : here;
        add_voxel(sign, between(here, before), y, sums);
        add_voxel(sign, between(here, after), y + LANES, sums);
        before = here;
        here = after;
    }
}

/* The fine rows that the transpose sums at a coarse row, along z and y: 16 in the middle, fewer at the
 * border. */
struct fine_rows {
    const float *of[16];
    float weights[16];
    int count;
};

/* At coarse row (z, y) of block b. */
INLINE struct fine_rows fine_rows(struct shape fine, const float *dy, int b, int z, int y)
{
    struct fine_rows rows = {.count = 0};
    for (int i = 0; i < 16; i++) {
        float weight =
            transposed_weight(z, fine.depth / 2, i / 4) * transposed_weight(y, fine.height / 2, i % 4);
        if (weight > 0) {
            rows.of[rows.count] = dy + voxel_at(fine, b, 2 * z - 1 + i / 4, 2 * y - 1 + i % 4, 0);
            rows.weights[rows.count++] = weight;
        }
    }
    return rows;
}

/* Their sum at fine column x. */
INLINE lanes fine_column(const struct fine_rows *rows, int count, int x)
{
    lanes sum = {0};
    for (int i = 0; i < count; i++)
        sum = lanes_add_scaled(sum, rows->weights[i], lanes_load(rows->of[i] + (size_t)x * LANES));
    return sum;
}

/* upsample^T dy for `count` coarse voxels from x on, in a row of n. */
INLINE void upsample_transposed(const struct fine_rows *rows, int n, int x, int count, float *to)
{
    lanes columns[4] = {{0}};
    for (int i = x; i < x + count; i++, to += LANES) {
        lanes sum = {0};
        for (int k = 0; k < 4; k++) {
            int column = 2 * i - 1 + k;
            if (i > x && k < 2)
                columns[k] = columns[k + 2];
            else if (column < 0 || column >= 2 * n)
                columns[k] = (lanes){0};
            else
                columns[k] = rows->count == 16 ? fine_column(rows, 16, column)
                                               : fine_column(rows, rows->count, column);
            sum = lanes_add_scaled(sum, transposed_weight(i, n, k), columns[k]);
        }
        lanes_store(to, sum);
    }
}
