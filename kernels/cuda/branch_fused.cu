/* The residual branch of 32 padded channels on tensor cores: a 3x3x3 convolution as an implicit matrix
 * product, bf16 operands, fp32 sums.
 *
 *     forward         y += conv(bf16(LeakyReLU(norm(u))), w)
 *                     the epilogue also gathers the channel sums of y
 *     input gradient  da = conv^T(bf16(dy), w) is never stored: du += scale gamma dz at once
 *                     the epilogue also gathers the sums of dz and dz xhat that the rest of the norm's
 *                     gradient needs (see norm_correct)
 *
 * A block computes 16 x 4 x 4 voxels (x, y, z). It loads their neighbourhood of 18 x 6 x 6 rows into shared
 * memory, normalised on the way, beside all the weights. A warp takes one slice: four rows of 16 voxels, each
 * an operand of 16 x 16, times four groups of eight output channels. 97 KiB of shared memory: two blocks
 * share a multiprocessor of sm_90. */
#include "kernels/cuda/branch_fused.h"
#include "kernels/cuda/branch_fused_tile.h"
#include "kernels/cuda/sums.h"
#include "kernels/cuda/tensor_core.h"

enum { TILE_X = 16, TILE_Y = 4, TILE_Z = 4, HALO_X = TILE_X + 2, HALO_Y = TILE_Y + 2, HALO_Z = TILE_Z + 2 };
enum {
    HALO_ROWS = HALO_X * HALO_Y * HALO_Z,
    WEIGHT_ROWS = TAPS * WIDTH,
    WARPS = TILE_Z,
    THREADS = 32 * WARPS
};
enum { SHARED_BYTES = (HALO_ROWS + WEIGHT_ROWS) * WIDTH * 2, OUT_GROUPS = WIDTH / 8, GROUPS_MAX = 128 };

/* --- weights --- */

/* packed [27][to 32][from 32] bf16 = sign w, or for the gradient, mirrored, the channels exchanged;
 * w: plain [channels][channels][27]; one thread an element */
__global__ void branch_fused_pack_kernel(int channels, const float *w, float sign, bool gradient,
                                         uint16_t *packed)
{
    int n = (int)(blockIdx.x * blockDim.x + threadIdx.x), from = n % WIDTH, to = n / WIDTH % WIDTH;
    int tap = n / WIDTH / WIDTH, o = gradient ? from : to, i = gradient ? to : from;
    if (tap >= TAPS)
        return;
    float value = o < channels && i < channels
                      ? sign * w[(o * channels + i) * TAPS + (gradient ? TAPS - 1 - tap : tap)]
                      : 0.0f;
    packed[n] = (uint16_t)bf16_bits(value);
}

/* --- loading --- */

struct tile {
    int z, y, x; /* of its first voxel */
};

__device__ static inline struct tile tile_of(struct shape s)
{
    int across = (s.width + TILE_X - 1) / TILE_X, down = (s.height + TILE_Y - 1) / TILE_Y,
        n = (int)blockIdx.x;
    struct tile t = {n / across / down * TILE_Z, n / across % down * TILE_Y, n % across * TILE_X};
    return t;
}

/* A thread keeps its chunk number, so that it needs the norm of eight channels only. */
template <bool NORM, class IN>
__device__ static inline void load_halo(struct shape s, struct tile t, const struct norm_channel *norm,
                                        const IN *x, uint16_t *halo)
{
    int chunk = (int)threadIdx.x % CHUNKS;
    struct norm_channel mine[8] = {};
#pragma unroll
    for (int c = 0; c < 8 && NORM; c++)
        mine[c] = norm[8 * chunk + c];
    for (int row = (int)threadIdx.x / CHUNKS; row < HALO_ROWS; row += THREADS / CHUNKS) {
        int z = t.z + row / (HALO_X * HALO_Y) - 1, y = t.y + row / HALO_X % HALO_Y - 1,
            v = t.x + row % HALO_X - 1;
        bool inside = z >= 0 && z < s.depth && y >= 0 && y < s.height && v >= 0 && v < s.width;
        struct eight value = {};
        if (inside)
            value = load_eight(
                x + (((size_t)z * (size_t)s.height + (size_t)y) * (size_t)s.width + (size_t)v) * WIDTH +
                8 * chunk);
        if (NORM && inside)
            value = activated_eight(value, mine);
        *reinterpret_cast<uint4 *>(halo + chunk_at(row, chunk)) = bf16_chunk(value);
    }
}

__device__ static inline void load_weights(const uint16_t *packed, uint16_t *weights)
{
    for (int n = (int)threadIdx.x; n < WEIGHT_ROWS * CHUNKS; n += THREADS)
        *reinterpret_cast<uint4 *>(weights + chunk_at(n / CHUNKS, n % CHUNKS)) =
            *reinterpret_cast<const uint4 *>(packed + 8 * n);
}

/* --- the product --- */

