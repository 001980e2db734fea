/* GroupNorm's per-channel line and the sums of a row. */
#ifndef PRUNET_KERNELS_CPU_PLANAR_STATISTICS_H
#define PRUNET_KERNELS_CPU_PLANAR_STATISTICS_H

#include "kernels/cpu/planar/lanes.h"
#include "kernels/reference/reference.h"

/* Normalising is a line: a = factor x + offset before LeakyReLU, xhat = scale x + shift. Arrays of
 * [channels]. */
struct norm_lines {
    float *factor, *offset, *scale, *shift;
};

static inline void norm_lines_fill(struct shape shape, int groups, const double *moments, const float *gamma,
                                   const float *beta, struct norm_lines *lines)
{
    int size = shape.channels / groups;
    for (int c = 0; c < shape.channels; c++) {
        struct group_statistics group =
            reference_group_statistics(size, shape_voxels(shape), moments + 2 * (c / size * size));
        lines->scale[c] = (float)group.scale;
        lines->shift[c] = (float)(-group.mean * group.scale);
        lines->factor[c] = (float)(gamma[c] * group.scale);
        lines->offset[c] = (float)(beta[c] - gamma[c] * group.mean * group.scale);
    }
}

/* sums[0] += sum of a row, sums[1] += sum of its squares */
static inline void add_moments(const float *row, size_t width, double sums[2])
{
    lanes sum = {0}, squares = {0};
    size_t v = 0;
    for (; v + LANES <= width; v += LANES) {
        lanes x = lanes_load(row + v);
        sum += x;
        squares += x * x;
    }
    if (v < width) {
        lanes x = lanes_load_first(row + v, width - v);
        sum += x;
        squares += x * x;
    }
    sums[0] += lanes_total(sum);
    sums[1] += lanes_total(squares);
}

/* sums[0] += sum of dz, sums[1] += sum of dz (scale x + shift) over a row */
static inline void add_gradient_sums(const float *dz, const float *x, float scale, float shift, size_t width,
                                     double sums[2])
{
    lanes sum = {0}, products = {0};
    size_t v = 0;
    for (; v + LANES <= width; v += LANES) {
        lanes d = lanes_load(dz + v);
        sum += d;
        products += d * (scale * lanes_load(x + v) + shift);
    }
    if (v < width) {
        lanes d = lanes_load_first(dz + v, width - v);
        sum += d;
        products += d * (scale * lanes_load_first(x + v, width - v) + shift);
    }
    sums[0] += lanes_total(sum);
    sums[1] += lanes_total(products);
}

#endif
