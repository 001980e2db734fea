/* The end of the network: 1x1x1 convolution to the regions, sigmoid, sums of the losses and the backward pass.
 * See kernels/head.h for the formulas. */
#include "kernels/cuda/operations.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/streams.h"
#include "kernels/cuda/sums.h"

/* --- sums over the voxels --- */

enum { DICE_SUMS = sizeof(struct dice_sums) / sizeof(double), DICE_BLOCKS = 256, WARP = 32 };

/* Enough for the cross-entropy, and for the bias sums and their totals, too. */
static inline size_t dice_partials_bytes(void)
{
    return (size_t)(DICE_BLOCKS * REGIONS_MAX * DICE_SUMS) * sizeof(double);
}

/* Adds up `count` numbers of each thread of the block, in a fixed order, and stores them at `to`. Shared
 * memory: count * ROW_THREADS / 32 doubles. */
__device__ static inline void store_block_sums(int count, const double *sums, double *shared, double *to)
{
    int warp = (int)threadIdx.x / WARP;
    for (int n = 0; n < count; n++) {
        double sum = sums[n];
        for (int lane = 1; lane < WARP; lane *= 2)
            sum += __shfl_xor_sync(0xffffffffu, sum, lane);
        if (threadIdx.x % WARP == 0)
            shared[n * (ROW_THREADS / WARP) + warp] = sum;
    }
    __syncthreads();
    if ((int)threadIdx.x < count) {
        double sum = 0;
        for (int other = 0; other < ROW_THREADS / WARP; other++)
            sum += shared[(int)threadIdx.x * (ROW_THREADS / WARP) + other];
        to[threadIdx.x] = sum;
    }
}

/* --- forward --- */

/* Eight lanes share a voxel: each takes every eighth quad of its rows, a shuffle adds them up. */

enum { HEAD_LANES = 8, HEAD_GROUPS = ROW_THREADS / HEAD_LANES, HEAD_VOXELS_EACH = 16 };

/* Weights that lie in shared memory at once: 48 KiB, what a kernel gets unasked. */
enum { HEAD_WEIGHTS = (48 << 10) / sizeof(float) };

__device__ static inline float sum_of_lanes(float value)
{
    for (int lane = 1; lane < HEAD_LANES; lane *= 2)
        value += __shfl_xor_sync(0xffffffffu, value, lane);
    return value;
}

/* The cross-entropy of a logit. */
__device__ static inline float bce_of(float z, int inside)
{
    float y = inside ? -z : z;
    return fmaxf(y, 0.0f) + log1pf(expf(-fabsf(y)));
}

/* A slice of w, in which a row has `held` of the columns [stream][padded(channels)], padding zero. For all threads of the
 * block, which may still be reading another slice. */
__device__ static inline void head_load_weights(struct shape in, int regions, const float *w, int first,
                                                int held, float *weights)
{
    int row = padded(in.channels), columns = in.streams * row;
    __syncthreads();
    for (int n = (int)threadIdx.x; n < regions * held; n += ROW_THREADS) {
        int k = n / held, column = first + n % held, stream = column / row, c = column % row;
        weights[n] =
            column < columns && c < in.channels ? w[(k * in.streams + stream) * in.channels + c] : 0.0f;
    }
    __syncthreads();
}

/* Shared: w as [region][held]: all of it, or slice after slice for every voxel; then, with BCE, the block's sums of the
 * cross-entropy, which go to partials[block][region]. Blocks go on until all voxels are done. */
