/* What is done row by row: addition, pooling cells of 2x2x2 voxels, and trilinear doubling. */

/* Maps: plain ones, or the gradient of a stream. */
struct plain_or_gradient {
    const float *plain;
    const stream_gradient *gradient;
};

/* n values from `at` on: where they lie, or in `row`. */
INLINE const float *row_values(struct plain_or_gradient maps, size_t at, size_t n, float *row)
{
    return maps.gradient ? gradient_values(n, maps.gradient + at, row) : maps.plain + at;
}

/* y += factor x */
INLINE void add_scaled(int n, float factor, const float *restrict x, float *restrict y)
{
    for (int v = 0; v < n; v++)
        y[v] = float_fma(factor, x[v], y[v]);
}

/* --- pooling --- */

/* The four fine rows of a row of cells. */
static void cell_rows(struct shape fine, size_t rows[4])
{
    for (int k = 0; k < 4; k++)
        rows[k] = shape_row(fine, 0, k >> 1, k & 1);
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* y[width] = largest of each cell; x: the cells' first row in a fine volume. */
static void rows_pool(struct shape fine, const float *x, int width, float *y)
{
    size_t at[4];
    cell_rows(fine, at);
    const float *a = x + at[0], *b = x + at[1], *c = x + at[2], *d = x + at[3];
#pragma omp simd
    for (int v = 0; v < width; v++)
        y[v] = larger(larger(larger(a[2 * v], a[2 * v + 1]), larger(b[2 * v], b[2 * v + 1])),
                      larger(larger(c[2 * v], c[2 * v + 1]), larger(d[2 * v], d[2 * v + 1])));
}

/* One vector of cells. */
static void unpool_lanes(const size_t rows[4], const float *x, lanes largest, lanes dy,
                         const size_t to_rows[4], float *dx)
{
    lanes_int found = {0};
    for (int k = 0; k < 4; k++) {
        lanes a = lanes_load_unaligned(x + rows[k]), b = lanes_load_unaligned(x + rows[k] + LANES);
        lanes_int first = (lanes_even(a, b) == largest) & ~found;
        found |= first;
        lanes_int second = (lanes_odd(a, b) == largest) & ~found;
        found |= second;
        lanes even = (lanes)(first & (lanes_int)dy), odd = (lanes)(second & (lanes_int)dy);
        float *to = dx + to_rows[k];
        lanes_store_unaligned(to, lanes_load_unaligned(to) + lanes_interleave_low(even, odd));
        lanes_store_unaligned(to + LANES,
                              lanes_load_unaligned(to + LANES) + lanes_interleave_high(even, odd));
    }
}

static void unpool_cell(const size_t rows[4], const float *x, float largest, float dy,
                        const size_t to_rows[4], float *dx)
{
    for (int k = 0; k < 8; k++) {
        size_t at = rows[k / 2] + (size_t)(k % 2);
        if (x[at] == largest) {
            dx[to_rows[k / 2] + (size_t)(k % 2)] += dy;
            return;
        }
    }
}

/* dx += dy at the first voxel of each cell, in z, y, x order, that is y's. x and dx: the cells' first rows in fine
 * volumes, each of its own size. */
static void rows_unpool(struct shape x_fine, const float *x, int width, const float *y, const float *dy,
                        struct shape dx_fine, float *dx)
{
    size_t rows[4], to_rows[4];
    cell_rows(x_fine, rows);
    cell_rows(dx_fine, to_rows);
    int v = 0;
    for (; v + LANES <= width; v += LANES)
        unpool_lanes(rows, x + 2 * v, lanes_load_unaligned(y + v), lanes_load_unaligned(dy + v), to_rows,
                     dx + 2 * v);
    for (; v < width; v++)
        unpool_cell(rows, x + 2 * v, y[v], dy[v], to_rows, dx + 2 * v);
}

/* --- doubling --- */

/* Coarse voxels handled at a time, with one neighbour at each side. */
enum { ROW_CHUNK = 256 };

/* The voxel at i of an axis of `size` voxels, or the nearest one. */
static int clamped(int i, int size)
{
    return i < 0 ? 0 : i >= size ? size - 1 : i;
}

/* Fine index f lies 3/4 in coarse f / 2 and 1/4 in its neighbour on f's side. */
static int far_of(int f, int size)
{
    return clamped(f % 2 ? f / 2 + 1 : f / 2 - 1, size);
}

static void interleave(int count, const float *restrict t, float *restrict row)
{
    for (int v = 0; v < count; v++) {
        row[2 * v] += float_fma(0.25f, t[v], 0.75f * t[v + 1]);
        row[2 * v + 1] += float_fma(0.25f, t[v + 2], 0.75f * t[v + 1]);
    }
}

/* Fine row (z, y) += sign * its trilinear value in one coarse map. */
static void rows_upsample(struct shape coarse, int z, int y, float sign, const float *map, float *row)
{
    int far_z = far_of(z, coarse.depth), far_y = far_of(y, coarse.height), width = coarse.width;
    const float *a = map + shape_row(coarse, 0, z / 2, y / 2), *b = map + shape_row(coarse, 0, z / 2, far_y),
                *c = map + shape_row(coarse, 0, far_z, y / 2), *d = map + shape_row(coarse, 0, far_z, far_y);
    float near = sign * 9 / 16, middle = sign * 3 / 16, far = sign / 16;
    for (int first = 0; first < width; first += ROW_CHUNK) {
        float t[ROW_CHUNK + 2]; /* the coarse row at (z, y), from first - 1 on */
        int count = int_min(ROW_CHUNK, width - first);
        int begin = clamped(first - 1, width), end = clamped(first + count, width);
        for (int v = begin; v <= end; v++)
            t[v - first + 1] = float_fma(far, d[v], float_fma(middle, b[v] + c[v], near * a[v]));
        if (first == 0)
            t[0] = t[1];
        if (first + count == width)
            t[count + 1] = t[count];
        interleave(count, t, row + 2 * first);
    }
}

/* Along each axis a coarse voxel gathers four fine ones with these weights. */
static const float share[4] = {0.25f, 0.75f, 0.75f, 0.25f};

/* Coarse row (z, y) = what rows_upsample's transpose makes of the fine map that begins at `map`. */
static void rows_downsample(struct shape coarse, int z, int y, struct plain_or_gradient fine_maps, size_t map,
                            float *row)
{
    struct shape fine = shape_finer(coarse);
    for (int first = 0; first < coarse.width; first += ROW_CHUNK) {
        float t[2 * ROW_CHUNK + 2] = {0}; /* fine voxels from 2 first - 1 on */
        int count = int_min(ROW_CHUNK, coarse.width - first);
        int begin = clamped(2 * first - 1, fine.width), end = clamped(2 * (first + count), fine.width);
        float *at = t + (begin - (2 * first - 1));
        for (int k = 0; k < 16; k++) {
            float values[2 * ROW_CHUNK + 2];
            size_t from = map + (size_t)begin +
                          shape_row(fine, 0, clamped(2 * z - 1 + k / 4, fine.depth),
                                    clamped(2 * y - 1 + k % 4, fine.height));
            int n = end - begin + 1;
            add_scaled(n, share[k / 4] * share[k % 4], row_values(fine_maps, from, (size_t)n, values), at);
        }
        if (first == 0)
            t[0] = t[1];
        if (first + count == coarse.width)
            t[2 * count + 1] = t[2 * count];
        for (int v = 0; v < count; v++)
            row[first + v] =
                float_fma(share[1], t[2 * v + 1] + t[2 * v + 2], share[0] * (t[2 * v] + t[2 * v + 3]));
    }
}
