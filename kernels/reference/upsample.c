/* Trilinear doubling, align_corners = false: see resample.h.
 *
 * Fine voxel f lies at (f + 1/2) / 2 - 1/2 on the coarse axis: between f / 2 (weight 3/4) and its neighbour
 * on the side of f (1/4), clamped to the axis. */
#include "kernels/reference/reference.h"

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
    return ((size_t)z->at[kz] * (size_t)coarse.height + (size_t)y->at[ky]) * (size_t)coarse.width +
           (size_t)x->at[kx];
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
    size_t here = ((size_t)z * (size_t)coarse.height + (size_t)y) * (size_t)coarse.width + (size_t)x;
    for (int fz = z ? 2 * z - 1 : 0; fz <= 2 * z + 2 && fz < 2 * coarse.depth; fz++)
        for (int fy = y ? 2 * y - 1 : 0; fy <= 2 * y + 2 && fy < 2 * coarse.height; fy++)
            for (int fx = x ? 2 * x - 1 : 0; fx <= 2 * x + 2 && fx < 2 * coarse.width; fx++) {
                struct tap tz = tap_of(fz, coarse.depth), ty = tap_of(fy, coarse.height),
                           tx = tap_of(fx, coarse.width);
                double weight, share = 0;
                for (int k = 0; k < 8; k++)
                    if (corner(coarse, &tz, &ty, &tx, k, &weight) == here)
                        share += weight;
                size_t at = ((size_t)fz * 2 * (size_t)coarse.height + (size_t)fy) * 2 * (size_t)coarse.width +
                            (size_t)fx;
                sum += share * dy[at];
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
                    dx[(size_t)c * voxels +
                       ((size_t)z * (size_t)coarse.height + (size_t)y) * (size_t)coarse.width + (size_t)x] =
                        (float)gathered(coarse, dy + (size_t)c * 8 * voxels, z, y, x);
}