template <bool BCE, class STREAM>
__global__ void head_forward_kernel(struct shape in, int regions, int held, const STREAM *x, const float *w,
                                    const float *b, const uint8_t *target, float *p, double *partials)
{
    GPU_SHARED(float, weights);
    size_t voxels = (size_t)in.depth * (size_t)in.height * (size_t)in.width;
    int row = padded(in.channels), columns = in.streams * row;
    if (held == columns)
        head_load_weights(in, regions, w, 0, held, weights);
    int lane = (int)threadIdx.x % HEAD_LANES;
    double bce_sum = 0; /* of region `lane` */
    size_t each = (size_t)HEAD_GROUPS * HEAD_VOXELS_EACH;
    size_t rounds = BCE ? (voxels + each * gridDim.x - 1) / (each * gridDim.x) : 1;
    for (size_t turn = 0; turn < rounds * HEAD_VOXELS_EACH; turn++) {
        size_t block = turn / HEAD_VOXELS_EACH * gridDim.x + blockIdx.x;
        size_t v = block * each + turn % HEAD_VOXELS_EACH * HEAD_GROUPS + threadIdx.x / HEAD_LANES;
        float z[REGIONS_MAX] = {};
        for (int first = 0; first < columns; first += held) {
            int end = first + held < columns ? first + held : columns;
            if (held < columns)
                head_load_weights(in, regions, w, first, held, weights);
            for (int n = first + 4 * lane; n < end && v < voxels; n += 4 * HEAD_LANES) {
                float4 value = load4(x + ((size_t)(n / row) * voxels + v) * (size_t)row + n % row);
#pragma unroll
                for (int k = 0; k < REGIONS_MAX; k++) {
                    if (k >= regions)
                        break;
                    float4 weight = load4(weights + k * held + n - first);
                    z[k] += value.x * weight.x + value.y * weight.y + value.z * weight.z + value.w * weight.w;
                }
            }
        }
#pragma unroll
        for (int k = 0; k < REGIONS_MAX; k++) {
            if (k >= regions)
                break;
            float sum = sum_of_lanes(z[k]);
            if (lane == k && v < voxels) {
                p[(size_t)k * voxels + v] = 1 / (1 + expf(-(sum + b[k])));
                bce_sum += BCE ? (double)bce_of(sum + b[k], target[v] >> k & 1) : 0;
            }
        }
    }
    if (BCE) {
        double sums[REGIONS_MAX];
        for (int k = 0; k < regions; k++)
            sums[k] = lane == k ? bce_sum : 0;
        __syncthreads(); /* the weights have been read */
        store_block_sums(regions, sums, reinterpret_cast<double *>(weights),
                         partials + (size_t)blockIdx.x * (size_t)regions);
    }
}

template <class STREAM>
static void head_forward(struct shape in, int regions, const STREAM *x, const float *w, const float *b,
                         const uint8_t *target, float *p, double *bce_sums, double *partials)
{
    size_t each = (size_t)HEAD_GROUPS * HEAD_VOXELS_EACH;
    int columns = in.streams * padded(in.channels),
        slice = HEAD_WEIGHTS / regions / (4 * HEAD_LANES) * 4 * HEAD_LANES,
        held = columns < slice ? columns : slice;
    size_t shared = (size_t)(regions * held) * sizeof(float);
    size_t sums = (size_t)(regions * (ROW_THREADS / WARP)) * sizeof(double);
    unsigned blocks = (unsigned)((shape_voxels(in) + each - 1) / each);
    if (!target) {
        GPU_LAUNCH((head_forward_kernel<false, STREAM>), dim3(blocks), dim3(ROW_THREADS), shared, in, regions,
                   held, x, w, b, target, p, partials);
        return;
    }
    blocks = blocks < (unsigned)DICE_BLOCKS ? blocks : (unsigned)DICE_BLOCKS;
    GPU_LAUNCH((head_forward_kernel<true, STREAM>), dim3(blocks), dim3(ROW_THREADS),
               shared > sums ? shared : sums, in, regions, held, x, w, b, target, p, partials);
    sums_reduce(blocks, regions, regions, partials, bce_sums);
}

void cuda_head_forward(struct shape in, int regions, const float *x, const float *w, const float *b,
                       const uint8_t *target, float *p, double *bce_sums, void *scratch)
{
    double *partials = static_cast<double *>(scratch);
    if (!gpu_begin("head_forward"))
        return;
    if (streams_are_int16())
        head_forward(in, regions, stored<int16_t>(x), w, b, target, p, bce_sums, partials);
    else
        head_forward(in, regions, x, w, b, target, p, bce_sums, partials);
}

/* --- Dice sums --- */

/* grid: blocks along the voxels x regions; partials[block][region][DICE_SUMS] */
__global__ void dice_sums_kernel(size_t voxels, const float *p, const uint8_t *target, double *partials)
{
    GPU_SHARED(double, shared);
    unsigned k = blockIdx.y;
    double sums[DICE_SUMS] = {};
    for (size_t v = (size_t)blockIdx.x * ROW_THREADS + threadIdx.x; v < voxels;
         v += (size_t)gridDim.x * ROW_THREADS) {
        float probability = p[(size_t)k * voxels + v];
        int inside = target[v] >> k & 1, hard = probability > 0.5f;
        sums[0] += inside ? (double)probability : 0;
        sums[1] += (double)probability;
        sums[2] += inside;
        sums[3] += inside & hard;
        sums[4] += hard;
    }
    store_block_sums(DICE_SUMS, sums, shared, partials + (size_t)(blockIdx.x * gridDim.y + k) * DICE_SUMS);
}

