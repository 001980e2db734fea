/* The gradients of a step from a coarse level to a finer one in one kernel: see up_fused.h.
 *
 *     g = upsample^T(dy),  dx[v][i] = sum over o of g[v][o] w[o][i]
 *     dw[o][i] += sum over v of g[v][o] x[v][i],  db[o] += sum over v of g[v][o]
 *
 * A block goes along z over 4 x 4 coarse voxels (y, x). For each coarse plane a thread gathers four channels of g
 * of one voxel, from two new fine planes and the last two; they lie in shared memory as two bf16, high + low. Then
 * each warp makes 16 channels of dx and, from the same g and its own 16 channels of x, of dw, whose sums stay in
 * registers to the end. */
#include "kernels/cuda/halves_product.h"
#include "kernels/cuda/streams.h"
#include "kernels/cuda/up_fused.h"
#include "kernels/cuda/upsample_taps.h"

enum { SIDE = 4, VOXELS = SIDE * SIDE, OUTS = UP_FUSED_OUTS, INS = UP_FUSED_INS, QUADS = OUTS / 4 };
enum { WARPS = INS / 16, THREADS = 32 * WARPS, CHUNKS = OUTS / 16, BLOCKS_ON_MULTIPROCESSOR = 2 };
static_assert(VOXELS == 16 && VOXELS * QUADS == (int)THREADS, "a thread owns one quad of one voxel");

enum { PLANES_MAX = 48 /* in a block */ };

/* g in shared memory: [16 voxels][STRIDE]. Two planes in turn need one barrier each. */
enum { STRIDE = OUTS + 8, HALF = VOXELS * STRIDE, PLANE = 2 * HALF };

/* Weights in shared memory, as load_fragments leaves them: two fragments of eight inputs a warp. */
enum { WEIGHTS = WARPS * CHUNKS * 2 * 32 };

/* With the sums of g over z below: what a kernel gets unasked. */
enum { SHARED = WEIGHTS * sizeof(uint4) + 2 * PLANE * sizeof(uint16_t) + VOXELS * OUTS * sizeof(float) };
static_assert((int)SHARED <= 48 << 10, "");

static const struct conv1_slices slices = {1, INS, OUTS};

struct tiling {
    struct shape coarse, fine;
    int across, down, deep; /* tiles along x, y and z */
    int planes;             /* of a tile */
};

static struct tiling tiling_of(struct shape coarse, struct shape fine)
{
    struct tiling t = {coarse, fine, (coarse.width + SIDE - 1) / SIDE, (coarse.height + SIDE - 1) / SIDE,
                       0,      0};
    t.deep = (coarse.depth + PLANES_MAX - 1) / PLANES_MAX;
    t.planes = (coarse.depth + t.deep - 1) / t.deep;
    return t;
}

static unsigned tiles(const struct tiling &t)
{
    return (unsigned)(t.across * t.down * t.deep);
}

/* --- g --- */

/* Where a thread gathers, and what dy's columns there weigh: nothing outside the grid. What its lines weigh follows
 * from y, each time: registers are scarce. */
struct gather {
    int first; /* floats from dy to its quad in the fine voxel 0, 2 y - 1, 2 x - 1 */
    int y;     /* of its coarse voxel */
    float across[4];
};

__device__ static inline struct gather gather_of(const struct tiling &t, int y, int x, int place)
{
    ptrdiff_t stream = place_at(t.fine, place);
    bool inside = stream >= 0 && y < t.coarse.height && x < t.coarse.width;
    struct gather g;
    g.y = y;
    g.first = (int)stream + ((2 * y - 1) * t.fine.width + 2 * x - 1) * padded(t.fine.channels);
#pragma unroll
    for (int i = 0; i < 4; i++)
        g.across[i] = inside ? given(x, i, t.coarse.width) : 0;
    return g;
}

