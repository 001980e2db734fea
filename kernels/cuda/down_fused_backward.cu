/* The gradients of a step from a fine level to a coarser one in one kernel: see down_fused.h.
 *
 *     p = pool(x),  dw[o][i] += sum over v of dy[v][o] p[v][i],  db[o] += sum over v of dy[v][o]
 *     g[v][i] = sum over o of dy[v][o] w[o][i],  dx += g[v] at the corner of v that has the maximum
 *
 * A block makes a slice of INS places of the input. For each coarse plane a lane pools those channels of two voxels
 * whose g it will hold, and keeps the corners; p and dy lie in shared memory as two bf16, high + low. Each warp then
 * multiplies sixteen voxels by a quarter of the slice, adds what it gets to dx, and multiplies its share of dw,
 * 32 outputs by 32 inputs, whose sums stay in registers to the end. */
#include "kernels/cuda/down_fused.h"
#include "kernels/cuda/down_fused_tile.h"

enum { PLANES_MAX = 48 /* in a block */, BLOCKS_ON_MULTIPROCESSOR = 2 };

/* Sizes of the kernel for OUTS places of dy: as many of x as leave 32 sums of dw a thread. */
template <int OUTS> struct backward_sizes {
    enum {
        INS = THREADS * 32 / OUTS,
        FRAGMENTS = INS / GROUPS / 8, /* of eight inputs, a warp */
        CHANNELS = 2 * FRAGMENTS,     /* of g, side by side, a lane */
        CHUNKS = OUTS / 16,
        QUADS = OUTS / 4,
        LOADS = VOXELS * QUADS / THREADS, /* quads of dy a thread */
        EACH = THREADS / QUADS            /* voxels that are loaded at once */
    };
    /* In shared memory: weights as load_fragments leaves them, dy [VOXELS][DY_STRIDE], p [VOXELS][STRIDE], and each
     * thread's sums of its dy [EACH][OUTS]: registers are scarce. */
    enum {
        WEIGHTS = GROUPS * CHUNKS * FRAGMENTS * 32,
        DY_STRIDE = OUTS + 8,
        DY_HALF = VOXELS * DY_STRIDE,
        STRIDE = INS + 8,
        HALF = VOXELS * STRIDE,
        BYTES =
            WEIGHTS * sizeof(uint4) + 2 * (DY_HALF + HALF) * sizeof(uint16_t) + EACH * OUTS * sizeof(float)
    };
    static_assert((int)BYTES <= 99 << 10, "what every card that we support gives a block");
    static_assert(INS % 32 == 0 && OUTS / 32 * (INS / 32) == (int)WARPS, "a warp makes 32 x 32 of dw");
};

/* --- dy --- */

/* A quad of LOADS voxels of dy: voxel n + i EACH of the tile for i = 0, 1 ... */
struct column {
    int first;        /* floats from dy to the quad in the first voxel of a plane */
    unsigned present; /* bits */
};

template <int OUTS> __device__ static inline int line_at(int i)
{
    return i * backward_sizes<OUTS>::EACH / TILE_X;
}

template <int OUTS> __device__ static inline int across_at(int i)
{
    return i * backward_sizes<OUTS>::EACH % TILE_X;
}

template <int OUTS>
__device__ static inline struct column column_of(const struct tiling &t, const struct tile &at, int n,
                                                 int place)
{
    int stream = (int)place_at(t.coarse, place);
    struct column c = {stream + voxel_at(t.coarse, at.first_z, at.y, at.x + n), 0};
    for (int i = 0; i < backward_sizes<OUTS>::LOADS; i++)
        if (stream >= 0 && at.y + line_at<OUTS>(i) < t.coarse.height &&
            at.x + n + across_at<OUTS>(i) < t.coarse.width)
            c.present |= 1u << i;
    return c;
}

/* --- the products of a warp --- */

typedef float weight_sums[2][4][4]; /* [sixteen outputs][eight inputs][fragment] */

/* dw += , the warp's 32 outputs from `dy` on, its 32 inputs from `p` on. */
template <int OUTS>
__device__ static inline void weight_product(const uint16_t *dy, const uint16_t *p, weight_sums &sums)
{
    typedef struct backward_sizes<OUTS> S;
    int lane = (int)threadIdx.x % 32;
    const uint16_t *row = dy + (lane % 8 + lane / 16 * 8) * S::DY_STRIDE + lane / 8 % 2 * 8,
                   *column = p + lane % 16 * S::STRIDE + lane / 16 * 8;
#pragma unroll
    for (int chunk = 0; chunk < VOXELS / 16; chunk++) {
        unsigned b_high[2][4], b_low[2][4]; /* sixteen inputs each */
#pragma unroll
        for (int n = 0; n < 2; n++) {
            load_matrices_transposed(b_high[n], column + chunk * 16 * S::STRIDE + n * 16);
            load_matrices_transposed(b_low[n], column + S::HALF + chunk * 16 * S::STRIDE + n * 16);
        }
#pragma unroll
        for (int m = 0; m < 2; m++) {
            unsigned high[4], low[4];
            load_matrices_transposed(high, row + chunk * 16 * S::DY_STRIDE + m * 16);
            load_matrices_transposed(low, row + S::DY_HALF + chunk * 16 * S::DY_STRIDE + m * 16);
#pragma unroll
            for (int n = 0; n < 4; n++)
                multiply_halves(sums[m][n], high, low,
                                make_uint4(b_high[n / 2][n % 2 * 2], b_high[n / 2][n % 2 * 2 + 1],
                                           b_low[n / 2][n % 2 * 2], b_low[n / 2][n % 2 * 2 + 1]));
        }
    }
}