/* scratch: head_scratch_bytes of any tensor, which is never less than these sums need */
void cuda_dice_sums(size_t voxels, int regions, const float *p, const uint8_t *target, struct dice_sums *sums,
                    void *scratch)
{
    double *partials = static_cast<double *>(scratch);
    if (!gpu_begin("dice_sums"))
        return;
    unsigned blocks = (unsigned)((voxels + ROW_THREADS - 1) / ROW_THREADS);
    blocks = blocks < (unsigned)DICE_BLOCKS ? blocks : (unsigned)DICE_BLOCKS;
    GPU_LAUNCH(dice_sums_kernel, dim3(blocks, (unsigned)regions), dim3(ROW_THREADS),
               DICE_SUMS * (ROW_THREADS / WARP) * sizeof(double), voxels, p, target, partials);
    sums_reduce(blocks, regions * DICE_SUMS, regions * DICE_SUMS, partials, reinterpret_cast<double *>(sums));
}

/* --- backward --- */

/* Each block stores a sum for every channel and region: with more blocks these would weigh. */
enum { HEAD_BLOCKS_MAX = 1024 };

/* The gradient of the network's last tensor has rank `regions`: dx of a voxel is W^T dz, formed where it is
 * stored. */

/* dz = p (1 - p) (constant - inside slope) + bce (p - inside), for one region */
struct logit {
    float constant, slope, bce;
};

__device__ static inline struct logit logit_of(const struct dice_sums &sums, struct loss_weights loss,
                                               size_t voxels)
{
    double s = sums.probability + sums.target + loss.smooth;
    struct logit l = {(float)((double)loss.dice * (2 * sums.intersection + loss.smooth) / (s * s)),
                      (float)((double)loss.dice * 2 / s), (float)((double)loss.bce / (double)voxels)};
    return l;
}

__device__ static inline float logit_gradient(const struct logit &l, float p, int inside)
{
    float dice = p * (1 - p) * (inside ? l.constant - l.slope : l.constant);
    return dice + l.bce * (inside ? p - 1 : p);
}

/* One stream a blockIdx.z; block sums of dz x go to partials[stream][block][channel][REGIONS]. */
template <int REGIONS, class F>
__global__ void head_backward_kernel(struct rows r, int channels, int streams, int regions,
                                     const typename F::stream *x, const float *w, const float *p,
                                     const uint8_t *target, const struct dice_sums *sums,
                                     struct loss_weights loss, typename F::gradient *dx, double *partials)
{
    GPU_SHARED(float, shared);
    struct place at = place_in(r);
    int stream = (int)blockIdx.z;
    struct logit logits[REGIONS];
    float weights[REGIONS][4], weight_sums[4][REGIONS] = {};
#pragma unroll
    for (int k = 0; k < REGIONS; k++) {
        struct logit none = {0, 0, 0};
        logits[k] = k < regions ? logit_of(sums[k], loss, r.voxels) : none;
        for (int c = 0; c < 4; c++)
            weights[k][c] = k < regions && at.channel + c < channels
                                ? w[(k * streams + stream) * channels + at.channel + c]
                                : 0.0f;
    }
    size_t stream_at = (size_t)stream * r.voxels * (size_t)r.padded;
    for (size_t v = at.first; v < r.voxels; v += at.step) {
        size_t n = stream_at + v * (size_t)r.padded + (size_t)at.channel;
        float4 value = load4(x + n), sum = make_float4(0, 0, 0, 0);
        int regions_here = target[v];
#pragma unroll
        for (int k = 0; k < REGIONS; k++) {
            if (k >= regions)
                break;
            float dz = logit_gradient(logits[k], p[(size_t)k * r.voxels + v], regions_here >> k & 1);
            sum = make_float4(sum.x + weights[k][0] * dz, sum.y + weights[k][1] * dz,
                              sum.z + weights[k][2] * dz, sum.w + weights[k][3] * dz);
            weight_sums[0][k] += dz * value.x;
            weight_sums[1][k] += dz * value.y;
            weight_sums[2][k] += dz * value.z;
            weight_sums[3][k] += dz * value.w;
        }
        store4(dx + n, sum);
    }
    store_partials<REGIONS, float>(r, weight_sums, shared,
                                   partials + (size_t)stream * gridDim.x * (size_t)(r.padded * REGIONS));
}

/* one thread a weight: totals[stream][padded(channels)][stride] into dw [region][stream][channel] */
__global__ void head_add_weights_kernel(int channels, int streams, int regions, int stride,
                                        const double *totals, float *dw)
{
    int n = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    int k = n / (streams * channels), stream = n / channels % streams, c = n % channels;
    if (k < regions)
        dw[n] = (float)((double)dw[n] + totals[(stream * padded(channels) + c) * stride + k]);
}

