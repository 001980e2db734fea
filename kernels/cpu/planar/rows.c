#include "kernels/cpu/planar/rows.h"
#include "kernels/cpu/planar/lanes.h"

/* The four fine rows of a row of cells. */
static void cell_rows(struct shape fine, size_t rows[4])
{
    for (int k = 0; k < 4; k++)
        rows[k] = ((size_t)(k >> 1) * (size_t)fine.height + (size_t)(k & 1)) * (size_t)fine.width;
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

void rows_pool(struct shape fine, const float *x, int width, float *y)
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
static void unpool_lanes(const size_t rows[4], const float *x, lanes largest, lanes dy, float *dx)
{
    lanes_index low, high, taken = {0};
    for (int i = 0; i < LANES; i++) {
        low[i] = i / 2 + i % 2 * LANES;
        high[i] = low[i] + LANES / 2;
    }
    for (int k = 0; k < 4; k++) {
        lanes a = lanes_load(x + rows[k]), b = lanes_load(x + rows[k] + LANES);
        lanes_index first = (lanes_even(a, b) == largest) & ~taken;
        taken |= first;
        lanes_index second = (lanes_odd(a, b) == largest) & ~taken;
        taken |= second;
        lanes even = (lanes)(first & (lanes_index)dy), odd = (lanes)(second & (lanes_index)dy);
        float *to = dx + rows[k];
        lanes_store(to, lanes_load(to) + __builtin_shuffle(even, odd, low));
        lanes_store(to + LANES, lanes_load(to + LANES) + __builtin_shuffle(even, odd, high));
    }
}

static void unpool_cell(const size_t rows[4], const float *x, float largest, float dy, float *dx)
{
    for (int k = 0; k < 8; k++) {
        size_t at = rows[k / 2] + (size_t)(k % 2);
        if (x[at] == largest) {
            dx[at] += dy;
            return;
        }
    }
}

void rows_unpool(struct shape fine, const float *x, int width, const float *y, const float *dy, float *dx)
{
    size_t rows[4];
    cell_rows(fine, rows);
    int v = 0;
    for (; v + LANES <= width; v += LANES)
        unpool_lanes(rows, x + 2 * v, lanes_load(y + v), lanes_load(dy + v), dx + 2 * v);
    for (; v < width; v++)
        unpool_cell(rows, x + 2 * v, y[v], dy[v], dx + 2 * v);
}

/* Coarse voxels handled at a time, with one neighbour at each side. */
enum { CHUNK = 256 };

static int clamped(int i, int size)
{
    return i < 0 ? 0 : i >= size ? size - 1 : i;
}

/* Fine index f lies 3/4 in coarse f / 2 and 1/4 in its neighbour on f's side. */
static int far_of(int f, int size)
{
    return clamped(f % 2 ? f / 2 + 1 : f / 2 - 1, size);
}

static const float *row_of(struct shape s, const float *map, int z, int y)
{
    return map + ((size_t)z * (size_t)s.height + (size_t)y) * (size_t)s.width;
}

static void interleave(int count, const float *restrict t, float *restrict row)
{
    for (int v = 0; v < count; v++) {
        row[2 * v] += 0.25f * t[v] + 0.75f * t[v + 1];
        row[2 * v + 1] += 0.75f * t[v + 1] + 0.25f * t[v + 2];
    }
}

void rows_upsample(struct shape coarse, int z, int y, float sign, const float *map, float *row)
{
    int far_z = far_of(z, coarse.depth), far_y = far_of(y, coarse.height), width = coarse.width;
    const float *a = row_of(coarse, map, z / 2, y / 2), *b = row_of(coarse, map, z / 2, far_y),
                *c = row_of(coarse, map, far_z, y / 2), *d = row_of(coarse, map, far_z, far_y);
    float near = sign * 9 / 16, middle = sign * 3 / 16, far = sign / 16;
    for (int first = 0; first < width; first += CHUNK) {
        float t[CHUNK + 2]; /* the coarse row at (z, y), from first - 1 on */
        int count = width - first < CHUNK ? width - first : CHUNK;
        int begin = clamped(first - 1, width), end = clamped(first + count, width);
        for (int v = begin; v <= end; v++)
            t[v - first + 1] = near * a[v] + middle * (b[v] + c[v]) + far * d[v];
        if (first == 0)
            t[0] = t[1];
        if (first + count == width)
            t[count + 1] = t[count];
        interleave(count, t, row + 2 * first);
    }
}

/* sum of four fine rows z of one fine y with weights 1/4, 3/4, 3/4, 1/4 is what each axis needs */
static const float share[4] = {0.25f, 0.75f, 0.75f, 0.25f};

static void add_scaled(int count, float factor, const float *restrict from, float *restrict t)
{
    for (int v = 0; v < count; v++)
        t[v] += factor * from[v];
}

void rows_downsample(struct shape coarse, int z, int y, const float *map, float *row)
{
    struct shape fine = coarse;
    fine.depth *= 2, fine.height *= 2, fine.width *= 2;
    for (int first = 0; first < coarse.width; first += CHUNK) {
        float t[2 * CHUNK + 2] = {0}; /* fine voxels from 2 first - 1 on */
        int count = coarse.width - first < CHUNK ? coarse.width - first : CHUNK;
        int begin = clamped(2 * first - 1, fine.width), end = clamped(2 * (first + count), fine.width);
        float *at = t + (begin - (2 * first - 1));
        for (int k = 0; k < 16; k++)
            add_scaled(end - begin + 1, share[k / 4] * share[k % 4],
                       row_of(fine, map, clamped(2 * z - 1 + k / 4, fine.depth),
                              clamped(2 * y - 1 + k % 4, fine.height)) +
                           begin,
                       at);
        if (first == 0)
            t[0] = t[1];
        if (first + count == coarse.width)
            t[2 * count + 1] = t[2 * count];
        for (int v = 0; v < count; v++)
            row[first + v] = share[0] * (t[2 * v] + t[2 * v + 3]) + share[1] * (t[2 * v + 1] + t[2 * v + 2]);
    }
}
