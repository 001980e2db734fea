/* GroupNorm's per-channel line and the sums of a row. */
#ifndef PRUNET_KERNELS_CPU_PLANAR_STATISTICS_H
#define PRUNET_KERNELS_CPU_PLANAR_STATISTICS_H

#include "kernels/cpu/planar/lanes.h"
#include "kernels/cpu/planar/partials.h"
#include "kernels/reference/reference.h"

/* a = factor (x - mean) + beta before LeakyReLU, factor = gamma scale; xhat = scale (x - mean). [channels] */
struct norm_lines {
    float *mean, *factor, *beta, *scale;
};

static inline void norm_lines_fill(struct shape shape, int groups, const double *channel_sums,
                                   const float *gamma, const float *beta, struct norm_lines *lines)
{
    int size = shape.channels / groups;
    for (int c = 0; c < shape.channels; c++) {
        struct group_statistics group =
            reference_group_statistics(size, shape_voxels(shape), channel_sums + 2 * (c / size * size));
        lines->mean[c] = (float)group.mean;
        lines->factor[c] = (float)(gamma[c] * group.scale);
        lines->beta[c] = beta[c];
        lines->scale[c] = (float)group.scale;
    }
}

/* The group's share of GroupNorm's gradient, - scale (mean(gamma dz) + xhat mean(gamma dz xhat)), as a line
 * in x. Of `sums`, 2 c is the sum of dz and 2 c + 1 that of dz xhat. */
static inline void group_lines_fill(struct shape shape, int groups, const float *gamma,
                                    const struct norm_lines *lines, const struct partials *sums,
                                    float *line_factor, float *line_offset)
{
    int size = shape.channels / groups;
    double n = (double)size * (double)shape_voxels(shape);
    for (int first = 0; first < shape.channels; first += size) {
        double mean = 0, mean_xhat = 0;
        for (int c = first; c < first + size; c++) {
            mean += gamma[c] * partials_total(sums, 2 * (size_t)c) / n;
            mean_xhat += gamma[c] * partials_total(sums, 2 * (size_t)c + 1) / n;
        }
        for (int c = first; c < first + size; c++) {
            double scale = lines->scale[c];
            line_factor[c] = (float)(-scale * scale * mean_xhat);
            line_offset[c] = (float)(-scale * mean);
        }
    }
}

/* dgamma, dbeta += */
static inline void norm_gradients_add(int channels, const struct partials *sums, float *dgamma, float *dbeta)
{
    for (int c = 0; c < channels; c++) {
        dbeta[c] = (float)(dbeta[c] + partials_total(sums, 2 * (size_t)c));
        dgamma[c] = (float)(dgamma[c] + partials_total(sums, 2 * (size_t)c + 1));
    }
}

/* sums[0] += sum of a row, sums[1] += sum of its squares */
static inline void add_sums(const float *row, size_t width, double sums[2])
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

/* sums[0] += sum of dz, sums[1] += sum of dz xhat over a row */
static inline void add_gradient_sums(const float *dz, const float *x, float mean, float scale, size_t width,
                                     double sums[2])
{
    lanes sum = {0}, products = {0};
    size_t v = 0;
    for (; v + LANES <= width; v += LANES) {
        lanes d = lanes_load(dz + v);
        sum += d;
        products += d * (scale * (lanes_load(x + v) - mean));
    }
    if (v < width) {
        lanes d = lanes_load_first(dz + v, width - v);
        sum += d;
        products += d * (scale * (lanes_load_first(x + v, width - v) - mean));
    }
    sums[0] += lanes_total(sum);
    sums[1] += lanes_total(products);
}

#endif