/* sums[row of voxels][group of eight output channels][fragment] of the warp's slice */
__device__ static inline void multiply(const uint16_t *halo, const uint16_t *weights,
                                       float (&sums)[TILE_Y][OUT_GROUPS][4])
{
    int lane = (int)threadIdx.x % 32, slice = (int)threadIdx.x / 32;
    for (int tap = 0; tap < TAPS; tap++) {
        int first = ((slice + tap / 9) * HALO_Y + tap / 3 % 3) * HALO_X + tap % 3 + lane % 16;
        for (int half = 0; half < WIDTH / 16; half++) {
            unsigned a[TILE_Y][4], b[OUT_GROUPS / 2][4];
#pragma unroll
            for (int row = 0; row < TILE_Y; row++)
                load_matrices(a[row], halo + chunk_at(first + row * HALO_X, 2 * half + lane / 16));
#pragma unroll
            for (int pair = 0; pair < OUT_GROUPS / 2; pair++)
                load_matrices(b[pair], weights + chunk_at(tap * WIDTH + 16 * pair + lane / 16 * 8 + lane % 8,
                                                          2 * half + lane / 8 % 2));
#pragma unroll
            for (int row = 0; row < TILE_Y; row++)
#pragma unroll
                for (int group = 0; group < OUT_GROUPS; group++)
                    multiply_add_16x8x16(sums[row][group], a[row], b[group / 2][group % 2 * 2],
                                         b[group / 2][group % 2 * 2 + 1]);
        }
    }
}

/* --- epilogues --- */

/* An epilogue takes the results for two channels of one voxel, adds them to where they belong, and returns
 * what is summed over the voxels: two numbers a channel. */
struct pair_sums {
    float first[2], second[2];
};

/* y += f; sums of y and of its square */
template <class STREAM> struct add_to_output {
    STREAM *y;
    unsigned *wraps;

    __device__ struct pair_sums operator()(size_t at, int, float f0, float f1) const
    {
        unsigned wrapped = 0;
        float2 v = stream_sum2(y, load2(y + at), make_float2(f0, f1), wrapped);
        struct pair_sums s = {{v.x, v.y}, {v.x * v.x, v.y * v.y}};
        store2(y + at, v);
        count_wraps(wrapped, wraps);
        return s;
    }
};

/* du += scale gamma dz; sums of dz and of dz xhat */
template <class F> struct add_to_gradient {
    const struct norm_channel *norm;
    const typename F::stream *u;
    typename F::gradient *du;

    __device__ struct pair_sums operator()(size_t at, int channel, float da0, float da1) const
    {
        float2 x = load2(u + at), old = load2(du + at);
        const float values[2] = {x.x, x.y}, gradients[2] = {da0, da1};
        float add[2];
        struct pair_sums s;
        for (int c = 0; c < 2; c++) {
            struct norm_channel n = norm[channel + c];
            float xhat = (values[c] - n.mean) * n.scale;
            float dz = xhat * n.gamma + n.beta > 0 ? gradients[c] : LEAKY_SLOPE * gradients[c];
            add[c] = n.scale * n.gamma * dz;
            s.first[c] = dz;
            s.second[c] = dz * xhat;
        }
        store2(du + at, make_float2(old.x + add[0], old.y + add[1]));
        return s;
    }
};

/* Hands every voxel of the warp's slice to the epilogue, and stores the block's sums at
 * partials[block][channel][2]. */
template <class EPILOGUE>
__device__ static inline void store(struct shape s, struct tile t, const float (&sums)[TILE_Y][OUT_GROUPS][4],
                                    const EPILOGUE &epilogue, float *shared, double *partials)
{
    int lane = (int)threadIdx.x % 32, slice = (int)threadIdx.x / 32, z = t.z + slice;
#pragma unroll
    for (int group = 0; group < OUT_GROUPS; group++) {
        int channel = 8 * group + lane % 4 * 2;
        float totals[4] = {};
#pragma unroll
        for (int n = 0; n < 2 * TILE_Y; n++) {
            int y = t.y + n / 2, x = t.x + lane / 4 + n % 2 * 8;
            if (z >= s.depth || y >= s.height || x >= s.width)
                continue;
            size_t at = (((size_t)z * (size_t)s.height + (size_t)y) * (size_t)s.width + (size_t)x) * WIDTH +
                        (size_t)channel;
            struct pair_sums p =
                epilogue(at, channel, sums[n / 2][group][n % 2 * 2], sums[n / 2][group][n % 2 * 2 + 1]);
            totals[0] += p.first[0], totals[1] += p.second[0];
            totals[2] += p.first[1], totals[3] += p.second[1];
        }
#pragma unroll
        for (int n = 0; n < 4; n++) {
            for (int other = 4; other < 32; other *= 2)
                totals[n] += __shfl_xor_sync(0xffffffffu, totals[n], other);
            if (lane < 4)
                shared[(slice * WIDTH + channel) * 2 + n] = totals[n];
        }
    }
    __syncthreads();
    if (threadIdx.x < 2 * WIDTH) {
        double sum = 0;
        for (int warp = 0; warp < WARPS; warp++)
            sum += (double)shared[warp * WIDTH * 2 + (int)threadIdx.x];
        partials[(size_t)blockIdx.x * 2 * WIDTH + threadIdx.x] = sum;
    }
}

