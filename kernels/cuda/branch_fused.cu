/* The residual branch on tensor cores: a 3x3x3 convolution as an implicit matrix product, bf16 operands, fp32
 * sums.
 *
 *     forward         y += conv(bf16(LeakyReLU(norm(u))), w)
 *                     the epilogue also gathers the channel sums of y
 *     input gradient  da = conv^T(bf16(dy), w) is never stored: du += scale gamma dz at once
 *                     the epilogue also gathers the sums of dz and dz xhat that the rest of the norm's
 *                     gradient needs (see norm_correct)
 *
 * A block computes 16 x 4 x 4 voxels (x, y, z) of a slice of the output channels, 32 or 64. It loads their
 * neighbourhood of 18 x 6 x 6 rows of as many input channels into shared memory, normalised on the way, slice
 * after slice. A warp takes one plane: four rows of 16 voxels, each an operand of 16 x 16, times all groups of
 * eight output channels.
 *
 * Beside the neighbourhood there is room for all the weights of 32 channels, of 64 for those of two taps: while the
 * warps multiply one they fetch the next. That is 97 KiB of shared memory at most, two blocks a multiprocessor of
 * sm_90. */
#include "kernels/cuda/branch_fused.h"
#include "kernels/cuda/branch_fused_tile.h"
#include "kernels/cuda/sums.h"
#include "kernels/cuda/tensor_core.h"

enum { TILE_X = 16, TILE_Y = 4, TILE_Z = 4, HALO_X = TILE_X + 2, HALO_Y = TILE_Y + 2, HALO_Z = TILE_Z + 2 };
enum { HALO_ROWS = HALO_X * HALO_Y * HALO_Z, WARPS = TILE_Z, THREADS = 32 * WARPS, GROUPS_MAX = 128 };

/* SLICE: channels that lie in shared memory at once, and output channels of a block. */
enum { NARROW = 32, WIDE = 64, CHANNELS_MAX = 128 };

/* Taps whose weights lie in shared memory at once. */
template <int SLICE> constexpr int TAPS_HELD = SLICE == NARROW ? TAPS : 2;
template <int SLICE> constexpr int SHARED_BYTES = (HALO_ROWS + TAPS_HELD<SLICE> * SLICE) * SLICE * 2;
static_assert(SHARED_BYTES<NARROW> <= 99 << 10 && SHARED_BYTES<WIDE> <= 99 << 10,
              "what every card that we support gives a block");

/* --- weights --- */

/* packed [slices of outputs][slices of inputs][27][to SLICE][from SLICE] bf16 = w, or for the gradient,
 * mirrored, the channels exchanged; w: plain [channels][channels][27]; one thread an element, a block row a tap */
template <int SLICE>
__global__ void branch_fused_pack_kernel(int channels, int slices, const float *w, bool gradient,
                                         uint16_t *packed)
{
    int n = (int)(blockIdx.x * blockDim.x + threadIdx.x), tap = (int)blockIdx.y % TAPS,
        pair = (int)blockIdx.y / TAPS, from = pair % slices * SLICE + n % SLICE,
        to = pair / slices * SLICE + n / SLICE, o = gradient ? from : to, i = gradient ? to : from;
    float value = o < channels && i < channels
                      ? w[(o * channels + i) * TAPS + (gradient ? TAPS - 1 - tap : tap)]
                      : 0.0f;
    packed[(size_t)blockIdx.y * SLICE * SLICE + (size_t)n] = (uint16_t)bf16_bits(value);
}

/* A thread's share of the weights of a tap, on its way to shared memory. */
template <int SLICE> struct share {
    uint4 chunks[SLICE * SLICE / 8 / THREADS];
};

template <int SLICE> __device__ static inline struct share<SLICE> fetch_tap(const uint16_t *packed) {
    struct share<SLICE> s;
#pragma unroll
    for (int n = 0; n < SLICE * SLICE / 8 / THREADS; n++)
        s.chunks[n] = *reinterpret_cast<const uint4 *>(packed + 8 * (n * THREADS + (int)threadIdx.x));
    return s;
}