/* The sum over the lines and columns of a fine plane; 0 where there is none. */
template <class GRADIENT>
__device__ static inline float4 gather_plane(const struct tiling &t, const struct gather &g, int z,
                                             const GRADIENT *dy)
{
    float4 sum = make_float4(0, 0, 0, 0);
    if (z < 0 || z >= t.fine.depth)
        return sum;
    ptrdiff_t row = padded(t.fine.channels), line = t.fine.width * row,
              first = g.first + (ptrdiff_t)z * t.fine.height * line;
#pragma unroll
    for (int y = 0; y < 4; y++) {
        float4 value[4];
        float down = given(g.y, y, t.coarse.height);
#pragma unroll
        for (int x = 0; x < 4; x++)
            value[x] = down != 0 && g.across[x] != 0 ? load4(dy + (first + y * line + x * row))
                                                     : make_float4(0, 0, 0, 0);
#pragma unroll
        for (int x = 0; x < 4; x++)
            sum = add_scaled(sum, down * g.across[x], value[x]);
    }
    return sum;
}

/* --- the products of a warp --- */

typedef float weight_sums[CHUNKS][2][4];

/* dw += ; b: the plane's 16 voxels of x, eight inputs a half */
__device__ static inline void weight_product(const uint16_t *g, const uint4 (&b)[2], weight_sums &sums)
{
    int lane = (int)threadIdx.x % 32;
    const uint16_t *row = g + (lane % 8 + lane / 16 * 8) * STRIDE + lane / 8 % 2 * 8;
#pragma unroll
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
        unsigned high[4], low[4];
        load_matrices_transposed(high, row + chunk * 16);
        load_matrices_transposed(low, row + HALF + chunk * 16);
#pragma unroll
        for (int half = 0; half < 2; half++)
            multiply_halves(sums[chunk][half], high, low, b[half]);
    }
}

/* --- the kernel --- */

/* A channel of four of the block's 16 voxels: `voxel`, the next along x, and both two lines on. */
struct square {
    ptrdiff_t first;  /* floats from a plane of the first stream to `voxel` */
    unsigned present; /* bits: which of the four exist */
};

__device__ static inline struct square square_of(const struct shape &s, int place, int y, int x, int voxel)
{
    ptrdiff_t stream = place_at(s, place);
    int vy = y + voxel / SIDE, vx = x + voxel % SIDE;
    struct square q = {stream + ((ptrdiff_t)vy * s.width + vx) * padded(s.channels), 0};
    for (int n = 0; n < 4; n++)
        if (stream >= 0 && vy + n / 2 * 2 < s.height && vx + n % 2 < s.width)
            q.present |= 1u << n;
    return q;
}