/* y or du by the epilogue; norm: of what is loaded, if NORM */
template <bool NORM, class IN, class EPILOGUE>
__global__ void __launch_bounds__(THREADS, 2)
    branch_fused_kernel(struct shape s, const struct norm_channel *norm, const IN *x, const uint16_t *packed,
                        EPILOGUE epilogue, double *partials)
{
    GPU_SHARED(uint16_t, halo);
    uint16_t *weights = halo + HALO_ROWS * WIDTH;
    struct tile t = tile_of(s);
    float sums[TILE_Y][OUT_GROUPS][4] = {};
    load_halo<NORM>(s, t, norm, x, halo);
    load_weights(packed, weights);
    __syncthreads();
    multiply(halo, weights, sums);
    __syncthreads();
    store(s, t, sums, epilogue, reinterpret_cast<float *>(halo), partials);
}

/* --- from the host --- */

static unsigned tiles_of(struct shape s)
{
    return (unsigned)(((s.width + TILE_X - 1) / TILE_X) * ((s.height + TILE_Y - 1) / TILE_Y) *
                      ((s.depth + TILE_Z - 1) / TILE_Z));
}

bool branch_fused_fits(struct shape shape)
{
    return padded(shape.channels) == WIDTH;
}

/* Sums of the blocks, and of groups of blocks behind them. */
size_t branch_fused_partials_bytes(struct shape shape)
{
    return (size_t)(tiles_of(shape) + GROUPS_MAX + 1) * 2 * WIDTH * sizeof(double);
}

/* Launches, and adds the block sums up to sums of groups; returns where these are, and their number. */
template <bool NORM, class IN, class EPILOGUE>
static double *run(struct shape s, const struct norm_channel *norm, const IN *x, const uint16_t *packed,
                   EPILOGUE epilogue, double *partials, unsigned *groups)
{
    unsigned tiles = tiles_of(s);
    double *reduced = partials + (size_t)tiles * 2 * WIDTH;
    gpu_allow_shared(reinterpret_cast<const void *>(branch_fused_kernel<NORM, IN, EPILOGUE>), SHARED_BYTES);
    GPU_LAUNCH((branch_fused_kernel<NORM, IN, EPILOGUE>), dim3(tiles), dim3(THREADS), SHARED_BYTES, s, norm,
               x, packed, epilogue, partials);
    *groups = tiles < (unsigned)GROUPS_MAX ? tiles : (unsigned)GROUPS_MAX;
    sums_reduce_groups(tiles, *groups, 2 * WIDTH, partials, reduced);
    return reduced;
}

static void pack(int channels, const float *w, float sign, bool gradient, uint16_t *packed)
{
    GPU_LAUNCH(branch_fused_pack_kernel, dim3(TAPS * WIDTH * WIDTH / 256), dim3(256), 0, channels, w, sign,
               gradient, packed);
}

template <class F>
static double *forward(struct shape shape, const struct norm_channel *norm, const float *u,
                       const uint16_t *packed, float sign, float *y, double *partials, unsigned *groups)
{
    typedef typename F::stream stream;
    struct add_to_output<stream> epilogue = {
        stored<stream>(y), streams_wraps_of(sign)
    };
    return run<true>(shape, norm, stored<stream>(u), packed, epilogue, partials, groups);
}

void branch_fused_forward(struct shape shape, const struct norm_channel *norm, const float *u, const float *w,
                          float sign, float *y, double *y_sums, void *packed, double *partials)
{
    unsigned groups;
    uint16_t *weights = static_cast<uint16_t *>(packed);
    pack(shape.channels, w, sign, false, weights);
    double *reduced =
        (streams_are_int16() ? forward<int16_format> : forward<float_format>)(shape, norm, u, weights, sign,
                                                                              y, partials, &groups);
    if (y_sums)
        sums_reduce(groups, 2 * WIDTH, 2 * shape.channels, reduced, y_sums);
}

template <class F>
static double *input_gradient(struct shape shape, const struct norm_channel *norm, const float *u,
                              const uint16_t *packed, const float *dy, float *du, double *partials,
                              unsigned *groups)
{
    typedef typename F::gradient gradient;
    struct add_to_gradient<F> epilogue = {
        norm, stored<typename F::stream>(u), stored<gradient>(du)
    };
    return run<false>(shape, NULL, stored<gradient>(dy), packed, epilogue, partials, groups);
}

void branch_fused_input_gradient(struct shape shape, int norm_groups, const struct norm_scratch *norm,
                                 const float *u, const float *w, const float *dy, float *du, float *dgamma,
                                 float *dbeta, void *packed, double *partials)
{
    unsigned groups;
    uint16_t *weights = static_cast<uint16_t *>(packed);
    pack(shape.channels, w, 1, true, weights);
    double *reduced = (streams_are_int16() ? input_gradient<int16_format>
                                           : input_gradient<float_format>)(shape, norm->channels, u, weights,
                                                                           dy, du, partials, &groups);
    norm_reduce_sums(shape, norm_groups, norm->channels, groups, reduced, dgamma, dbeta, norm->corrections);
    norm_correct(shape, norm->channels, norm->corrections, u, du);
}