/* --- unpooling --- */

/* dx, whose first corner is at `first`, += g where the maximum was. Corners without one are not touched. */
template <int CHANNELS, class GRADIENT>
__device__ static inline void unpool(const struct shape &fine, unsigned where, const float (&g)[CHANNELS],
                                     GRADIENT *first)
{
    float values[8][CHANNELS] = {};
    bool touched[8] = {};
#pragma unroll
    for (int corner = 0; corner < 8; corner++) {
#pragma unroll
        for (int c = 0; c < CHANNELS; c++)
            touched[corner] |= stands_at(where, c, (unsigned)corner);
        if (touched[corner])
            load_channels(first + corner_at(fine, corner), values[corner]);
    }
#pragma unroll
    for (int corner = 0; corner < 8; corner++) {
        if (!touched[corner])
            continue;
#pragma unroll
        for (int c = 0; c < CHANNELS; c++)
            if (stands_at(where, c, (unsigned)corner))
                values[corner][c] += g[c];
        store_channels(first + corner_at(fine, corner), values[corner]);
    }
}

/* --- the kernel --- */

/* partials: see conv1.h */
template <int OUTS, class F>
__global__ void __launch_bounds__(THREADS, BLOCKS_ON_MULTIPROCESSOR)
    down_fused_backward_kernel(struct tiling t, const typename F::stream *x, const float *w,
                               const typename F::gradient *dy, typename F::gradient *dx, float *partials)
{
    typedef struct backward_sizes<OUTS> S;
    GPU_SHARED(uint4, weights);
    uint16_t *gradient = reinterpret_cast<uint16_t *>(weights + S::WEIGHTS),
             *pooled = gradient + 2 * S::DY_HALF;
    float *totals = reinterpret_cast<float *>(pooled + 2 * S::HALF);
    const struct tile at = tile_of(t);
    const int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32, group = warp / HALVES,
              line = warp % HALVES * 2, /* of the warp's first eight voxels */
        quad = (int)threadIdx.x % S::QUADS, voxel = (int)threadIdx.x / S::QUADS;
    const int mine = group * 8 * S::FRAGMENTS + lane % 4 * S::CHANNELS; /* in the slice */
    const int stream = (int)place_at(t.fine, at.slice * S::INS + mine);
    int cell = stream + voxel_at(t.fine, 2 * at.first_z, 2 * (at.y + line), 2 * (at.x + lane / 4));
    const bool inside = stream >= 0 && at.x + lane / 4 < t.coarse.width;
    struct column read = column_of<OUTS>(t, at, voxel, quad * 4);
    const int outs = warp / (S::INS / 32) * 32, ins = warp % (S::INS / 32) * 32; /* its share of dw */
    float *total = totals + voxel * OUTS + quad * 4;                             /* of the thread's dy */
    weight_sums sums = {};
    store4(total, make_float4(0, 0, 0, 0));
    load_fragments<S::CHUNKS, S::FRAGMENTS>(weights_transposed(t.fine, t.coarse), at.slice * S::INS, GROUPS,
                                            w, weights);
    for (int z = at.first_z; z < at.end_z;
         z++, cell += voxel_at(t.fine, 2, 0, 0), read.first += voxel_at(t.coarse, 1, 0, 0)) {
        struct maximum<S::CHANNELS> cells[2];
        float values[S::LOADS][4] = {};
#pragma unroll
        for (int i = 0; i < 2; i++)
            cells[i] = pool<S::CHANNELS>(t.fine, x + (cell + voxel_at(t.fine, 0, 2 * i, 0)),
                                         inside && at.y + line + i < t.coarse.height);
#pragma unroll
        for (int i = 0; i < S::LOADS; i++)
            if (read.present >> i & 1)
                load_channels(dy + (read.first + voxel_at(t.coarse, 0, line_at<OUTS>(i), across_at<OUTS>(i))),
                              values[i]);
        __syncthreads();
#pragma unroll
        for (int i = 0; i < 2; i++)
            store_halves(pooled + ((line + i) * TILE_X + lane / 4) * S::STRIDE + mine, S::HALF,
                         cells[i].most);
        const unsigned where = cells[0].where | cells[1].where << 16;
        float sum[4];
        load_channels(total, sum);
#pragma unroll
        for (int i = 0; i < S::LOADS; i++) {
            store_halves(gradient + (voxel + i * S::EACH) * S::DY_STRIDE + quad * 4, S::DY_HALF, values[i]);
#pragma unroll
            for (int c = 0; c < 4; c++)
                sum[c] += values[i][c];
        }
        store_channels(total, sum);
        __syncthreads();
        if (at.slice * S::INS + group * 8 * S::FRAGMENTS < places(t.fine)) {
            float result[S::FRAGMENTS][4] = {};
            rows_product<S::FRAGMENTS>((places(t.coarse) + 15) / 16, gradient + line * TILE_X * S::DY_STRIDE,
                                       S::DY_STRIDE, S::DY_HALF,
                                       weights + group * S::CHUNKS * S::FRAGMENTS * 32, result);
#pragma unroll
            for (int i = 0; i < 2; i++) {
                float g[S::CHANNELS];
#pragma unroll
                for (int c = 0; c < S::CHANNELS; c++)
                    g[c] = result[c / 2][2 * i + c % 2];
                if (inside && at.y + line + i < t.coarse.height)
                    unpool(t.fine, where >> 16 * i, g, dx + (cell + voxel_at(t.fine, 0, 2 * i, 0)));
            }
        }
        if (outs < places(t.coarse) && at.slice * S::INS + ins < places(t.fine))
            weight_product<OUTS>(gradient + outs, pooled + ins, sums);
    }
    float *to = partials + (size_t)blockIdx.x * (OUTS * S::INS + OUTS);
#pragma unroll
    for (int m = 0; m < 2; m++)
#pragma unroll
        for (int n = 0; n < 4; n++)
#pragma unroll
            for (int e = 0; e < 4; e += 2) {
                int row = outs + m * 16 + lane / 4 + e / 2 * 8, column = ins + n * 8 + lane % 4 * 2;
                *reinterpret_cast<float2 *>(to + row * S::INS + column) =
                    make_float2(sums[m][n][e], sums[m][n][e + 1]);
            }
    __syncthreads();
    if ((int)threadIdx.x < OUTS) {
        float sum = 0;
        for (int v = 0; v < S::EACH; v++)
            sum += totals[v * OUTS + (int)threadIdx.x];
        to[OUTS * S::INS + (int)threadIdx.x] = sum;
    }
}

