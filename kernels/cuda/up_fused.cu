/* From a coarse level to a finer one in one kernel: see up_fused.h.
 *
 *     u = w x + b,  y += sign upsample(u)
 *
 * A cell lies between neighbouring coarse voxels k and k + 1 of each axis, k = -1 .. n - 1, indices clamped to
 * the grid. It holds the fine voxels 2 k + 1 = 3/4 u[k] + 1/4 u[k + 1] and 2 k + 2 = 1/4 u[k] + 3/4 u[k + 1];
 * at a border those of them that exist.
 *
 * A block makes 32 output channels of 4 x 8 cells (y, x) and goes along z. For each coarse plane, six warps
 * multiply its 5 x 9 voxels into shared memory; then each thread interpolates four channels of one cell in the
 * plane, and between this plane and the last. Two planes in turn need one barrier each. The weights stay. */
#include "kernels/cuda/layout.h"
#include "kernels/cuda/streams.h"
#include "kernels/cuda/sums.h"
#include "kernels/cuda/tensor_core.h"
#include "kernels/cuda/up_fused.h"

enum { CELLS_Y = 4, CELLS_X = 8, LINE = CELLS_X + 1, VALUES = (CELLS_Y + 1) * LINE };
enum {
    SLICE = 32 /* output channels */,
    QUADS = SLICE / 4,
    GROUPS = SLICE / 8,
    WARPS = 8,
    THREADS = 32 * WARPS
};
enum { PAIRS_MAX = 16 /* of planes, in a block */, BLOCKS_ON_MULTIPROCESSOR = 2 };
static_assert(CELLS_Y * CELLS_X * QUADS == (int)THREADS, "a thread owns one quad of one cell");

/* A plane of u in shared memory: [ROWS voxels][STRIDE]. Rows are multiplied in sixteens; the last three repeat the
 * last voxel. The stride lets four neighbouring rows be stored into different banks. */
enum { TILES = (VALUES + 15) / 16, ROWS = 16 * TILES, STRIDE = SLICE + 8, PLANE = ROWS * STRIDE };
static_assert(2 * (int)TILES <= (int)WARPS, "a warp multiplies sixteen rows by half of the channels");

/* Weights in shared memory: [chunk of 16 inputs][group of 8 outputs][lane]. A lane's four inputs 4 (lane % 4) ..
 * stand side by side in x: they are the fragment's 2 (lane % 4) + {0, 1, 8, 9}, and the sum does not mind. At most
 * CHUNKS_MAX chunks: with the planes 47 KiB, what a kernel gets unasked. */
enum { CHUNKS_MAX = 16, CHUNK = GROUPS * 32 };
static_assert(CHUNKS_MAX * CHUNK * sizeof(uint4) + 2 * PLANE * sizeof(float) <= 48 << 10, "");

struct tiling {
    struct shape coarse, fine;
    int chunks;             /* of one stream of x */
    int slices;             /* of all streams of y; they are neighbouring blocks and share x in the cache */
    int across, down, deep; /* tiles along x, y and z */
    int pairs;              /* of planes in a tile: planes k and k + 1, k = -1 .. depth - 1 */
};

static struct tiling tiling_of(struct shape coarse, struct shape fine)
{
    struct tiling t = {coarse, fine, (padded(coarse.channels) + 15) / 16, 0, 0, 0, 0, 0};
    t.slices = fine.streams * ((padded(fine.channels) + SLICE - 1) / SLICE);
    t.across = (coarse.width + CELLS_X) / CELLS_X;
    t.down = (coarse.height + CELLS_Y) / CELLS_Y;
    t.deep = (coarse.depth + PAIRS_MAX) / PAIRS_MAX;
    t.pairs = (coarse.depth + t.deep) / t.deep;
    return t;
}

static size_t tiles(const struct tiling &t)
{
    return (size_t)t.across * (size_t)t.down * (size_t)t.deep;
}

/* Where a block works: the first output channel of its slice, in a stream, and its first cell. */
struct tile {
    int stream, channel;
    int z, y, x;
};

__device__ static inline struct tile tile_of(const struct tiling &t)
{
    int slice = (int)(blockIdx.x % (unsigned)t.slices), n = (int)(blockIdx.x / (unsigned)t.slices),
        in_stream = t.slices / t.fine.streams;
    struct tile at = {slice / in_stream, slice % in_stream * SLICE, n / t.across / t.down * t.pairs - 1,
                      n / t.across % t.down * CELLS_Y - 1, n % t.across * CELLS_X - 1};
    return at;
}

