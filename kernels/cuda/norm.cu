/* GroupNorm and LeakyReLU over sheets: channel_sums, forward, backward. See kernels/norm.h for the formulas. */
#include "kernels/cuda/device.h"
#include "kernels/cuda/rows.h"
#include "kernels/norm.h"

/* --- channel_sums --- */

/* Block sums, and the totals of every channel behind them. */
size_t partials_bytes(size_t voxels, int channels)
{
    return (partial_doubles(rows_of(voxels, channels), 2) + (size_t)padded(channels) * 2) * sizeof(double);
}

__global__ void sums_of(struct rows r, const float *x, double *partials)
{
    GPU_SHARED(double, shared);
    struct place p = place_in(r);
    double sums[4][2] = {};
    for (size_t v = p.first; v < r.voxels; v += p.step) {
        float4 value = load4(x + v * (size_t)r.padded + p.channel);
        const float values[4] = {value.x, value.y, value.z, value.w};
        for (int c = 0; c < 4; c++) {
            sums[c][0] += (double)values[c];
            sums[c][1] += (double)values[c] * (double)values[c];
        }
    }
    store_partials<2, double>(r, sums, shared, partials);
}

void gpu_channel_sums(size_t voxels, int channels, const float *x, double *channel_sums, double *partials)
{
    struct rows r = rows_of(voxels, channels);
    GPU_LAUNCH(sums_of, rows_grid(r), rows_block(r), partial_shared(r, 2, sizeof(double)), r, x, partials);
    gpu_sum_partials(r.width, r.padded * 2, channels * 2, partials, channel_sums);
}

/* --- forward --- */

/* one thread a channel; groups are small */
__global__ void norm_channels(size_t voxels, int channels, int in_group, const double *channel_sums,
                              const float *gamma, const float *beta, struct norm_channel *norm)
{
    int c = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= padded(channels))
        return;
    struct norm_channel result = {0, 0, 0, 0};
    if (c < channels) {
        int first = c / in_group * in_group;
        double sum = 0, squares = 0, n = (double)voxels * in_group;
        for (int other = first; other < first + in_group; other++) {
            sum += channel_sums[2 * other];
            squares += channel_sums[2 * other + 1];
        }
        double mean = sum / n, variance = squares / n - mean * mean;
        result.mean = (float)mean;
        result.scale = (float)(1 / sqrt((variance > 0 ? variance : 0) + NORM_EPSILON));
        result.gamma = gamma[c];
        result.beta = beta[c];
    }
    norm[c] = result;
}

void gpu_norm_channels(size_t voxels, int channels, int groups, const double *channel_sums,
                       const float *gamma, const float *beta, struct norm_channel *norm)
{
    GPU_LAUNCH(norm_channels, dim3((unsigned)(padded(channels) + 63) / 64), dim3(64), 0, voxels, channels,
               channels / groups, channel_sums, gamma, beta, norm);
}

__device__ static inline float normalized(float x, const struct norm_channel &n)
{
    return (x - n.mean) * n.scale;
}

__device__ static inline float activated(float x, const struct norm_channel &n)
{
    float a = normalized(x, n) * n.gamma + n.beta;
    return a > 0 ? a : LEAKY_SLOPE * a;
}

template <class OUT>
__global__ void normalize(struct rows r, const struct norm_channel *norm, const float *x, OUT *a)
{
    struct place p = place_in(r);
    if (!p.inside)
        return;
    const struct norm_channel n[4] = {norm[p.channel], norm[p.channel + 1], norm[p.channel + 2],
                                      norm[p.channel + 3]};
    for (size_t v = p.first; v < r.voxels; v += p.step) {
        size_t at = v * (size_t)r.padded + (size_t)p.channel;
        float4 value = load4(x + at);
        store4(a + at, make_float4(activated(value.x, n[0]), activated(value.y, n[1]),
                                   activated(value.z, n[2]), activated(value.w, n[3])));
    }
}