/* partials[block][region] of the sums of dz */
__global__ void head_bias_sums_kernel(size_t voxels, int regions, const float *p, const uint8_t *target,
                                      const struct dice_sums *sums, struct loss_weights loss,
                                      double *partials)
{
    GPU_SHARED(double, shared);
    double bias_sums[REGIONS_MAX] = {};
    for (int k = 0; k < regions; k++) {
        struct logit l = logit_of(sums[k], loss, voxels);
        double sum = 0;
        for (size_t v = (size_t)blockIdx.x * ROW_THREADS + threadIdx.x; v < voxels;
             v += (size_t)gridDim.x * ROW_THREADS)
            sum += (double)logit_gradient(l, p[(size_t)k * voxels + v], target[v] >> k & 1);
        bias_sums[k] = sum;
    }
    store_block_sums(regions, bias_sums, shared, partials + (size_t)blockIdx.x * (size_t)regions);
}

static void head_bias_gradient(size_t voxels, int regions, const float *p, const uint8_t *target,
                               const struct dice_sums *sums, struct loss_weights loss, float *db,
                               double *partials)
{
    unsigned blocks = (unsigned)((voxels + ROW_THREADS - 1) / ROW_THREADS);
    blocks = blocks < (unsigned)DICE_BLOCKS ? blocks : (unsigned)DICE_BLOCKS;
    double *totals = partials + (size_t)blocks * (size_t)regions;
    GPU_LAUNCH(head_bias_sums_kernel, dim3(blocks), dim3(ROW_THREADS),
               (size_t)regions * (ROW_THREADS / WARP) * sizeof(double), voxels, regions, p, target, sums,
               loss, partials);
    sums_reduce(blocks, regions, regions, partials, totals);
    sums_add_totals(regions, totals, db);
}

template <int REGIONS, class F>
static void head_backward_of(struct shape in, int regions, const float *x, const float *w, const float *p,
                             const uint8_t *target, const struct dice_sums *sums, struct loss_weights loss,
                             float *dx, float *dw, double *partials)
{
    struct rows r = rows_within(HEAD_BLOCKS_MAX, shape_voxels(in), in.channels);
    int stride = r.padded * REGIONS, weights = regions * in.streams * in.channels;
    double *totals = partials + (size_t)in.streams * r.width * (size_t)stride;
    GPU_LAUNCH((head_backward_kernel<REGIONS, F>), dim3(r.width, r.height, (unsigned)in.streams),
               rows_block(r), partial_shared(r, REGIONS, sizeof(float)), r, in.channels, in.streams, regions,
               stored<typename F::stream>(x), w, p, target, sums, loss, stored<typename F::gradient>(dx),
               partials);
    for (int stream = 0; stream < in.streams; stream++)
        sums_reduce(r.width, stride, stride, partials + (size_t)stream * r.width * (size_t)stride,
                    totals + (size_t)stream * (size_t)stride);
    GPU_LAUNCH(head_add_weights_kernel, dim3((unsigned)(weights + 63) / 64), dim3(64), 0, in.channels,
               in.streams, regions, REGIONS, totals, dw);
}

size_t head_scratch_bytes(enum precision, struct shape in, struct shape)
{
    struct rows r = rows_within(HEAD_BLOCKS_MAX, shape_voxels(in), in.channels);
    size_t weights = (size_t)in.streams * (r.width + 1) * (size_t)(r.padded * REGIONS_MAX) * sizeof(double);
    struct scratch s = scratch_begin(NULL);
    scratch_take(&s, weights > dice_partials_bytes() ? weights : dice_partials_bytes());
    return s.bytes;
}

void cuda_head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                        const uint8_t *target, const struct dice_sums *sums, struct loss_weights loss,
                        float *dx, float *dw, float *db, void *scratch)
{
    double *partials = static_cast<double *>(scratch);
    if (!gpu_begin("head_backward"))
        return;
    bool few = regions <= 4, int16 = streams_are_int16();
    (few     ? int16 ? head_backward_of<4, int16_format> : head_backward_of<4, float_format>
         : int16 ? head_backward_of<REGIONS_MAX, int16_format>
             : head_backward_of<REGIONS_MAX, float_format>)(in, regions, x, w, p, target, sums, loss, dx, dw,
                                                            partials);
    head_bias_gradient(shape_voxels(in), regions, p, target, sums, loss, db, partials);
}
