/* The gradient of the convolution's weights in the residual branch, on tensor cores: bf16 operands, fp32 sums.
 *
 *     dw[o][i][tap] += sum over the voxels v of bf16(a[v + tap][i]) bf16(dy[v][o]),  a = LeakyReLU(norm(u))
 *
 * A tap is a matrix product of input times output channels, summed along the voxels, 32 x 32 of them a block: more
 * channels are so many pairs of slices, each with blocks of its own. `a` is recomputed from u as that is loaded, and
 * never stored.
 *
 * A block walks over its share of the tiles, 16 x 3 x 4 voxels (x, y, z) each, and keeps the sums of all taps
 * in registers: its nine warps take one pair of y and x offsets each, with the three z offsets, so that a row
 * of `a` read from shared memory serves three slices in turn. While the warps multiply one tile, they load
 * the next into a second buffer, piece by piece. Two buffers take 92 KiB of shared memory: cards that have 99
 * KiB for a block can run it, too.
 *
 * The shares depend on the shape alone. Each block stores its sums, and these are added up in order. */
#include "kernels/cuda/branch_fused_tile.h"
#include "kernels/cuda/branch_fused_weights.h"
#include "kernels/cuda/sums.h"
#include "kernels/cuda/tensor_core.h"

enum { TILE_X = 16, TILE_Y = 3, TILE_Z = 4, HALO_X = TILE_X + 2, HALO_Y = TILE_Y + 2, HALO_Z = TILE_Z + 2 };
enum { HALO_ROWS = HALO_X * HALO_Y * HALO_Z, TILE_ROWS = TILE_X * TILE_Y * TILE_Z };
enum {
    BUFFER_ROWS = HALO_ROWS + TILE_ROWS, /* of `a`, then of dy */
    WARPS = 9,
    THREADS = 32 * WARPS,
    PIECES = BUFFER_ROWS * CHUNKS,
    SHARED_BYTES = 2 * BUFFER_ROWS * WIDTH * 2 + WIDTH * (int)sizeof(struct norm_channel)
};
enum { SUMS = TAPS * WIDTH * WIDTH };

/* BLOCKS_MAX, of all pairs of slices together, is a multiple of the multiprocessors of an H100 (132), and nearly one
 * of an A100's (108). A block with fewer tiles than SHARE_MIN would write more sums than it reads numbers. */
enum { BLOCKS_MAX = 528, SHARE_MIN = 4 /* tiles */ };

static_assert(PIECES <= TILE_Y * TILE_Z * THREADS,
              "a thread loads a piece for each slice that it multiplies");

/* --- tiles --- */

struct tiling {
    struct shape shape;
    unsigned across, down, count;
};

static struct tiling tiling_of(struct shape s)
{
    struct tiling t = {s, (unsigned)(s.width + TILE_X - 1) / TILE_X,
                       (unsigned)(s.height + TILE_Y - 1) / TILE_Y, (unsigned)(s.depth + TILE_Z - 1) / TILE_Z};
    t.count *= t.across * t.down;
    return t;
}

/* The first tile of a block's share; of the block after the last: the end. */
__device__ static inline unsigned share_begin(const struct tiling &t, unsigned block)
{
    return (unsigned)((size_t)t.count * block / gridDim.x);
}

/* --- slices of channels --- */

/* Of a block: the first of its input and of its output channels. */
struct slices {
    int in, out;
};

__device__ static inline struct slices slices_here(const struct shape &s)
{
    struct slices here = {(int)blockIdx.y / slices_of(s) * WIDTH, (int)blockIdx.y % slices_of(s) * WIDTH};
    return here;
}

/* --- loading --- */

/* Where a piece of a tile lies: eight channels of a voxel, of u or of dy; negative where there is none. */
__device__ static inline ptrdiff_t piece_at(const struct tiling &t, struct slices here, unsigned tile,
                                            int piece)
{
    int row = piece / CHUNKS, z = (int)(tile / t.across / t.down) * TILE_Z,
        y = (int)(tile / t.across % t.down) * TILE_Y, x = (int)(tile % t.across) * TILE_X;
    bool halo = row < HALO_ROWS;
    if (halo) {
        z += row / (HALO_X * HALO_Y) - 1, y += row / HALO_X % HALO_Y - 1, x += row % HALO_X - 1;
    } else {
        row -= HALO_ROWS;
        z += row / (TILE_X * TILE_Y), y += row / TILE_X % TILE_Y, x += row % TILE_X;
    }
    const struct shape &s = t.shape;
    int channel = (halo ? here.in : here.out) + piece % CHUNKS * 8;
    if (z < 0 || z >= s.depth || y < 0 || y >= s.height || x < 0 || x >= s.width ||
        channel >= padded(s.channels))
        return -1;
    return (ptrdiff_t)row_at(s, z, y, x) + channel;
}