void gpu_normalize(size_t voxels, int channels, const struct norm_channel *norm, const float *x, void *a,
                   bool bf16)
{
    struct rows r = rows_of(voxels, channels);
    if (bf16)
        GPU_LAUNCH(normalize<uint16_t>, rows_grid(r), rows_block(r), 0, r, norm, x,
                   static_cast<uint16_t *>(a));
    else
        GPU_LAUNCH(normalize<float>, rows_grid(r), rows_block(r), 0, r, norm, x, static_cast<float *>(a));
}

/* --- backward ---
 *
 *     dbeta = sum dz,  dgamma = sum dz xhat,  where dz = da LeakyReLU'(a)
 *     dx = scale (gamma dz - sum_g(gamma dz) / N - xhat sum_g(gamma dz xhat) / N)
 *
 * with N numbers in a group g. */

__device__ static inline float before_activation(float x, float da, const struct norm_channel &n)
{
    return normalized(x, n) * n.gamma + n.beta > 0 ? da : LEAKY_SLOPE * da;
}

template <class GRADIENT>
__global__ void norm_sums(struct rows r, const struct norm_channel *norm, const float *x, const GRADIENT *da,
                          double *partials)
{
    GPU_SHARED(double, shared);
    struct place p = place_in(r);
    double sums[4][2] = {};
    struct norm_channel n[4] = {};
    for (int c = 0; c < 4 && p.inside; c++)
        n[c] = norm[p.channel + c];
    for (size_t v = p.first; v < r.voxels; v += p.step) {
        size_t at = v * (size_t)r.padded + (size_t)p.channel;
        float4 value = load4(x + at), gradient = load4(da + at);
        const float values[4] = {value.x, value.y, value.z, value.w};
        const float gradients[4] = {gradient.x, gradient.y, gradient.z, gradient.w};
        for (int c = 0; c < 4; c++) {
            float dz = before_activation(values[c], gradients[c], n[c]);
            sums[c][0] += (double)dz;
            sums[c][1] += (double)dz * (double)normalized(values[c], n[c]);
        }
    }
    store_partials<2, double>(r, sums, shared, partials);
}

/* one thread a channel */
__global__ void norm_corrections(size_t voxels, int channels, int in_group, const struct norm_channel *norm,
                                 const double *totals, float *dgamma, float *dbeta,
                                 struct norm_correction *correction)
{
    int c = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (c >= padded(channels))
        return;
    struct norm_correction result = {0, 0};
    if (c < channels) {
        int first = c / in_group * in_group;
        double constant = 0, slope = 0, n = (double)voxels * in_group;
        for (int other = first; other < first + in_group; other++) {
            constant += (double)norm[other].gamma * totals[2 * other];
            slope += (double)norm[other].gamma * totals[2 * other + 1];
        }
        result.constant = (float)(constant / n);
        result.slope = (float)(slope / n);
        dbeta[c] = (float)((double)dbeta[c] + totals[2 * c]);
        dgamma[c] = (float)((double)dgamma[c] + totals[2 * c + 1]);
    }
    correction[c] = result;
}

void gpu_norm_sums_from_partials(size_t voxels, int channels, int groups, const struct norm_channel *norm,
                                 unsigned blocks, double *partials, float *dgamma, float *dbeta,
                                 struct norm_correction *correction)
{
    int stride = padded(channels) * 2;
    double *totals = partials + (size_t)blocks * (size_t)stride;
    gpu_sum_partials(blocks, stride, channels * 2, partials, totals);
    GPU_LAUNCH(norm_corrections, dim3((unsigned)(padded(channels) + 63) / 64), dim3(64), 0, voxels, channels,
               channels / groups, norm, totals, dgamma, dbeta, correction);
}

void gpu_norm_sums(size_t voxels, int channels, int groups, const struct norm_channel *norm, const float *x,
                   const void *da, bool bf16, float *dgamma, float *dbeta, struct norm_correction *correction,
                   double *partials)
{
    struct rows r = rows_of(voxels, channels);
    size_t shared = partial_shared(r, 2, sizeof(double));
    if (bf16)
        GPU_LAUNCH(norm_sums<uint16_t>, rows_grid(r), rows_block(r), shared, r, norm, x,
                   static_cast<const uint16_t *>(da), partials);
    else
        GPU_LAUNCH(norm_sums<float>, rows_grid(r), rows_block(r), shared, r, norm, x,
                   static_cast<const float *>(da), partials);
    gpu_norm_sums_from_partials(voxels, channels, groups, norm, r.width, partials, dgamma, dbeta, correction);
}

