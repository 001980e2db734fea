/* Between two levels, by the definitions of kernels/resample.h: pooling, trilinear doubling, and down and up
 * composed of them and conv1.c.
 *
 * Scratch: `down` two coarse tensors of the fine level's channels (pooled values and their gradient), `up`
 * one (what the convolution yields, or its gradient). */
#include "kernels/reference/conv1.h"
#include "kernels/reference/reference.h"

/* --- pooling --- */

/* Offset of the first maximum, in z, y, x order, of the cell whose first voxel is `cell`. */
static size_t first_maximum(struct shape fine, const float *cell)
{
    size_t best = 0;
    for (int k = 1; k < 8; k++) {
        size_t at = shape_row(fine, 0, k >> 2, k >> 1 & 1) + (size_t)(k & 1);
        if (cell[at] > cell[best])
            best = at;
    }
    return best;
}

void reference_pool_forward(struct shape fine, const float *x, float *y)
{
    struct shape coarse = shape_coarser(fine);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < shape_channels(fine); c++) {
        float *out = y + shape_row(coarse, c, 0, 0);
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++)
                for (int v = 0; v < coarse.width; v++) {
                    const float *cell = x + shape_row(fine, c, 2 * z, 2 * row) + 2 * (size_t)v;
                    *out++ = cell[first_maximum(fine, cell)];
                }
    }
}

void reference_pool_backward(struct shape fine, const float *x, const float *dy, float *dx)
{
    struct shape coarse = shape_coarser(fine);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < shape_channels(fine); c++) {
        const float *gradient = dy + shape_row(coarse, c, 0, 0);
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++)
                for (int v = 0; v < coarse.width; v++) {
                    size_t cell = shape_row(fine, c, 2 * z, 2 * row) + 2 * (size_t)v;
                    dx[cell + first_maximum(fine, x + cell)] += *gradient++;
                }
    }
}

/* --- trilinear doubling, align_corners = false ---
 *
 * Fine voxel f lies at (f + 1/2) / 2 - 1/2 on the coarse axis: between f / 2 (weight 3/4) and its neighbour
 * on the side of f (1/4), clamped to the axis. */

struct tap {
    int at[2];
    double weight[2];
};

static struct tap tap_of(int fine, int coarse_size)
{
    int near = fine / 2, far = fine % 2 ? near + 1 : near - 1;
    far = far < 0 ? 0 : far >= coarse_size ? coarse_size - 1 : far;
    return (struct tap){{near, far}, {0.75, 0.25}};
}

/* Index and weight of corner k of the eight coarse voxels around a fine one. */
static size_t corner(struct shape coarse, const struct tap *z, const struct tap *y, const struct tap *x,
                     int k, double *weight)
{
    int kz = k >> 2, ky = k >> 1 & 1, kx = k & 1;
    *weight = z->weight[kz] * y->weight[ky] * x->weight[kx];
    return shape_row(coarse, 0, z->at[kz], y->at[ky]) + (size_t)x->at[kx];
}

void reference_upsample_forward(struct shape coarse, const float *x, float *y)
{
    size_t voxels = shape_voxels(coarse);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < shape_channels(coarse); c++) {
        const float *map = x + (size_t)c * voxels;
        float *out = y + (size_t)c * 8 * voxels;
        for (int z = 0; z < 2 * coarse.depth; z++)
            for (int row = 0; row < 2 * coarse.height; row++)
                for (int v = 0; v < 2 * coarse.width; v++) {
                    struct tap tz = tap_of(z, coarse.depth), ty = tap_of(row, coarse.height),
                               tx = tap_of(v, coarse.width);
                    double sum = 0, weight;
                    for (int k = 0; k < 8; k++) {
                        size_t at = corner(coarse, &tz, &ty, &tx, k, &weight);
                        sum += weight * map[at];
                    }
                    *out = (float)(*out + sum);
                    out++;
                }
    }
}

