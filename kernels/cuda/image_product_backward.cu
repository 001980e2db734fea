/* The gradient of the first convolution's weights on tensor cores: see image_product.h.
 *
 *     dw[o][i][z y x] = sum over the image's voxels u of image[i][u + (z, y, 0)] dy[u - x][o]
 *
 * One product of 16 columns of the image: its rows are the lines of the image around a line of dy, nine of
 * each map (36, padded to 48); its columns are 32 channels of dy, which is read at three places for the three
 * taps along x. So only dy needs a border along x, and only the image one along y and z. `high` and `low` of
 * the image are two products with the same sums.
 *
 * A block walks over its share of the tiles, 32 x 4 x 2 columns (x, y, z) each; a warp takes one tap along x
 * and one of two slices, and keeps its sums in registers. Two blocks share a multiprocessor: while one
 * waits for memory the other multiplies. */
#include "kernels/cuda/branch_fused_tile.h"
#include "kernels/cuda/image_product.h"

enum { TILE_X = 32, TILE_Y = 4, TILE_Z = 2, HALO_Y = TILE_Y + 2, HALO_Z = TILE_Z + 2, STEPS = TILE_X / 16 };
enum {
    MAPS = IMAGE_PRODUCT_CHANNELS,
    WARPS = 3 * TILE_Z,
    THREADS = 32 * WARPS,
    BLOCKS_ON_MULTIPROCESSOR = 2
};

/* BLOCKS_MAX, of each slab: two slabs fill an H100 (132 multiprocessors) twice. A block with fewer tiles than
 * SHARE_MIN would write more sums than it reads numbers. */
enum { BLOCKS_MAX = 264, SHARE_MIN = 4 /* tiles */ };

/* Lines of the image in shared memory, a line being 32 bf16 in four chunks. The odd strides give eight
 * neighbouring rows of the product different banks: see chunk_swizzled. */
enum { LINE_Z = HALO_Y + 1, LINE_MAP = HALO_Z * LINE_Z + 1, HALF = MAPS * LINE_MAP * TILE_X };
static_assert(LINE_Z % 2 == 1 && LINE_MAP % 2 == 1, "line and row have the same parity");

/* Rows of dy: a voxel each, with one before the tile and one behind it. */
enum { DY_X = TILE_X + 2, DY_ROWS = DY_X * TILE_Y * TILE_Z, DY_HALF = DY_ROWS * WIDTH };

enum { LINES = 9, ROWS = MAPS * LINES, ROW_GROUPS = (ROWS + 15) / 16, OUT_GROUPS = WIDTH / 8 };

struct tiling {
    struct shape shape;
    unsigned across, down, count;
    int slabs; /* of a stream */
};

static struct tiling tiling_of(struct shape s)
{
    struct tiling t = {s, (unsigned)(s.width + TILE_X - 1) / TILE_X,
                       (unsigned)(s.height + TILE_Y - 1) / TILE_Y, (unsigned)(s.depth + TILE_Z - 1) / TILE_Z,
                       slices_of(s)};
    t.count *= t.across * t.down;
    return t;
}

struct corner {
    int z, y, x;
};

__device__ static inline struct corner corner_of(const struct tiling &t, unsigned tile)
{
    struct corner c = {(int)(tile / t.across / t.down) * TILE_Z, (int)(tile / t.across % t.down) * TILE_Y,
                       (int)(tile % t.across) * TILE_X};
    return c;
}

/* --- loading --- */

/* Where a chunk of a line stands: the line of a row, which is 9 map + 3 z + y, moved along with z and y. */
__device__ static inline int chunk_swizzled(int row, int chunk)
{
    return ((chunk ^ (row >> 1)) & 3) * 8;
}

__device__ static inline int line_at(int map, int z, int y)
{
    return (map * LINE_MAP + z * LINE_Z + y) * TILE_X;
}

/* What a thread loads of a tile: pairs of columns of the image, of one y, every other z and all maps; and
 * pieces of eight channels of dy. */
enum {
    PAIRS = TILE_X / 2,
    SLICES_AT_ONCE = THREADS / (PAIRS * HALO_Y),
    TURNS = HALO_Z / SLICES_AT_ONCE,
    DY_PIECES = DY_ROWS * CHUNKS,
    AHEAD = 3
};
static_assert(THREADS == PAIRS * HALO_Y * SLICES_AT_ONCE && HALO_Z == TURNS * SLICES_AT_ONCE,
              "every thread has as many pairs");

typedef float image_columns[MAPS][TURNS][2];

/* The first pair of the calling thread; z, y and x count from the halo's corner. */
__device__ static inline struct corner my_pair(void)
{
    int n = (int)threadIdx.x;
    struct corner c = {n / PAIRS / HALO_Y, n / PAIRS % HALO_Y, n % PAIRS * 2};
    return c;
}