/* scale (gamma dz - constant - slope xhat), for one number */
__device__ static inline float norm_gradient_of(float x, float da, const struct norm_channel &n,
                                                const struct norm_correction &k)
{
    return n.scale * (n.gamma * before_activation(x, da, n) - k.constant - k.slope * normalized(x, n));
}

template <class GRADIENT>
__global__ void norm_gradient(struct rows r, const struct norm_channel *norm,
                              const struct norm_correction *correction, const float *x, const GRADIENT *da,
                              float *dx, bool add)
{
    struct place p = place_in(r);
    if (!p.inside)
        return;
    struct norm_channel n[4];
    struct norm_correction k[4];
    for (int c = 0; c < 4; c++)
        n[c] = norm[p.channel + c], k[c] = correction[p.channel + c];
    for (size_t v = p.first; v < r.voxels; v += p.step) {
        size_t at = v * (size_t)r.padded + (size_t)p.channel;
        float4 value = load4(x + at), gradient = load4(da + at);
        float4 old = add ? load4(dx + at) : make_float4(0, 0, 0, 0);
        store4(dx + at, make_float4(old.x + norm_gradient_of(value.x, gradient.x, n[0], k[0]),
                                    old.y + norm_gradient_of(value.y, gradient.y, n[1], k[1]),
                                    old.z + norm_gradient_of(value.z, gradient.z, n[2], k[2]),
                                    old.w + norm_gradient_of(value.w, gradient.w, n[3], k[3])));
    }
}

void gpu_norm_gradient(size_t voxels, int channels, const struct norm_channel *norm,
                       const struct norm_correction *correction, const float *x, const void *da, bool bf16,
                       float *dx, bool add)
{
    struct rows r = rows_of(voxels, channels);
    if (bf16)
        GPU_LAUNCH(norm_gradient<uint16_t>, rows_grid(r), rows_block(r), 0, r, norm, correction, x,
                   static_cast<const uint16_t *>(da), dx, add);
    else
        GPU_LAUNCH(norm_gradient<float>, rows_grid(r), rows_block(r), 0, r, norm, correction, x,
                   static_cast<const float *>(da), dx, add);
}

/* dx -= scale (constant + slope xhat) */
__global__ void norm_correct(struct rows r, const struct norm_channel *norm,
                             const struct norm_correction *correction, const float *x, float *dx)
{
    struct place p = place_in(r);
    if (!p.inside)
        return;
    float constant[4], slope[4], mean[4];
    for (int c = 0; c < 4; c++) {
        struct norm_channel n = norm[p.channel + c];
        constant[c] = n.scale * correction[p.channel + c].constant;
        slope[c] = n.scale * n.scale * correction[p.channel + c].slope;
        mean[c] = n.mean;
    }
    for (size_t v = p.first; v < r.voxels; v += p.step) {
        size_t at = v * (size_t)r.padded + (size_t)p.channel;
        float4 value = load4(x + at), old = load4(dx + at);
        store4(dx + at, make_float4(old.x - constant[0] - slope[0] * (value.x - mean[0]),
                                    old.y - constant[1] - slope[1] * (value.y - mean[1]),
                                    old.z - constant[2] - slope[2] * (value.z - mean[2]),
                                    old.w - constant[3] - slope[3] * (value.w - mean[3])));
    }
}

void gpu_norm_correct(size_t voxels, int channels, const struct norm_channel *norm,
                      const struct norm_correction *correction, const float *x, float *dx)
{
    struct rows r = rows_of(voxels, channels);
    GPU_LAUNCH(norm_correct, rows_grid(r), rows_block(r), 0, r, norm, correction, x, dx);
}