template <int SLICE>
__device__ static inline void put_tap(const struct share<SLICE> &s, uint16_t *weights)
{
#pragma unroll
    for (int n = 0; n < SLICE * SLICE / 8 / THREADS; n++) {
        int chunk = n * THREADS + (int)threadIdx.x;
        *reinterpret_cast<uint4 *>(weights + chunk_at<SLICE>(chunk / (SLICE / 8), chunk % (SLICE / 8))) =
            s.chunks[n];
    }
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

/* The slice from channel `first` on. A thread keeps its chunk number, so that it needs the norm of eight channels
 * only. */
template <int SLICE, bool NORM, class IN>
__device__ static inline void load_halo(struct shape s, struct tile t, int first,
                                        const struct norm_channel *norm, const IN *x, uint16_t *halo)
{
    int chunk = (int)threadIdx.x % (SLICE / 8), channel = first + 8 * chunk;
    bool any = channel < padded(s.channels);
    struct norm_channel mine[8] = {};
#pragma unroll
    for (int c = 0; c < 8 && NORM; c++)
        if (any)
            mine[c] = norm[channel + c];
    for (int row = (int)threadIdx.x / (SLICE / 8); row < HALO_ROWS; row += THREADS / (SLICE / 8)) {
        int z = t.z + row / (HALO_X * HALO_Y) - 1, y = t.y + row / HALO_X % HALO_Y - 1,
            v = t.x + row % HALO_X - 1;
        bool inside = any && z >= 0 && z < s.depth && y >= 0 && y < s.height && v >= 0 && v < s.width;
        struct eight value = {};
        if (inside)
            value = load_eight(x + row_at(s, z, y, v) + channel);
        if (NORM && inside)
            value = activated_eight(value, mine);
        *reinterpret_cast<uint4 *>(halo + chunk_at<SLICE>(row, chunk)) = bf16_chunk(value);
    }
}

/* --- the product --- */

/* sums[row of voxels][group of eight output channels][fragment] of the warp's plane += one tap's */
template <int SLICE>
__device__ static inline void multiply_tap(const uint16_t *halo, const uint16_t *weights, int tap,
                                           float (&sums)[TILE_Y][SLICE / 8][4])
{
    int lane = (int)threadIdx.x % 32, plane = (int)threadIdx.x / 32;
    int first = ((plane + tap / 9) * HALO_Y + tap / 3 % 3) * HALO_X + tap % 3 + lane % 16;
    for (int part = 0; part < SLICE / 16; part++) {
        unsigned a[TILE_Y][4], b[SLICE / 16][4];
#pragma unroll
        for (int row = 0; row < TILE_Y; row++)
            load_matrices(a[row], halo + chunk_at<SLICE>(first + row * HALO_X, 2 * part + lane / 16));
#pragma unroll
        for (int pair = 0; pair < SLICE / 16; pair++)
            load_matrices(b[pair], weights + chunk_at<SLICE>(16 * pair + lane / 16 * 8 + lane % 8,
                                                             2 * part + lane / 8 % 2));
#pragma unroll
        for (int row = 0; row < TILE_Y; row++)
#pragma unroll
            for (int group = 0; group < SLICE / 8; group++)
                multiply_add_16x8x16(sums[row][group], a[row], b[group / 2][group % 2 * 2],
                                     b[group / 2][group % 2 * 2 + 1]);
    }
}

/* All taps of one slice of the inputs, whose packed weights these are. All of them lie in shared memory, or the first
 * alone: each next one is put there while the one before is multiplied. At the end nobody reads it any more. */
template <int SLICE>
__device__ static inline void multiply(const uint16_t *halo, const uint16_t *packed, uint16_t *weights,
                                       float (&sums)[TILE_Y][SLICE / 8][4])
{
    constexpr int HELD = TAPS_HELD<SLICE>, TAP = SLICE * SLICE;
    for (int tap = 0; tap < TAPS; tap++) {
        struct share<SLICE> next;
        bool streamed = HELD < TAPS && tap + 1 < TAPS;
        if (streamed)
            next = fetch_tap<SLICE>(packed + (tap + 1) * TAP);
        multiply_tap<SLICE>(halo, weights + tap % HELD * TAP, tap, sums);
        if (streamed) {
            put_tap(next, weights + (tap + 1) % HELD * TAP);
            __syncthreads();
        }
    }
    __syncthreads();
}

/* --- epilogues --- */

/* An epilogue takes the results for two channels of one voxel, adds them to where they belong, and returns
 * what is summed over the voxels: two numbers a channel. */
struct pair_sums {
    float first[2], second[2];
};

/* y += sign f; sums of y and of its square. The sign comes after the product: PTX leaves open how the sums of mma are
 * rounded, so that those of -w need not be the negatives of those of w. */
template <class STREAM> struct add_to_output {
    STREAM *y;
    float sign;
    unsigned long long *wraps;

    __device__ struct pair_sums operator()(size_t at, int, float f0, float f1) const
    {
        unsigned wrapped = 0;
        float2 v = stream_sum2(y, load2(y + at), make_float2(sign * f0, sign * f1), wrapped);
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

/* Hands every voxel of the warp's plane to the epilogue, and stores the block's sums at
 * partials[tile][padded(channels)][2]. */
template <int SLICE, class EPILOGUE>
__device__ static inline void store(struct shape s, struct tile t, int first,
                                    const float (&sums)[TILE_Y][SLICE / 8][4], const EPILOGUE &epilogue,
                                    float *shared, double *partials)
{
    int lane = (int)threadIdx.x % 32, plane = (int)threadIdx.x / 32, z = t.z + plane;
#pragma unroll
    for (int group = 0; group < SLICE / 8; group++) {
        int channel = first + 8 * group + lane % 4 * 2;
        if (first + 8 * group >= padded(s.channels))
            break;
        float totals[4] = {};
#pragma unroll
        for (int n = 0; n < 2 * TILE_Y; n++) {
            int y = t.y + n / 2, x = t.x + lane / 4 + n % 2 * 8;
            if (z >= s.depth || y >= s.height || x >= s.width)
                continue;
            struct pair_sums p = epilogue(row_at(s, z, y, x) + (size_t)channel, channel,
                                          sums[n / 2][group][n % 2 * 2], sums[n / 2][group][n % 2 * 2 + 1]);
            totals[0] += p.first[0], totals[1] += p.second[0];
            totals[2] += p.first[1], totals[3] += p.second[1];
        }
#pragma unroll
        for (int n = 0; n < 4; n++) {
            for (int other = 4; other < 32; other *= 2)
                totals[n] += __shfl_xor_sync(0xffffffffu, totals[n], other);
            if (lane < 4)
                shared[(plane * SLICE + 8 * group + lane * 2) * 2 + n] = totals[n];
        }
    }
    __syncthreads();
    int n = (int)threadIdx.x, row = 2 * padded(s.channels);
    if (n < 2 * SLICE && 2 * first + n < row) {
        double sum = 0;
        for (int warp = 0; warp < WARPS; warp++)
            sum += (double)shared[warp * SLICE * 2 + n];
        partials[(size_t)blockIdx.x * (size_t)row + (size_t)(2 * first + n)] = sum;
    }
}

/* y or du by the epilogue; norm: of what is loaded, if NORM. Blocks: tiles x slices. */
template <int SLICE, bool NORM, class IN, class EPILOGUE>
__global__ void __launch_bounds__(THREADS, 2)
    branch_fused_kernel(struct shape s, const struct norm_channel *norm, const IN *x, const uint16_t *packed,
                        EPILOGUE epilogue, double *partials)
{
    constexpr int TAP = SLICE * SLICE, AT_FIRST = TAPS_HELD<SLICE> == TAPS ? TAPS : 1;
    GPU_SHARED(uint16_t, halo);
    uint16_t *weights = halo + HALO_ROWS * SLICE;
    struct tile t = tile_of(s);
    float sums[TILE_Y][SLICE / 8][4] = {};
    packed += (size_t)(blockIdx.y * gridDim.y) * TAPS * TAP;
    for (int slice = 0; slice < (int)gridDim.y; slice++, packed += TAPS * TAP) {
        load_halo<SLICE, NORM>(s, t, slice * SLICE, norm, x, halo);
        for (int tap = 0; tap < AT_FIRST; tap++)
            put_tap(fetch_tap<SLICE>(packed + tap * TAP), weights + tap * TAP);
        __syncthreads();
        multiply<SLICE>(halo, packed, weights, sums);
    }
    store<SLICE>(s, t, (int)blockIdx.y * SLICE, sums, epilogue, reinterpret_cast<float *>(halo), partials);
}

/* --- from the host --- */

static unsigned tiles_of(struct shape s)
{
    return (unsigned)(((s.width + TILE_X - 1) / TILE_X) * ((s.height + TILE_Y - 1) / TILE_Y) *
                      ((s.depth + TILE_Z - 1) / TILE_Z));
}

int branch_fused_width(struct shape shape)
{
    int channels = padded(shape.channels), slices = (channels + WIDE - 1) / WIDE;
    if (channels == NARROW)
        return NARROW;
    return channels <= CHANNELS_MAX && channels >= slices * (WIDE - 8) ? slices * WIDE : 0;
}

size_t branch_fused_packed_bytes(struct shape shape)
{
    size_t width = (size_t)branch_fused_width(shape);
    return TAPS * width * width * sizeof(uint16_t);
}

/* Sums of the tiles, and of groups of tiles behind them. */
size_t branch_fused_partials_bytes(struct shape shape)
{
    return (size_t)(tiles_of(shape) + GROUPS_MAX + 1) * 2 * (size_t)padded(shape.channels) * sizeof(double);
}

/* Weights as a pass needs them, and the sums that it leaves, if they are wanted. */
struct pass {
    const float *w; /* plain */
    bool gradient, sums;
    uint16_t *packed;
    double *partials, *reduced; /* reduced: of `groups` groups of tiles */
    unsigned groups;
};

template <int SLICE, bool NORM, class IN, class EPILOGUE>
static void run(struct shape s, const struct norm_channel *norm, const IN *x, EPILOGUE epilogue,
                struct pass *p)
{
    unsigned tiles = tiles_of(s), slices = (unsigned)branch_fused_width(s) / SLICE;
    int row = 2 * padded(s.channels);
    GPU_LAUNCH(branch_fused_pack_kernel<SLICE>, dim3(SLICE * SLICE / 256, TAPS * slices * slices), dim3(256),
               0, s.channels, (int)slices, p->w, p->gradient, p->packed);
    gpu_allow_shared(reinterpret_cast<const void *>(branch_fused_kernel<SLICE, NORM, IN, EPILOGUE>),
                     SHARED_BYTES<SLICE>);
    GPU_LAUNCH((branch_fused_kernel<SLICE, NORM, IN, EPILOGUE>), dim3(tiles, slices), dim3(THREADS),
               SHARED_BYTES<SLICE>, s, norm, x, p->packed, epilogue, p->partials);
    if (!p->sums)
        return;
    p->groups = tiles < (unsigned)GROUPS_MAX ? tiles : (unsigned)GROUPS_MAX;
    p->reduced = p->partials + (size_t)tiles * (size_t)row;
    sums_reduce_groups(tiles, p->groups, row, p->partials, p->reduced);
}

template <bool NORM, class IN, class EPILOGUE>
static void run_in_slices(struct shape s, const struct norm_channel *norm, const IN *x, EPILOGUE epilogue,
                          struct pass *p)
{
    (branch_fused_width(s) == NARROW ? run<NARROW, NORM, IN, EPILOGUE>
                                     : run<WIDE, NORM, IN, EPILOGUE>)(s, norm, x, epilogue, p);
}

template <class F>
static void forward(struct shape shape, const struct norm_channel *norm, const float *u, float sign, float *y,
                    struct pass *p)
{
    typedef typename F::stream stream;
    struct add_to_output<stream> epilogue = {
        stored<stream>(y), sign, streams_wraps_of(sign)
    };
    run_in_slices<true>(shape, norm, stored<stream>(u), epilogue, p);
}

void branch_fused_forward(struct shape shape, const struct norm_channel *norm, const float *u, const float *w,
                          float sign, float *y, double *y_sums, void *packed, double *partials)
{
    struct pass p = {w, false, y_sums != NULL, static_cast<uint16_t *>(packed), partials, NULL, 0};
    (streams_are_int16() ? forward<int16_format> : forward<float_format>)(shape, norm, u, sign, y, &p);
    if (y_sums)
        sums_reduce(p.groups, 2 * padded(shape.channels), 2 * shape.channels, p.reduced, y_sums);
}

template <class F>
static void input_gradient(struct shape shape, const struct norm_channel *norm, const float *u,
                           const float *dy, float *du, struct pass *p)
{
    typedef typename F::gradient gradient;
    struct add_to_gradient<F> epilogue = {
        norm, stored<typename F::stream>(u), stored<gradient>(du)
    };
    run_in_slices<false>(shape, NULL, stored<gradient>(dy), epilogue, p);
}

void branch_fused_input_gradient(struct shape shape, int norm_groups, const struct norm_scratch *norm,
                                 const float *u, const float *w, const float *dy, float *du, float *dgamma,
                                 float *dbeta, void *packed, double *partials)
{
    struct pass p = {w, true, true, static_cast<uint16_t *>(packed), partials, NULL, 0};
    (streams_are_int16() ? input_gradient<int16_format> : input_gradient<float_format>)(shape, norm->channels,
                                                                                        u, dy, du, &p);
    norm_reduce_sums(shape, norm_groups, norm->channels, p.groups, p.reduced, dgamma, dbeta,
                     norm->corrections);
    norm_correct(shape, norm->channels, norm->corrections, u, du);
}