template <class F>
__global__ void __launch_bounds__(THREADS, BLOCKS_ON_MULTIPROCESSOR)
    up_fused_backward_kernel(struct tiling t, const typename F::stream *x, const float *w,
                             const typename F::gradient *dy, typename F::gradient *dx, float *partials)
{
    GPU_SHARED(uint4, weights);
    uint16_t *planes = reinterpret_cast<uint16_t *>(weights + WEIGHTS);
    float *block_totals = reinterpret_cast<float *>(planes + 2 * PLANE); /* of g: [voxel][OUTS] */
    const int tile = (int)blockIdx.x, warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32,
              quad = (int)threadIdx.x % QUADS, voxel = (int)threadIdx.x / QUADS;
    const int first_x = tile % t.across * SIDE, first_y = tile / t.across % t.down * SIDE,
              first_z = tile / t.across / t.down * t.planes, left = t.coarse.depth - first_z,
              end = first_z + (left < t.planes ? left : t.planes);
    const int row = padded(t.coarse.channels), line = t.coarse.width * row;
    const ptrdiff_t plane = (ptrdiff_t)t.coarse.height * line;
    const struct gather from = gather_of(t, first_y + voxel / SIDE, first_x + voxel % SIDE, quad * 4);
    const struct square read[2] = {square_of(t.coarse, warp * 16 + lane / 4, first_y, first_x, lane % 4 * 2),
                                   square_of(t.coarse, warp * 16 + 8 + lane / 4, first_y, first_x,
                                             lane % 4 * 2)},
                        written = square_of(t.coarse, warp * 16 + lane % 4 * 4, first_y, first_x, lane / 4);
    float *totals = block_totals + voxel * OUTS + quad * 4; /* the thread's own */
    weight_sums sums = {};
    store4(totals, make_float4(0, 0, 0, 0));
    float4 before[2] = {gather_plane(t, from, 2 * first_z - 1, dy), gather_plane(t, from, 2 * first_z, dy)};
    load_fragments<CHUNKS, 2>(weights_transposed(t.coarse, t.fine), 0, WARPS, w, weights);
    for (int z = first_z; z < end; z++) {
        uint16_t *g = planes + z % 2 * PLANE;
        float4 sum = make_float4(0, 0, 0, 0);
        sum = add_scaled(sum, given(z, 0, t.coarse.depth), before[0]);
        sum = add_scaled(sum, given(z, 1, t.coarse.depth), before[1]);
        before[0] = gather_plane(t, from, 2 * z + 1, dy);
        before[1] = gather_plane(t, from, 2 * z + 2, dy);
        sum = add_scaled(sum, given(z, 2, t.coarse.depth), before[0]);
        sum = add_scaled(sum, given(z, 3, t.coarse.depth), before[1]);
        store4(totals, add_scaled(load4(totals), 1, sum));
        struct halves front = halves_of(sum.x, sum.y), back = halves_of(sum.z, sum.w);
        uint16_t *mine = g + voxel * STRIDE + quad * 4;
        *reinterpret_cast<uint2 *>(mine) = make_uint2(front.high, back.high);
        *reinterpret_cast<uint2 *>(mine + HALF) = make_uint2(front.low, back.low);
        uint4 b[2];
#pragma unroll
        for (int half = 0; half < 2; half++) {
            float value[4];
#pragma unroll
            for (int i = 0; i < 4; i++)
                value[i] = read[half].present >> i & 1
                               ? load1(x + (read[half].first + z * plane + i / 2 * 2 * line + i % 2 * row))
                               : 0.0f;
            struct halves low = halves_of(value[0], value[1]), high = halves_of(value[2], value[3]);
            b[half] = make_uint4(low.high, high.high, low.low, high.low);
        }
        __syncthreads();
        float result[2][4] = {};
        rows_product<2>(CHUNKS, g, STRIDE, HALF, weights + warp * CHUNKS * 2 * 32, result);
#pragma unroll
        for (int i = 0; i < 2; i++) {
            if (written.present >> 2 * i & 1)
                store4(dx + (written.first + z * plane + i * 2 * line),
                       make_float4(result[0][2 * i], result[0][2 * i + 1], result[1][2 * i],
                                   result[1][2 * i + 1]));
        }
        weight_product(g, b, sums);
    }
    float *mine = partials + (size_t)blockIdx.x * (OUTS * INS + OUTS);
#pragma unroll
    for (int chunk = 0; chunk < CHUNKS; chunk++)
#pragma unroll
        for (int n = 0; n < 8; n++) {
            int half = n / 4, row = chunk * 16 + lane / 4 + (n >> 1 & 1) * 8,
                column = warp * 16 + half * 8 + lane % 4 * 2 + (n & 1);
            mine[row * INS + column] = sums[chunk][half][n % 4];
        }
    __syncthreads();
    if ((int)threadIdx.x < OUTS) {
        float sum = 0;
        for (int v = 0; v < VOXELS; v++)
            sum += block_totals[v * OUTS + (int)threadIdx.x];
        mine[OUTS * INS + (int)threadIdx.x] = sum;
    }
}

bool up_fused_backward_fits(enum precision precision, struct shape coarse, struct shape fine)
{
    return precision != PRECISION_FP32 && places(coarse) <= INS && places(fine) <= OUTS &&
           (size_t)fine.streams * stream_floats(fine) <= (size_t)INT32_MAX;
}

struct conv1_sums up_fused_take(struct scratch *scratch, struct shape coarse, struct shape fine)
{
    return conv1_sums_take(scratch, tiles(tiling_of(coarse, fine)), slices);
}

template <class F>
static void launch(const struct tiling &t, const float *x, const float *w, const float *dy, float *dx,
                   float *partials)
{
    typedef typename F::gradient gradient;
    GPU_LAUNCH(up_fused_backward_kernel<F>, dim3(tiles(t)), dim3(THREADS), SHARED, t,
               stored<typename F::stream>(x), w, stored<gradient>(dy), stored<gradient>(dx), partials);
}

void up_fused_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                       const float *dy, float *dx, float *dw, float *db, struct conv1_sums sums)
{
    struct tiling t = tiling_of(coarse, fine);
    (streams_are_int16() ? launch<int16_format> : launch<float_format>)(t, x, w, dy, dx, sums.partials);
    conv1_sums_add(&sums, tiles(t), slices, coarse, fine, dw, db);
}