/* Zero outside the grid. */
__device__ static inline void fetch_image(const struct shape &s, struct corner c, const float *image,
                                          image_columns &columns)
{
    struct corner mine = my_pair();
    int x = c.x + mine.x, y = c.y + mine.y - 1;
#pragma unroll
    for (int map = 0; map < MAPS; map++)
#pragma unroll
        for (int turn = 0; turn < TURNS; turn++) {
            int z = c.z + mine.z + turn * SLICES_AT_ONCE - 1;
            bool inside = z >= 0 && z < s.depth && y >= 0 && y < s.height;
            const float *from =
                image + (((size_t)map * (size_t)s.depth + (size_t)z) * (size_t)s.height + (size_t)y) *
                            (size_t)s.width;
#pragma unroll
            for (int e = 0; e < 2; e++)
                columns[map][turn][e] = inside && x + e < s.width ? from[x + e] : 0.0f;
        }
}

__device__ static inline void store_image(const image_columns &columns, uint16_t *to)
{
    struct corner mine = my_pair();
#pragma unroll
    for (int map = 0; map < MAPS; map++)
#pragma unroll
        for (int turn = 0; turn < TURNS; turn++) {
            int z = mine.z + turn * SLICES_AT_ONCE;
            struct halves h = halves_of(columns[map][turn][0], columns[map][turn][1]);
            uint16_t *at = to + line_at(map, z, mine.y) +
                           chunk_swizzled(9 * map + 3 * z + mine.y, mine.x / 8) + mine.x % 8;
            *reinterpret_cast<unsigned *>(at) = h.high;
            *reinterpret_cast<unsigned *>(at + HALF) = h.low;
        }
}

/* Where piece n of dy is; NULL outside the grid and behind the stream's channels. */
template <class GRADIENT>
__device__ static inline const GRADIENT *piece_from(const struct tiling &t, struct corner c, int n,
                                                    const GRADIENT *dy)
{
    const struct shape &s = t.shape;
    int row = n / CHUNKS, x = c.x + row % DY_X - 1, y = c.y + row / DY_X % TILE_Y,
        z = c.z + row / DY_X / TILE_Y;
    int stream = (int)blockIdx.y / t.slabs, channel = (int)blockIdx.y % t.slabs * WIDTH + n % CHUNKS * 8;
    if (n >= DY_PIECES || x < 0 || x >= s.width || y >= s.height || z >= s.depth ||
        channel >= padded(s.channels))
        return NULL;
    return dy + (size_t)stream * stream_floats(s) + row_at(s, z, y, x) + channel;
}

/* AHEAD pieces of a thread are under way before the first is stored. */
template <bool SPLIT, class GRADIENT>
__device__ static inline void load_gradient(const struct tiling &t, struct corner c, const GRADIENT *dy,
                                            uint16_t *to)
{
#pragma unroll 1
    for (int first = (int)threadIdx.x; first < DY_PIECES; first += AHEAD * THREADS) {
        struct eight values[AHEAD] = {};
#pragma unroll
        for (int i = 0; i < AHEAD; i++) {
            const GRADIENT *from = piece_from(t, c, first + i * THREADS, dy);
            if (from)
                values[i] = load_eight(from);
        }
#pragma unroll
        for (int i = 0; i < AHEAD; i++) {
            int n = first + i * THREADS, at = chunk_at(n / CHUNKS, n % CHUNKS);
            if (n >= DY_PIECES)
                break;
            const float(&v)[8] = values[i].of;
            const struct halves h[4] = {halves_of(v[0], v[1]), halves_of(v[2], v[3]), halves_of(v[4], v[5]),
                                        halves_of(v[6], v[7])};
            *reinterpret_cast<uint4 *>(to + at) = make_uint4(h[0].high, h[1].high, h[2].high, h[3].high);
            if (SPLIT)
                *reinterpret_cast<uint4 *>(to + DY_HALF + at) =
                    make_uint4(h[0].low, h[1].low, h[2].low, h[3].low);
        }
    }
}

/* --- the product --- */

/* Sums of a warp: [16 rows][8 output channels][fragment] */
typedef float warp_sums[ROW_GROUPS][OUT_GROUPS][4];

/* Where the lane's row of each group of 16 begins in the image: its line for the tile's first voxel. Rows of
 * padding are read from a line in use, and their sums are dropped. */
__device__ static inline void find_lines(int (&lines)[ROW_GROUPS])
{
#pragma unroll
    for (int group = 0; group < ROW_GROUPS; group++) {
        int row = 16 * group + (int)threadIdx.x % 16;
        row = row < ROWS ? row : row - 16;
        lines[group] = line_at(row / LINES, row % LINES / 3, row % 3);
    }
}

__device__ static inline void multiply_rows(const uint16_t *image, const int (&lines)[ROW_GROUPS],
                                            const unsigned (&b)[OUT_GROUPS / 2][4], warp_sums &sums)
{
#pragma unroll
    for (int group = 0; group < ROW_GROUPS; group++) {
        unsigned a[4];
        load_matrices(a, image + lines[group]);
#pragma unroll
        for (int out = 0; out < OUT_GROUPS; out++)
            multiply_add_16x8x16(sums[group][out], a, b[out / 2][out % 2 * 2], b[out / 2][out % 2 * 2 + 1]);
    }
}

