/* GroupNorm and LeakyReLU by their definition: see norm.h.
 *
 * Backward, with dz = dy (a > 0 ? 1 : slope) and means over the group's channels and voxels:
 *     dgamma += sum dz xhat,  dbeta += sum dz
 *     dx = scale (gamma dz - mean(gamma dz) - xhat mean(gamma dz xhat)) */
#include "kernels/reference/norm.h"
#include "kernels/reference/reference.h"
#include <math.h>

struct group_statistics reference_group_statistics(int channels, size_t voxels, const double *channel_sums)
{
    double sum = 0, squares = 0, n = (double)channels * (double)voxels;
    for (int c = 0; c < channels; c++) {
        sum += channel_sums[2 * c];
        squares += channel_sums[2 * c + 1];
    }
    double mean = sum / n, variance = squares / n - mean * mean;
    return (struct group_statistics){mean, 1 / sqrt((variance > 0 ? variance : 0) + NORM_EPSILON)};
}

void reference_channel_sums(struct shape shape, const float *x, double *channel_sums, void *scratch)
{
    (void)scratch;
    size_t voxels = shape_voxels(shape);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < shape_channels(shape); c++) {
        double sum = 0, squares = 0;
        for (size_t v = 0; v < voxels; v++) {
            double value = x[(size_t)c * voxels + v];
            sum += value;
            squares += value * value;
        }
        channel_sums[2 * c] = sum;
        channel_sums[2 * c + 1] = squares;
    }
}

void reference_norm_forward(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                            const float *beta, const float *x, float *y, void *scratch)
{
    (void)scratch;
    size_t voxels = shape_voxels(shape);
    int size = shape_channels(shape) / groups;
#pragma omp parallel for schedule(static)
    for (int c = 0; c < size * groups; c++) {
        struct group_statistics group =
            reference_group_statistics(size, voxels, channel_sums + 2 * (c / size * size));
        for (size_t v = (size_t)c * voxels; v < (size_t)(c + 1) * voxels; v++) {
            double a = gamma[c] * (x[v] - group.mean) * group.scale + beta[c];
            y[v] = (float)(a > 0 ? a : (double)LEAKY_SLOPE * a);
        }
    }
}

/* What the backward of one channel needs at each voxel. */
struct channel {
    struct group_statistics group;
    double gamma, beta;
};

static double normalised(const struct channel *c, float x)
{
    return (x - c->group.mean) * c->group.scale;
}

static double through_relu(const struct channel *c, double xhat, float dy)
{
    return c->gamma * xhat + c->beta > 0 ? dy : (double)LEAKY_SLOPE * dy;
}

static void group_backward(size_t voxels, int first, int size, const double *channel_sums, const float *gamma,
                           const float *beta, const float *x, const float *dy, float *dx, float *dgamma,
                           float *dbeta)
{
    struct group_statistics group = reference_group_statistics(size, voxels, channel_sums + 2 * first);
    double mean = 0, mean_xhat = 0, n = (double)size * (double)voxels;
    for (int c = first; c < first + size; c++) {
        struct channel channel = {group, gamma[c], beta[c]};
        double sum = 0, sum_xhat = 0;
        for (size_t v = (size_t)c * voxels; v < (size_t)(c + 1) * voxels; v++) {
            double xhat = normalised(&channel, x[v]), dz = through_relu(&channel, xhat, dy[v]);
            sum += dz;
            sum_xhat += dz * xhat;
        }
        dgamma[c] = (float)(dgamma[c] + sum_xhat);
        dbeta[c] = (float)(dbeta[c] + sum);
        mean += gamma[c] * sum / n;
        mean_xhat += gamma[c] * sum_xhat / n;
    }
    for (int c = first; c < first + size; c++) {
        struct channel channel = {group, gamma[c], beta[c]};
        for (size_t v = (size_t)c * voxels; v < (size_t)(c + 1) * voxels; v++) {
            double xhat = normalised(&channel, x[v]), dz = through_relu(&channel, xhat, dy[v]);
            dx[v] = (float)(group.scale * (gamma[c] * dz - mean - xhat * mean_xhat));
        }
    }
}

void reference_norm_backward(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                             const float *beta, const float *x, const float *dy, float *dx, float *dgamma,
                             float *dbeta, void *scratch)
{
    (void)scratch;
    int size = shape_channels(shape) / groups;
#pragma omp parallel for schedule(static)
    for (int g = 0; g < groups; g++)
        group_backward(shape_voxels(shape), g * size, size, channel_sums, gamma, beta, x, dy, dx, dgamma,
                       dbeta);
}
