/* Filters: from taps to points and back, see filters.h and transforms.h. In double, rounded once. */
#include "kernels/cpu/blocked/filters.h"
#include "kernels/cpu/blocked/transforms.h"

/* G: rows of (1, p, p^2) / prod over q != p of (p - q). */
static const double matrix2[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
static const double matrix4[6][3] = {
    {64. / 81, 0, 0},
    {-128. / 243, -96. / 243, -72. / 243},
    {-128. / 243, 96. / 243, -72. / 243},
    {32. / 243, 48. / 243, 72. / 243},
    {32. / 243, -48. / 243, 72. / 243},
    {0, 0, 1},
};
_Static_assert(POINT_A == 0.75f && POINT_B == 1.5f, "G belongs to these points");

INLINE const double (*matrix_of(int m))[3]
{
    return m == 2 ? matrix2 : matrix4;
}

/* to [outer][m + 2][inner] = G from [outer][3][inner] */
INLINE void expand(int m, int outer, int inner, const lanes_double *from, lanes_double *to)
{
    const double(*g)[3] = matrix_of(m);
    for (int o = 0; o < outer; o++)
        for (int point = 0; point < m + 2; point++)
            for (int i = 0; i < inner; i++) {
                const lanes_double *f = from + o * 3 * inner + i;
                to[(o * (m + 2) + point) * inner + i] =
                    g[point][0] * f[0] + g[point][1] * f[inner] + g[point][2] * f[2 * inner];
            }
}

/* to [outer][3][inner] = G^T from [outer][m + 2][inner] */
INLINE void contract(int m, int outer, int inner, const lanes_double *from, lanes_double *to)
{
    const double(*g)[3] = matrix_of(m);
    for (int o = 0; o < outer; o++)
        for (int tap = 0; tap < 3; tap++)
            for (int i = 0; i < inner; i++) {
                lanes_double sum = {0};
                for (int point = 0; point < m + 2; point++)
                    sum += g[point][tap] * from[(o * (m + 2) + point) * inner + i];
                to[(o * 3 + tap) * inner + i] = sum;
            }
}

/* The filters between two stacks: `from` and `to` are the channels that are summed over and produced. Tap t
 * of channel pair (k, n) is w[k * k_stride + n * n_stride + t], or its reverse. */
struct filter_source {
    struct shape from, to;
    const float *w;
    size_t k_stride, n_stride;
    int reversed;
};

static void filter_points(const struct filter_source *s, int block, int k, float *u)
{
    lanes_double taps[TAPS] = {0}, x[9 * POINTS_X], y[3 * POINTS_Y * POINTS_X], z[POINTS];
    for (int i = 0; i < block_count(s->to, block); i++) {
        const float *w =
            s->w + (size_t)k * s->k_stride + (size_t)(block_first(s->to, block) + i) * s->n_stride;
        for (int t = 0; t < TAPS; t++)
            taps[t][i] = w[s->reversed ? TAPS - 1 - t : t];
    }
    expand(TILE_X, 9, 1, taps, x);
    expand(TILE_Y, 3, POINTS_X, x, y);
    expand(TILE_Z, 1, POINTS_Y * POINTS_X, y, z);
    size_t stride = (size_t)blocks_of(s->to) * filter_stride(blocks_of(s->from));
    for (int point = 0; point < POINTS; point++)
        lanes_store(u + (size_t)point * stride, __builtin_convertvector(z[point], lanes));
}

static void filters(const struct filter_source *s, float *u)
{
    int channels = shape_channels(s->from);
#pragma omp parallel for collapse(2) schedule(static)
    for (int block = 0; block < blocks_of(s->to); block++)
        for (int k = 0; k < channels; k++) {
            size_t row = (size_t)channel_block(s->from, k) * LANES + (size_t)channel_lane(s->from, k);
            filter_points(s, block, k, u + (size_t)block * filter_stride(blocks_of(s->from)) + row * LANES);
        }
}

void blocked_filters(struct shape in, struct shape out, const float *w, float *u)
{
    size_t row = (size_t)shape_channels(in) * TAPS;
    filters(&(struct filter_source){.from = in, .to = out, .w = w, .k_stride = TAPS, .n_stride = row}, u);
}

void blocked_filters_transposed(struct shape in, struct shape out, const float *w, float *u)
{
    size_t row = (size_t)shape_channels(in) * TAPS;
    filters(
        &(struct filter_source){
            .from = out, .to = in, .w = w, .k_stride = row, .n_stride = TAPS, .reversed = 1},
        u);
}

void blocked_taps_add(struct shape in, struct shape out, float *du, double *taps)
{
    size_t rows = (size_t)blocks_of(in) * LANES, points = (size_t)blocks_of(out) * rows * LANES;
    for (size_t row = 0; row < (size_t)blocks_of(out) * rows; row++) {
        lanes_double z[POINTS], y[3 * POINTS_Y * POINTS_X], x[9 * POINTS_X], sum[TAPS];
        for (int point = 0; point < POINTS; point++) {
            float *from = du + (size_t)point * points + row * LANES;
            z[point] = lanes_widen(lanes_load(from));
            lanes_store(from, (lanes){0});
        }
        contract(TILE_Z, 1, POINTS_Y * POINTS_X, z, y);
        contract(TILE_Y, 3, POINTS_X, y, x);
        contract(TILE_X, 9, 1, x, sum);
        lanes_double *to = (lanes_double *)(taps + row * TAPS * LANES);
        for (int t = 0; t < TAPS; t++)
            to[t] += sum[t];
    }
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
