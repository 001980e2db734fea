/* Filters: from taps to points and back, see filters.h and transforms.h. */
#include "kernels/cpu/blocked/filters.h"
#include "kernels/cpu/blocked/transforms.h"

/* G: rows of (1, p, p^2) / prod over q != p of (p - q). */
static const float matrix2[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
static const float matrix4[6][3] = {
    {64.f / 81, 0, 0},
    {-128.f / 243, -96.f / 243, -72.f / 243},
    {-128.f / 243, 96.f / 243, -72.f / 243},
    {32.f / 243, 48.f / 243, 72.f / 243},
    {32.f / 243, -48.f / 243, 72.f / 243},
    {0, 0, 1},
};
_Static_assert(POINT_A == 0.75f && POINT_B == 1.5f, "G belongs to these points");

INLINE const float (*matrix_of(int m))[3]
{
    return m == 2 ? matrix2 : matrix4;
}

/* to [outer][m + 2][inner] = G from [outer][3][inner] */
INLINE void expand(int m, int outer, int inner, const lanes *from, lanes *to)
{
    const float(*g)[3] = matrix_of(m);
    for (int o = 0; o < outer; o++)
        for (int point = 0; point < m + 2; point++)
            for (int i = 0; i < inner; i++) {
                const lanes *f = from + o * 3 * inner + i;
                to[(o * (m + 2) + point) * inner + i] =
                    g[point][0] * f[0] + g[point][1] * f[inner] + g[point][2] * f[2 * inner];
            }
}

/* to [outer][3][inner] = G^T from [outer][m + 2][inner] */
INLINE void contract(int m, int outer, int inner, const lanes *from, lanes *to)
{
    const float(*g)[3] = matrix_of(m);
    for (int o = 0; o < outer; o++)
        for (int tap = 0; tap < 3; tap++)
            for (int i = 0; i < inner; i++) {
                lanes sum = {0};
                for (int point = 0; point < m + 2; point++)
                    sum += g[point][tap] * from[(o * (m + 2) + point) * inner + i];
                to[(o * 3 + tap) * inner + i] = sum;
            }
}

struct filters blocked_filters_of(struct shape in, struct shape out, const float *w)
{
    size_t row = (size_t)shape_channels(in) * TAPS;
    return (struct filters){.from = in, .to = out, .w = w, .from_stride = TAPS, .to_stride = row};
}

struct filters blocked_filters_transposed(struct shape in, struct shape out, const float *w)
{
    size_t row = (size_t)shape_channels(in) * TAPS;
    return (struct filters){
        .from = out, .to = in, .w = w, .from_stride = row, .to_stride = TAPS, .reversed = 1};
}

/* Where channel k's row begins in a block of filters. */
INLINE size_t filter_row(struct shape from, int k)
{
    return (size_t)(channel_block(from, k) * LANES + channel_lane(from, k)) * LANES;
}

/* The filters from channel k to the channels of one block; u: their place in the first point. */
static void row_points(const struct filters *f, int block, int k, size_t point_floats, float *u)
{
    lanes taps[TAPS] = {0}, x[9 * POINTS_X], y[3 * POINTS_Y * POINTS_X], z[POINTS];
    for (int i = 0; i < block_count(f->to, block); i++) {
        const float *w =
            f->w + (size_t)k * f->from_stride + (size_t)(block_first(f->to, block) + i) * f->to_stride;
        for (int t = 0; t < TAPS; t++)
            taps[t][i] = w[f->reversed ? TAPS - 1 - t : t];
    }
    expand(TILE_X, 9, 1, taps, x);
    expand(TILE_Y, 3, POINTS_X, x, y);
    expand(TILE_Z, 1, POINTS_Y * POINTS_X, y, z);
    for (int point = 0; point < POINTS; point++)
        lanes_store(u + (size_t)point * point_floats, z[point]);
}

void blocked_filters(const struct filters *f, struct range to, int b, float *u)
{
    size_t stride = filter_stride(blocks_of(f->from));
    for (int k = 0; k < shape_channels(f->from); k++)
        row_points(f, to.first + b, k, (size_t)to.count * stride,
                   u + (size_t)b * stride + filter_row(f->from, k));
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

void blocked_filters_gradient(struct shape in, struct shape out, struct range to, const float *du, float *dw)
{
    size_t stride = filter_stride(blocks_of(in));
    for (int b = 0; b < to.count; b++)
        for (int k = 0; k < shape_channels(in); k++) {
            lanes sum[TAPS];
            row_taps(du + (size_t)b * stride + filter_row(in, k), (size_t)to.count * stride, sum);
            for (int i = 0; i < block_count(out, to.first + b); i++) {
                int o = block_first(out, to.first + b) + i;
                float *taps = dw + ((size_t)o * (size_t)shape_channels(in) + (size_t)k) * TAPS;
                for (int t = 0; t < TAPS; t++)
                    taps[t] = (float)(taps[t] + sum[t][i]);
            }
        }
}

void blocked_taps_add(struct shape in, struct shape out, float *du, double *taps)
{
    size_t rows = (size_t)blocks_of(out) * (size_t)blocks_of(in) * LANES;
    for (size_t row = 0; row < rows; row++) {
        lanes_double *to = (lanes_double *)(taps + row * TAPS * LANES);
        lanes sum[TAPS];
        row_taps(du + row * LANES, rows * LANES, sum);
        for (int t = 0; t < TAPS; t++)
            to[t] += lanes_widen(sum[t]);
    }
    memset(du, 0, POINTS * rows * sizeof(lanes));
}

void blocked_taps_store(struct shape in, struct shape out, int slices, size_t slice_doubles,
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