__device__ static inline int clamped(int k, int n)
{
    return k < 0 ? 0 : k < n ? k : n - 1;
}

/* --- the product --- */

/* w, plain [out][in], of the block's slice; zeros for padding */
__device__ static inline void load_weights(const struct tiling &t, const struct tile &at, const float *w,
                                           uint4 *to)
{
    int row = t.coarse.streams * t.coarse.channels;
    for (int n = (int)threadIdx.x; n < t.coarse.streams * t.chunks * CHUNK; n += THREADS) {
        int lane = n % 32, out = at.channel + n / 32 % GROUPS * 8 + lane / 4, stream = n / CHUNK / t.chunks,
            in = n / CHUNK % t.chunks * 16 + lane % 4 * 4;
        const float *from = w + (size_t)(at.stream * t.fine.channels + out) * (size_t)row +
                            (size_t)(stream * t.coarse.channels + in);
        float value[4];
#pragma unroll
        for (int c = 0; c < 4; c++)
            value[c] = out < t.fine.channels && in + c < t.coarse.channels ? from[c] : 0.0f;
        struct halves front = halves_of(value[0], value[1]), back = halves_of(value[2], value[3]);
        to[n] = make_uint4(front.high, back.high, front.low, back.low);
    }
}

/* A warp's share of each plane: sixteen of its rows, 16 of the slice's channels. */
struct share {
    unsigned row[2]; /* floats from a plane of x to the lane's quad in its two rows */
    int quad, place; /* first channel of that quad; floats from a plane of u to the lane's first result */
    int group;       /* of 8 outputs, the first of two */
    float bias[2][2];
};

__device__ static inline struct share share_of(const struct tiling &t, const struct tile &at, const float *b)
{
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32, first = warp / 2 * 16 + lane / 4;
    struct share s;
    s.quad = lane % 4 * 4;
    s.group = warp % 2 * 2;
    s.place = first * STRIDE + s.group * 8 + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        int value = first + 8 * i < VALUES ? first + 8 * i : VALUES - 1;
        int y = clamped(at.y + value / LINE, t.coarse.height),
            x = clamped(at.x + value % LINE, t.coarse.width);
        s.row[i] = (unsigned)((y * t.coarse.width + x) * padded(t.coarse.channels) + s.quad);
#pragma unroll
        for (int c = 0; c < 2; c++) {
            int out = at.channel + (s.group + i) * 8 + lane % 4 * 2 + c;
            s.bias[i][c] = out < t.fine.channels ? b[at.stream * t.fine.channels + out] : 0.0f;
        }
    }
    return s;
}

/* Sixteen rows by sixteen inputs. */
struct operand {
    unsigned high[4], low[4];
};

__device__ static inline struct operand operand_from(float4 upper, float4 lower)
{
    struct halves a = halves_of(upper.x, upper.y), b = halves_of(lower.x, lower.y),
                  c = halves_of(upper.z, upper.w), d = halves_of(lower.z, lower.w);
    return {{a.high, b.high, c.high, d.high}, {a.low, b.low, c.low, d.low}};
}

/* u = w x + b, the warp's share of the plane at z */
template <class STREAM>
__device__ static inline void multiply(const struct tiling &t, const struct share &s, int z, const STREAM *x,
                                       const uint4 *weights, float *plane)
{
    size_t width = (size_t)padded(t.coarse.channels),
           voxels = (size_t)t.coarse.height * (size_t)t.coarse.width;
    float sums[2][4];
#pragma unroll
    for (int n = 0; n < 2; n++)
        sums[n][0] = sums[n][2] = s.bias[n][0], sums[n][1] = sums[n][3] = s.bias[n][1];
    x += (size_t)clamped(z, t.coarse.depth) * voxels * width;
    weights += s.group * 32 + (int)threadIdx.x % 32;
#pragma unroll 1
    for (int stream = 0; stream < t.coarse.streams; stream++) {
#pragma unroll 1
        for (int chunk = 0; chunk < t.chunks; chunk++) {
            bool inside = (size_t)(chunk * 16 + s.quad) < width;
            const float4 zero = make_float4(0, 0, 0, 0);
            struct operand a = operand_from(inside ? load4(x + s.row[0] + chunk * 16) : zero,
                                            inside ? load4(x + s.row[1] + chunk * 16) : zero);
#pragma unroll
            for (int n = 0; n < 2; n++) {
                uint4 b = weights[n * 32];
                multiply_add_16x8x16(sums[n], a.low, b.x, b.y);
                multiply_add_16x8x16(sums[n], a.high, b.z, b.w);
                multiply_add_16x8x16(sums[n], a.high, b.x, b.y);
            }
            weights += CHUNK;
        }
        x += (size_t)t.coarse.depth * voxels * width;
    }
#pragma unroll
    for (int n = 0; n < 2; n++) {
        float *to = plane + s.place + n * 8;
        *reinterpret_cast<float2 *>(to) = make_float2(sums[n][0], sums[n][1]);
        *reinterpret_cast<float2 *>(to + 8 * STRIDE) = make_float2(sums[n][2], sums[n][3]);
    }
}