/* Loaded, not yet stored into a buffer. */
struct piece {
    struct eight values;
    bool inside;
};

template <class STREAM, class GRADIENT>
__device__ static inline struct piece load_piece(const struct tiling &t, struct slices here, unsigned tile,
                                                 int n, const STREAM *u, const GRADIENT *dy)
{
    struct piece p = {};
    ptrdiff_t at = n < PIECES ? piece_at(t, here, tile, n) : -1;
    p.inside = at >= 0;
    if (p.inside)
        p.values = n / CHUNKS < HALO_ROWS ? load_eight(u + at) : load_eight(dy + at);
    return p;
}

/* Into the buffer, normalised if it is of u. Outside the grid, and in channels that are none, `a` is zero. */
__device__ static inline void store_piece(const struct piece &p, int n, const struct norm_channel *norm,
                                          uint16_t *buffer)
{
    int row = n / CHUNKS, chunk = n % CHUNKS;
    if (n >= PIECES)
        return;
    *reinterpret_cast<uint4 *>(buffer + chunk_at(row, chunk)) =
        bf16_chunk(p.inside && row < HALO_ROWS ? activated_eight(p.values, norm + 8 * chunk) : p.values);
}

/* --- the product --- */

/* Sums of a warp's three taps: [z offset][16 input channels][8 output channels][fragment] */
enum { OFFSETS = 3, IN_GROUPS = WIDTH / 16, OUT_GROUPS = WIDTH / 8 };
typedef float warp_sums[OFFSETS][IN_GROUPS][OUT_GROUPS][4];

/* In both operands a row is a voxel, where the product wants a row to be a channel: matrices are transposed
 * as they are read. Sixteen voxels from row `first` on. */

__device__ static inline void read_activated(const uint16_t *buffer, int first, unsigned (&a)[IN_GROUPS][4])
{
    int lane = (int)threadIdx.x % 32;
#pragma unroll
    for (int group = 0; group < IN_GROUPS; group++)
        load_matrices_transposed(
            a[group], buffer + chunk_at(first + lane / 16 * 8 + lane % 8, 2 * group + lane / 8 % 2));
}

__device__ static inline void multiply_slice(const unsigned (&a)[IN_GROUPS][4],
                                             const unsigned (&b)[OUT_GROUPS / 2][4],
                                             float (&sums)[IN_GROUPS][OUT_GROUPS][4])
{
#pragma unroll
    for (int in = 0; in < IN_GROUPS; in++)
#pragma unroll
        for (int out = 0; out < OUT_GROUPS; out++)
            multiply_add_16x8x16(sums[in][out], a[in], b[out / 2][out % 2 * 2], b[out / 2][out % 2 * 2 + 1]);
}

/* Adds a tile's products to the sums, and loads the next tile if there is one. */
template <class STREAM, class GRADIENT>
__device__ static inline void walk_tile(const struct tiling &t, struct slices here, unsigned next,
                                        bool any_next, const STREAM *u, const GRADIENT *dy,
                                        const struct norm_channel *norm, const uint16_t *now, uint16_t *later,
                                        warp_sums &sums)
{
    int warp = (int)threadIdx.x / 32;
    for (int row = 0; row < TILE_Y; row++) {
        int halo = (row + warp / 3) * HALO_X + warp % 3, tile = HALO_ROWS + row * TILE_X;
        unsigned a[HALO_Z][IN_GROUPS][4];
#pragma unroll
        for (int z = 0; z < OFFSETS - 1; z++)
            read_activated(now, halo + z * HALO_X * HALO_Y, a[z]);
#pragma unroll
        for (int z = 0; z < TILE_Z; z++) {
            int n = (row * TILE_Z + z) * THREADS + (int)threadIdx.x;
            struct piece piece = {};
            if (any_next)
                piece = load_piece(t, here, next, n, u, dy);
            unsigned b[OUT_GROUPS / 2][4];
            read_transposed(now, tile + z * TILE_X * TILE_Y, b);
            read_activated(now, halo + (z + OFFSETS - 1) * HALO_X * HALO_Y, a[z + OFFSETS - 1]);
#pragma unroll
            for (int offset = 0; offset < OFFSETS; offset++)
                multiply_slice(a[z + offset], b, sums[offset]);
            if (any_next)
                store_piece(piece, n, norm, later);
        }
    }
}