/* --- the launch --- */

enum { NARROW = 128, WIDE = DOWN_FUSED_OUTS };

static bool is_narrow(struct shape coarse)
{
    return places(coarse) <= NARROW;
}

static struct conv1_slices slices_of(struct shape fine, struct shape coarse)
{
    struct conv1_slices s = {0, backward_sizes<WIDE>::INS, WIDE};
    if (is_narrow(coarse))
        s.ins = backward_sizes<NARROW>::INS, s.outs = NARROW;
    s.slices = (places(fine) + s.ins - 1) / s.ins;
    return s;
}

template <int OUTS, class F>
static void launch(const struct tiling &t, const float *x, const float *w, const float *dy, float *dx,
                   float *partials)
{
    typedef struct backward_sizes<OUTS> S;
    typedef typename F::gradient gradient;
    gpu_allow_shared(reinterpret_cast<const void *>(down_fused_backward_kernel<OUTS, F>), S::BYTES);
    GPU_LAUNCH((down_fused_backward_kernel<OUTS, F>), dim3(tiles(t) * (unsigned)t.slices), dim3(THREADS),
               S::BYTES, t, stored<typename F::stream>(x), w, stored<gradient>(dy), stored<gradient>(dx),
               partials);
}

bool down_fused_backward_fits(enum precision precision, struct shape fine, struct shape coarse)
{
    return down_fused_fits(precision, fine, coarse) && places(coarse) <= DOWN_FUSED_OUTS;
}

struct conv1_sums down_fused_take(struct scratch *scratch, struct shape fine, struct shape coarse)
{
    struct conv1_slices slices = slices_of(fine, coarse);
    return conv1_sums_take(scratch, tiles(tiling_within(PLANES_MAX, fine, coarse, slices.slices)), slices);
}

void down_fused_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                         const float *dy, float *dx, float *dw, float *db, struct conv1_sums sums)
{
    struct conv1_slices slices = slices_of(fine, coarse);
    struct tiling t = tiling_within(PLANES_MAX, fine, coarse, slices.slices);
    bool narrow = is_narrow(coarse), int16 = streams_are_int16();
    (narrow  ? int16 ? launch<NARROW, int16_format> : launch<NARROW, float_format>
      : int16 ? launch<WIDE, int16_format>
             : launch<WIDE, float_format>)(t, x, w, dy, dx, sums.partials);
    conv1_sums_add(&sums, tiles(t), slices, fine, coarse, dw, db);
}