/* One coarse voxel's share of the fine gradient: of the fine voxels around it, 2 c - 1 .. 2 c + 2 on each
 * axis and only inside, those whose taps name it (twice at a border). */
static double gathered(struct shape coarse, const float *dy, int z, int y, int x)
{
    double sum = 0;
    size_t here = shape_row(coarse, 0, z, y) + (size_t)x;
    for (int fz = z ? 2 * z - 1 : 0; fz <= 2 * z + 2 && fz < 2 * coarse.depth; fz++)
        for (int fy = y ? 2 * y - 1 : 0; fy <= 2 * y + 2 && fy < 2 * coarse.height; fy++)
            for (int fx = x ? 2 * x - 1 : 0; fx <= 2 * x + 2 && fx < 2 * coarse.width; fx++) {
                struct tap tz = tap_of(fz, coarse.depth), ty = tap_of(fy, coarse.height),
                           tx = tap_of(fx, coarse.width);
                double weight, share = 0;
                for (int k = 0; k < 8; k++)
                    if (corner(coarse, &tz, &ty, &tx, k, &weight) == here)
                        share += weight;
                sum += share * dy[shape_row(shape_finer(coarse), 0, fz, fy) + (size_t)fx];
            }
    return sum;
}

void reference_upsample_backward(struct shape coarse, const float *dy, float *dx)
{
    size_t voxels = shape_voxels(coarse);
#pragma omp parallel for collapse(2) schedule(static)
    for (int c = 0; c < shape_channels(coarse); c++)
        for (int z = 0; z < coarse.depth; z++)
            for (int y = 0; y < coarse.height; y++)
                for (int x = 0; x < coarse.width; x++)
                    dx[shape_row(coarse, c, z, y) + (size_t)x] =
                        (float)gathered(coarse, dy + (size_t)c * 8 * voxels, z, y, x);
}

/* --- down and up --- */

static void last_stream_sums(struct shape shape, const float *y, double *channel_sums)
{
    if (channel_sums)
        reference_channel_sums(shape_half(shape), y + shape_row(shape, shape_last_stream(shape), 0, 0),
                               channel_sums, NULL);
}

void reference_down_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                            const float *b, float *y, double *channel_sums, void *scratch)
{
    reference_pool_forward(fine, x, scratch);
    reference_conv1_forward(shape_channels(fine), shape_channels(coarse), shape_voxels(coarse), scratch, w, b,
                            y);
    last_stream_sums(coarse, y, channel_sums);
}

void reference_down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                             const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    float *pooled = scratch, *gradient = pooled + (size_t)shape_channels(fine) * shape_voxels(coarse);
    reference_pool_forward(fine, x, pooled);
    reference_conv1_backward(shape_channels(fine), shape_channels(coarse), shape_voxels(coarse), pooled, w,
                             dy, gradient, dw, db);
    reference_pool_backward(fine, x, gradient, dx);
}

void reference_up_forward(struct shape coarse, struct shape fine, const float *x, const float *w,
                          const float *b, float sign, float *y, double *channel_sums, void *scratch)
{
    float *convolved = scratch;
    size_t n = (size_t)shape_channels(fine) * shape_voxels(coarse);
    reference_conv1_forward(shape_channels(coarse), shape_channels(fine), shape_voxels(coarse), x, w, b,
                            convolved);
    for (size_t i = 0; i < n; i++)
        convolved[i] *= sign; /* exact, so that -1 subtracts what +1 added */
    struct shape conv1_shape = shape_coarser(fine);
    reference_upsample_forward(conv1_shape, convolved, y);
    last_stream_sums(fine, y, channel_sums);
}

void reference_up_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                           const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct shape conv1_shape = shape_coarser(fine);
    reference_upsample_backward(conv1_shape, dy, scratch);
    reference_conv1_backward(shape_channels(coarse), shape_channels(fine), shape_voxels(coarse), x, w,
                             scratch, dx, dw, db);
}
