/* GroupNorm and LeakyReLU over matrices: channel sums, forward, backward. See kernels/norm.h for the
 * formulas. */
#include "kernels/cuda/layout.h"
#include "kernels/cuda/norm.h"
#include "kernels/cuda/operations.h"
#include "kernels/cuda/streams.h"
#include "kernels/cuda/sums.h"

/* --- channel sums --- */

template <class STREAM>
__global__ void norm_channel_sums_kernel(struct rows r, int channels, const STREAM *x, double *partials,
                                         double *totals, double *channel_sums)
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
    if (sums_last_block<2>(r, shared, partials, totals))
        sums_copy(2 * channels, totals, channel_sums);
}

template <class STREAM>
static void sum_channels(struct shape shape, const STREAM *x, double *channel_sums, double *partials)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    GPU_LAUNCH(norm_channel_sums_kernel<STREAM>, rows_grid(r), rows_block(r),
               partial_shared(r, 2, sizeof(double)), r, shape.channels, x, partials,
               sums_totals(r, 2, partials), channel_sums);
}

void norm_channel_sums(struct shape shape, const float *x, double *channel_sums, double *partials)
{
    if (streams_are_int16())
        sum_channels(shape, stored<int16_t>(x), channel_sums, partials);
    else
        sum_channels(shape, x, channel_sums, partials);
}

/* --- forward --- */

/* one thread a channel; groups are small */
__global__ void norm_prepare_kernel(size_t voxels, int channels, int in_group, const double *channel_sums,
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

void norm_prepare(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                  const float *beta, struct norm_channel *norm)
{
    GPU_LAUNCH(norm_prepare_kernel, dim3((unsigned)(padded(shape.channels) + 63) / 64), dim3(64), 0,
               shape_voxels(shape), shape.channels, shape.channels / groups, channel_sums, gamma, beta, norm);
}

template <class IN, class OUT>
__global__ void norm_apply_kernel(struct rows r, const struct norm_channel *norm, const IN *x, OUT *a)
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

template <class IN, class OUT>
static void apply(struct shape shape, const struct norm_channel *norm, const float *x, void *a)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    GPU_LAUNCH((norm_apply_kernel<IN, OUT>), rows_grid(r), rows_block(r), 0, r, norm, stored<IN>(x),
               static_cast<OUT *>(a));
}

void norm_apply(struct shape shape, const struct norm_channel *norm, const float *x, void *a, bool bf16)
{
    (!bf16                 ? apply<float, float>
     : streams_are_int16() ? apply<int16_t, uint16_t>
                           : apply<float, uint16_t>)(shape, norm, x, a);
}

/* --- backward ---
 *
 *     dbeta = sum dz,  dgamma = sum dz xhat,  where dz = da LeakyReLU'(a)
 *     dx = scale (gamma dz - sum_g(gamma dz) / N - xhat sum_g(gamma dz xhat) / N)
 *
 * with N numbers in a group g. */

/* What is left to do with the totals, [padded(channels)][2]; one thread a channel. */
struct norm_finish {
    size_t voxels;
    int channels, in_group;
    const struct norm_channel *norm;
    float *dgamma, *dbeta;
    struct norm_correction *corrections;

    __device__ void operator()(int c, const double *totals) const
    {
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
        corrections[c] = result;
    }
};

static struct norm_finish finish_of(struct shape shape, int groups, const struct norm_channel *norm,
                                    float *dgamma, float *dbeta, struct norm_correction *corrections)
{
    struct norm_finish f = {shape_voxels(shape), shape.channels, shape.channels / groups, norm, dgamma, dbeta,
                            corrections};
    return f;
}

__global__ void norm_corrections_kernel(struct norm_finish finish, const double *totals)
{
    int c = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (c < padded(finish.channels))
        finish(c, totals);
}

template <class IN, class GRADIENT>
__global__ void norm_backward_sums_kernel(struct rows r, struct norm_finish finish, const IN *x,
                                          const GRADIENT *da, double *partials, double *totals)
{
    GPU_SHARED(double, shared);
    struct place p = place_in(r);
    double sums[4][2] = {};
    struct norm_channel n[4] = {};
    for (int c = 0; c < 4 && p.inside; c++)
        n[c] = finish.norm[p.channel + c];
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
    if (sums_last_block<2>(r, shared, partials, totals))
        for (int c = (int)threadIdx.x; c < r.padded; c += (int)blockDim.x)
            finish(c, totals);
}

void norm_reduce_sums(struct shape shape, int groups, const struct norm_channel *norm, unsigned blocks,
                      double *partials, float *dgamma, float *dbeta, struct norm_correction *corrections)
{
    int stride = padded(shape.channels) * 2;
    double *totals = partials + (size_t)blocks * (size_t)stride;
    sums_reduce(blocks, stride, shape.channels * 2, partials, totals);
    GPU_LAUNCH(norm_corrections_kernel, dim3((unsigned)(padded(shape.channels) + 63) / 64), dim3(64), 0,
               finish_of(shape, groups, norm, dgamma, dbeta, corrections), totals);
}

template <class IN, class GRADIENT>
static void sum_backward(struct shape shape, const struct norm_finish &finish, const float *x, const void *da,
                         double *partials)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    GPU_LAUNCH((norm_backward_sums_kernel<IN, GRADIENT>), rows_grid(r), rows_block(r),
               partial_shared(r, 2, sizeof(double)), r, finish, stored<IN>(x),
               static_cast<const GRADIENT *>(da), partials, sums_totals(r, 2, partials));
}