template <bool SPLIT>
__device__ static inline void multiply(const uint16_t *image, const int (&lines)[ROW_GROUPS],
                                       const uint16_t *dy, warp_sums &sums)
{
    int lane = (int)threadIdx.x % 32, tap = (int)threadIdx.x / 32 % 3, z = (int)threadIdx.x / 96;
    for (int y = 0; y < TILE_Y; y++)
#pragma unroll
        for (int step = 0; step < STEPS; step++) {
            int first = (z * TILE_Y + y) * DY_X + 2 - tap + 16 * step;
            const uint16_t *columns =
                image + line_at(0, z, y) + chunk_swizzled(lane % 8 + 3 * z + y, 2 * step + lane / 16);
            unsigned b[OUT_GROUPS / 2][4];
            read_transposed(dy, first, b);
            multiply_rows(columns, lines, b, sums);
            multiply_rows(columns + HALF, lines, b, sums);
            if (SPLIT) {
                read_transposed(dy + DY_HALF, first, b);
                multiply_rows(columns, lines, b, sums);
            }
        }
}

/* --- the end --- */

/* shared[row][tap along x][32] = the sums of the first slice, then += those of the second */
__device__ static inline void collect(const warp_sums &sums, float *shared)
{
    int lane = (int)threadIdx.x % 32, tap = (int)threadIdx.x / 32 % 3, slice = (int)threadIdx.x / 96;
    for (int turn = 0; turn < TILE_Z; turn++) {
        __syncthreads();
        if (turn == slice)
#pragma unroll
            for (int n = 0; n < ROW_GROUPS * OUT_GROUPS * 4; n++) {
                int group = n / 4 / OUT_GROUPS, out = n / 4 % OUT_GROUPS,
                    row = 16 * group + lane / 4 + n % 4 / 2 * 8;
                float *to = shared + (row * 3 + tap) * WIDTH + 8 * out + lane % 4 * 2 + n % 2;
                *to = turn ? *to + sums[group][out][n % 4] : sums[group][out][n % 4];
            }
    }
    __syncthreads();
}

template <bool SPLIT, class GRADIENT>
__global__ void __launch_bounds__(THREADS, BLOCKS_ON_MULTIPROCESSOR)
    image_product_backward_kernel(struct tiling t, const float *image, const GRADIENT *dy, float *partials)
{
    GPU_SHARED(uint16_t, shared_image);
    uint16_t *shared_dy = shared_image + 2 * HALF;
    unsigned tile = (unsigned)((size_t)t.count * blockIdx.x / gridDim.x),
             end = (unsigned)((size_t)t.count * (blockIdx.x + 1) / gridDim.x);
    int lines[ROW_GROUPS];
    warp_sums sums = {};
    find_lines(lines);
    for (; tile < end; tile++) {
        struct corner c = corner_of(t, tile);
        image_columns columns;
        fetch_image(t.shape, c, image, columns);
        __syncthreads(); /* no warp reads the tile before it any more */
        store_image(columns, shared_image);
        load_gradient<SPLIT>(t, c, dy, shared_dy);
        __syncthreads();
        multiply<SPLIT>(shared_image, lines, shared_dy, sums);
    }
    float *collected = reinterpret_cast<float *>(shared_image),
          *to = partials + ((size_t)blockIdx.x * gridDim.y + blockIdx.y) * IMAGE_PRODUCT_SUMS;
    collect(sums, collected);
    for (int n = (int)threadIdx.x; n < IMAGE_PRODUCT_SUMS; n += THREADS)
        to[n] = collected[n];
}

/* --- from the host --- */

unsigned image_product_blocks(struct shape out)
{
    unsigned blocks = (tiling_of(out).count + SHARE_MIN - 1) / SHARE_MIN;
    return blocks < (unsigned)BLOCKS_MAX ? blocks : (unsigned)BLOCKS_MAX;
}

template <bool SPLIT, class GRADIENT>
static void run(struct shape out, const float *image, const float *dy, float *partials)
{
    const size_t shared = (2 * HALF + (SPLIT ? 2 : 1) * DY_HALF) * sizeof(uint16_t);
    static_assert(ROW_GROUPS * 16 * 3 * WIDTH * sizeof(float) <= (2 * HALF + DY_HALF) * sizeof(uint16_t),
                  "the sums fit where the tile was");
    struct tiling t = tiling_of(out);
    gpu_allow_shared(reinterpret_cast<const void *>(image_product_backward_kernel<SPLIT, GRADIENT>), shared);
    GPU_LAUNCH((image_product_backward_kernel<SPLIT, GRADIENT>),
               dim3(image_product_blocks(out), (unsigned)(out.streams * t.slabs)), dim3(THREADS), shared, t,
               image, stored<GRADIENT>(dy), partials);
}

void image_product_backward(struct shape out, const float *image, const float *dy, float *partials)
{
    (streams_are_int16() ? run<false, uint16_t>
     : operand_is_bf16() ? run<false, float>
                         : run<true, float>)(out, image, dy, partials);
}