/* --- interpolation --- */

/* 3/4 near + 1/4 far */
__device__ static inline float4 between(float4 near, float4 far)
{
    return make_float4(0.75f * near.x + 0.25f * far.x, 0.75f * near.y + 0.25f * far.y,
                       0.75f * near.z + 0.25f * far.z, 0.75f * near.w + 0.25f * far.w);
}

/* The four fine voxels of a cell [y][x], in the plane of u that holds its first corner at `corner`. */
__device__ static inline void interpolate(const float *corner, float4 (&fine)[2][2])
{
    float4 line[2][2];
#pragma unroll
    for (int y = 0; y < 2; y++) {
        float4 left = load4(corner + y * LINE * STRIDE), right = load4(corner + (y * LINE + 1) * STRIDE);
        line[y][0] = between(left, right), line[y][1] = between(right, left);
    }
#pragma unroll
    for (int x = 0; x < 2; x++)
        fine[0][x] = between(line[0][x], line[1][x]), fine[1][x] = between(line[1][x], line[0][x]);
}

/* The cell of a thread, its four channels of it. */
struct cell {
    ptrdiff_t first;  /* floats from y to the quad in its first voxel, where i = 0 below */
    int line, row;    /* floats of a line of fine voxels, of one voxel */
    unsigned present; /* bits: which of the four in a plane exist */
};

__device__ static inline struct cell cell_of(const struct tiling &t, const struct tile &at, int y, int x,
                                             int channel)
{
    struct shape fine = t.fine;
    struct cell c = {0, fine.width * padded(fine.channels), padded(fine.channels), 0};
    int fine_z = 2 * at.z - 1, fine_y = 2 * (at.y + y) + 1, fine_x = 2 * (at.x + x) + 1;
    c.first = (ptrdiff_t)((size_t)at.stream * stream_floats(fine)) +
              ((ptrdiff_t)fine_z * fine.height + fine_y) * c.line + (ptrdiff_t)fine_x * c.row + channel;
    for (int n = 0; n < 4; n++) {
        int vy = fine_y + (n >> 1), vx = fine_x + (n & 1);
        if (channel < c.row && vy >= 0 && vy < fine.height && vx >= 0 && vx < fine.width)
            c.present |= 1u << n;
    }
    return c;
}

/* --- sums of the block --- */

/* to[channel of the slice][2] = sums over the block; shared: 2 SLICE doubles a warp. */
__device__ static inline void store_sums(double (&sums)[4][2], double *shared, int channels, double *to)
{
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
#pragma unroll
    for (int c = 0; c < 4; c++)
#pragma unroll
        for (int n = 0; n < 2; n++) {
            double sum = sums[c][n];
            sum += __shfl_xor_sync(0xffffffffu, sum, QUADS);
            sum += __shfl_xor_sync(0xffffffffu, sum, 2 * QUADS);
            if (lane < QUADS)
                shared[warp * 2 * SLICE + (lane * 4 + c) * 2 + n] = sum;
        }
    __syncthreads();
    int column = (int)threadIdx.x;
    if (column < 2 * SLICE && column < 2 * channels) {
        double sum = 0;
        for (int other = 0; other < WARPS; other++)
            sum += shared[other * 2 * SLICE + column];
        to[column] = sum;
    }
}

/* --- the kernel --- */