void norm_backward_sums(struct shape shape, int groups, const struct norm_channel *norm, const float *x,
                        const void *da, bool bf16, float *dgamma, float *dbeta,
                        struct norm_correction *corrections, double *partials)
{
    struct norm_finish finish = finish_of(shape, groups, norm, dgamma, dbeta, corrections);
    (!bf16                 ? sum_backward<float, float>
     : streams_are_int16() ? sum_backward<int16_t, uint16_t>
                           : sum_backward<float, uint16_t>)(shape, finish, x, da, partials);
}

/* scale (gamma dz - constant - slope xhat), for one number */
__device__ static inline float norm_gradient_of(float x, float da, const struct norm_channel &n,
                                                const struct norm_correction &k)
{
    return n.scale * (n.gamma * before_activation(x, da, n) - k.constant - k.slope * normalized(x, n));
}

template <class IN, class GRADIENT, class OUT>
__global__ void norm_gradient_kernel(struct rows r, const struct norm_channel *norm,
                                     const struct norm_correction *corrections, const IN *x,
                                     const GRADIENT *da, OUT *dx, bool add)
{
    struct place p = place_in(r);
    if (!p.inside)
        return;
    struct norm_channel n[4];
    struct norm_correction k[4];
    for (int c = 0; c < 4; c++)
        n[c] = norm[p.channel + c], k[c] = corrections[p.channel + c];
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

template <class IN, class GRADIENT, class OUT>
static void gradient(struct shape shape, const struct norm_channel *norm,
                     const struct norm_correction *corrections, const float *x, const void *da, float *dx,
                     bool add)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    GPU_LAUNCH((norm_gradient_kernel<IN, GRADIENT, OUT>), rows_grid(r), rows_block(r), 0, r, norm,
               corrections, stored<IN>(x), static_cast<const GRADIENT *>(da), stored<OUT>(dx), add);
}

void norm_gradient(struct shape shape, const struct norm_channel *norm,
                   const struct norm_correction *corrections, const float *x, const void *da, bool bf16,
                   float *dx, bool add)
{
    (!bf16                 ? gradient<float, float, float>
     : streams_are_int16() ? gradient<int16_t, uint16_t, uint16_t>
                           : gradient<float, uint16_t, float>)(shape, norm, corrections, x, da, dx, add);
}

/* dx -= scale (constant + slope xhat) */
template <class F>
__global__ void norm_correct_kernel(struct rows r, const struct norm_channel *norm,
                                    const struct norm_correction *corrections, const typename F::stream *x,
                                    typename F::gradient *dx)
{
    struct place p = place_in(r);
    if (!p.inside)
        return;
    float constant[4], slope[4], mean[4];
    for (int c = 0; c < 4; c++) {
        struct norm_channel n = norm[p.channel + c];
        constant[c] = n.scale * corrections[p.channel + c].constant;
        slope[c] = n.scale * n.scale * corrections[p.channel + c].slope;
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

template <class F>
static void correct(struct shape shape, const struct norm_channel *norm,
                    const struct norm_correction *corrections, const float *x, float *dx)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    GPU_LAUNCH(norm_correct_kernel<F>, rows_grid(r), rows_block(r), 0, r, norm, corrections,
               stored<typename F::stream>(x), stored<typename F::gradient>(dx));
}

void norm_correct(struct shape shape, const struct norm_channel *norm,
                  const struct norm_correction *corrections, const float *x, float *dx)
{
    (streams_are_int16() ? correct<int16_format> : correct<float_format>)(shape, norm, corrections, x, dx);
}

/* --- the table's functions --- */

struct norm_scratch norm_take(struct scratch *scratch, int channels)
{
    struct norm_scratch s;
    s.channels = static_cast<struct norm_channel *>(
        scratch_take(scratch, (size_t)padded(channels) * sizeof *s.channels));
    s.corrections = static_cast<struct norm_correction *>(
        scratch_take(scratch, (size_t)padded(channels) * sizeof *s.corrections));
    return s;
}

static double *take_partials(struct scratch *scratch, struct shape shape)
{
    return static_cast<double *>(
        scratch_take(scratch, sums_partials_bytes(shape_voxels(shape), shape.channels)));
}

size_t norm_scratch_bytes(enum precision, struct shape shape, struct shape)
{
    struct scratch s = scratch_begin(NULL);
    take_partials(&s, shape);
    norm_take(&s, shape.channels);
    return s.bytes;
}

void cuda_channel_sums(struct shape shape, const float *x, double *channel_sums, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    if (gpu_begin("channel_sums"))
        norm_channel_sums(shape, x, channel_sums, take_partials(&s, shape));
}

void cuda_norm_forward(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                       const float *beta, const float *x, float *y, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    if (!gpu_begin("norm_forward"))
        return;
    take_partials(&s, shape);
    struct norm_channel *norm = norm_take(&s, shape.channels).channels;
    norm_prepare(shape, groups, channel_sums, gamma, beta, norm);
    norm_apply(shape, norm, x, y, false);
}

void cuda_norm_backward(struct shape shape, int groups, const double *channel_sums, const float *gamma,
                        const float *beta, const float *x, const float *dy, float *dx, float *dgamma,
                        float *dbeta, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    if (!gpu_begin("norm_backward"))
        return;
    double *partials = take_partials(&s, shape);
    struct norm_scratch norm = norm_take(&s, shape.channels);
    norm_prepare(shape, groups, channel_sums, gamma, beta, norm.channels);
    norm_backward_sums(shape, groups, norm.channels, x, dy, false, dgamma, dbeta, norm.corrections, partials);
    norm_gradient(shape, norm.channels, norm.corrections, x, dy, false, dx, false);
}