/* partials[block][pair of slices][27][in 32][out 32] */
__device__ static inline void store_sums(const warp_sums &sums, float *partials)
{
    int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32;
#pragma unroll
    for (int offset = 0; offset < OFFSETS; offset++)
#pragma unroll
        for (int in = 0; in < IN_GROUPS; in++)
#pragma unroll
            for (int out = 0; out < OUT_GROUPS; out++) {
                const float(&d)[4] = sums[offset][in][out];
                int channel = 16 * in + lane / 4;
                float *to = partials + ((size_t)blockIdx.x * gridDim.y + blockIdx.y) * SUMS +
                            ((offset * 9 + warp) * WIDTH + channel) * WIDTH + 8 * out + lane % 4 * 2;
                *reinterpret_cast<float2 *>(to) = make_float2(d[0], d[1]);
                *reinterpret_cast<float2 *>(to + 8 * WIDTH) = make_float2(d[2], d[3]);
            }
}

/* Blocks: shares x pairs of slices. */
template <class F>
__global__ void __launch_bounds__(THREADS, 1)
    branch_fused_weights_kernel(struct tiling t, const struct norm_channel *norm, const typename F::stream *u,
                                const typename F::gradient *dy, float *partials)
{
    GPU_SHARED(uint16_t, buffers);
    struct norm_channel *shared_norm =
        reinterpret_cast<struct norm_channel *>(buffers + 2 * BUFFER_ROWS * WIDTH);
    unsigned tile = share_begin(t, blockIdx.x), end = share_begin(t, blockIdx.x + 1);
    struct slices here = slices_here(t.shape);
    warp_sums sums = {};
    if (threadIdx.x < WIDTH && here.in + (int)threadIdx.x < padded(t.shape.channels))
        shared_norm[threadIdx.x] = norm[here.in + (int)threadIdx.x];
    __syncthreads();
    for (int n = (int)threadIdx.x; n < PIECES; n += THREADS)
        store_piece(load_piece(t, here, tile, n, u, dy), n, shared_norm, buffers);
    for (int turn = 0; tile < end; tile++, turn = 1 - turn) {
        __syncthreads(); /* this tile is in its buffer, and no warp reads the tile before it any more */
        walk_tile(t, here, tile + 1, tile + 1 < end, u, dy, shared_norm, buffers + turn * BUFFER_ROWS * WIDTH,
                  buffers + (1 - turn) * BUFFER_ROWS * WIDTH, sums);
    }
    store_sums(sums, partials);
}

/* dw, plain [channels][channels][27], += totals [pair of slices][27][in 32][out 32]; one thread an element of dw */
__global__ void branch_fused_add_weights_kernel(int channels, int slices, const double *totals, float *dw)
{
    int n = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    int tap = n % TAPS, in = n / TAPS % channels, out = n / TAPS / channels;
    int pair = in / WIDTH * slices + out / WIDTH;
    if (out < channels)
        dw[n] =
            (float)((double)dw[n] + totals[((pair * TAPS + tap) * WIDTH + in % WIDTH) * WIDTH + out % WIDTH]);
}

/* --- from the host --- */

static unsigned pairs_of(struct shape s)
{
    return (unsigned)(slices_of(s) * slices_of(s));
}

/* For each pair of slices. */
static unsigned blocks_of(struct shape s)
{
    unsigned blocks = (tiling_of(s).count + SHARE_MIN - 1) / SHARE_MIN, most = BLOCKS_MAX / pairs_of(s);
    return blocks < most ? blocks : most;
}

/* The totals, and the sums of the blocks behind them. */
size_t branch_fused_weights_partials_bytes(struct shape shape)
{
    return pairs_of(shape) * SUMS * (sizeof(double) + (size_t)blocks_of(shape) * sizeof(float));
}

template <class F>
static void launch(struct shape shape, const struct norm_channel *norm, const float *u, const float *dy,
                   float *of_blocks)
{
    gpu_allow_shared(reinterpret_cast<const void *>(branch_fused_weights_kernel<F>), SHARED_BYTES);
    GPU_LAUNCH(branch_fused_weights_kernel<F>, dim3(blocks_of(shape), pairs_of(shape)), dim3(THREADS),
               SHARED_BYTES, tiling_of(shape), norm, stored<typename F::stream>(u),
               stored<typename F::gradient>(dy), of_blocks);
}

void branch_fused_weight_gradient(struct shape shape, const struct norm_channel *norm, const float *u,
                                  const float *dy, float *dw, double *partials)
{
    int sums = (int)pairs_of(shape) * SUMS;
    float *of_blocks = reinterpret_cast<float *>(partials + sums);
    (streams_are_int16() ? launch<int16_format> : launch<float_format>)(shape, norm, u, dy, of_blocks);
    sums_reduce_floats(blocks_of(shape), sums, of_blocks, partials);
    GPU_LAUNCH(branch_fused_add_weights_kernel,
               dim3((unsigned)(shape.channels * shape.channels * TAPS + 255) / 256), dim3(256), 0,
               shape.channels, slices_of(shape), partials, dw);
}