/* partials[tile][padded(fine.channels)][2], of the last stream; NULL: none */
template <class STREAM>
__global__ void __launch_bounds__(THREADS, BLOCKS_ON_MULTIPROCESSOR)
    up_fused_forward_kernel(struct tiling t, const STREAM *x, const float *w, const float *b, float sign,
                            STREAM *y, double *partials, unsigned long long *wraps)
{
    GPU_SHARED(uint4, weights);
    float *planes = reinterpret_cast<float *>(weights + t.coarse.streams * t.chunks * CHUNK);
    const struct tile at = tile_of(t);
    const int quad = (int)threadIdx.x % QUADS, n = (int)threadIdx.x / QUADS;
    const struct share share = share_of(t, at, b);
    const struct cell cell = cell_of(t, at, n / CELLS_X, n % CELLS_X, at.channel + quad * 4);
    const float *corner = planes + (n / CELLS_X * LINE + n % CELLS_X) * STRIDE + quad * 4;
    const bool multiplies = (int)threadIdx.x < 2 * TILES * 32,
               summed = partials && at.stream == t.fine.streams - 1;
    const int left = t.coarse.depth - at.z, pairs = left < t.pairs ? left : t.pairs;
    const ptrdiff_t plane = (ptrdiff_t)t.fine.height * cell.line;
    ptrdiff_t first = cell.first;
    double sums[4][2] = {};
    unsigned wrapped = 0;
    float4 last[2][2] = {};
    load_weights(t, at, w, weights);
    __syncthreads();
    for (int i = 0; i <= pairs; i++, first += 2 * plane) {
        /* The first of two fine planes, between this coarse one and the last. */
        int z = 2 * (at.z + i) - 1;
        unsigned present =
            i == 0 ? 0 : (z >= 0 ? cell.present : 0) | (z + 1 < t.fine.depth ? cell.present << 4 : 0);
        /* What is added to is under way while the plane is multiplied. */
        float4 value[8];
#pragma unroll
        for (int v = 0; v < 8; v++) {
            ptrdiff_t from = first + (v >> 2) * plane + (v >> 1 & 1) * cell.line + (v & 1) * cell.row;
            value[v] = present >> v & 1 ? load4(y + from) : make_float4(0, 0, 0, 0);
        }
        if (multiplies)
            multiply(t, share, at.z + i, x, weights, planes + i % 2 * PLANE);
        __syncthreads();
        float4 fine[2][2];
        interpolate(corner + i % 2 * PLANE, fine);
#pragma unroll
        for (int v = 0; v < 8; v++) {
            float4 near = last[v >> 1 & 1][v & 1], far = fine[v >> 1 & 1][v & 1];
            float4 u = v & 4 ? between(far, near) : between(near, far);
            if (!(present >> v & 1))
                continue;
            float4 sum = stream_sum4(y, value[v], make_float4(sign * u.x, sign * u.y, sign * u.z, sign * u.w),
                                     wrapped);
            const float result[4] = {sum.x, sum.y, sum.z, sum.w};
            store4(y + first + (v >> 2) * plane + (v >> 1 & 1) * cell.line + (v & 1) * cell.row, sum);
#pragma unroll
            for (int c = 0; c < 4 && summed; c++) {
                sums[c][0] += (double)result[c];
                sums[c][1] += (double)result[c] * (double)result[c];
            }
        }
#pragma unroll
        for (int v = 0; v < 4; v++)
            last[v >> 1][v & 1] = fine[v >> 1][v & 1];
    }
    count_wraps(wrapped, wraps);
    if (!summed)
        return;
    __syncthreads();
    store_sums(sums, reinterpret_cast<double *>(planes), padded(t.fine.channels) - at.channel,
               partials + ((size_t)(blockIdx.x / (unsigned)t.slices) * (size_t)padded(t.fine.channels) +
                           (size_t)at.channel) *
                              2);
}

bool up_fused_fits(enum precision precision, struct shape coarse)
{
    return precision != PRECISION_FP32 &&
           coarse.streams * ((padded(coarse.channels) + 15) / 16) <= CHUNKS_MAX;
}

size_t up_fused_partials_bytes(struct shape coarse, struct shape fine)
{
    return tiles(tiling_of(coarse, fine)) * (size_t)padded(fine.channels) * 2 * sizeof(double);
}

template <class STREAM>
static void launch(const struct tiling &t, const float *x, const float *w, const float *b, float sign,
                   float *y, double *partials)
{
    size_t shared = (size_t)(t.coarse.streams * t.chunks * CHUNK) * sizeof(uint4) + 2 * PLANE * sizeof(float);
    GPU_LAUNCH(up_fused_forward_kernel<STREAM>, dim3((unsigned)(tiles(t) * (size_t)t.slices)), dim3(THREADS),
               shared, t, stored<STREAM>(x), w, b, sign, stored<STREAM>(y), partials, streams_wraps_of(sign));
}

void up_fused_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                      float sign, float *y, double *channel_sums, double *partials)
{
    struct tiling t = tiling_of(coarse, fine);
    (streams_are_int16() ? launch<int16_t> : launch<float>)(t, x, w, b, sign, y,
                                                            channel_sums ? partials : NULL);
    if (channel_sums)
        sums_reduce((unsigned)tiles(t), 2 * padded(fine.channels), 2 * fine.channels, partials, channel_sums);
}
