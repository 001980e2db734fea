/* The first convolution on tensor cores: see image_product.h.
 *
 *     y[v][o] = sum over taps t and maps i of w[o][i][t] image[i][v + t]
 *
 * One product of 16 voxels along x: its rows are voxels, its columns 32 output channels; it sums over the 27
 * taps and the four maps, 108 numbers padded to 112. In shared memory the maps of a voxel lie side by side, so
 * that an operand's register, two neighbouring numbers of one row, is read in place, whatever the tap.
 *
 * A block walks along x over tiles of 16 x 4 x 4 voxels (x, y, z), with one load of the weights. A warp takes
 * one slice: four rows of 16 voxels. */
#include "kernels/cuda/branch_fused_tile.h"
#include "kernels/cuda/image_product.h"

enum { MAPS = IMAGE_PRODUCT_CHANNELS, TILE_X = 16, TILE_Y = 4, TILE_Z = 4, THREADS = 32 * TILE_Z };
enum { HALO_X = TILE_X + 2, HALO_Y = TILE_Y + 2, HALO_Z = TILE_Z + 2, HALO = HALO_X * HALO_Y * HALO_Z };
enum { OUT_GROUPS = WIDTH / 8, STEPS = (TAPS * MAPS + 15) / 16, BLOCKS_ON_MULTIPROCESSOR = 4 };

/* The image in shared memory: [z][y][LINE voxels][map], as `high` and behind it as `low`. A register's two
 * taps, of which one may begin the next line, then lie in different banks but for one pair in fourteen. */
enum { LINE = 26, HALF = HALO_Y * HALO_Z * LINE * MAPS };
static_assert((int)LINE >= (int)HALO_X && LINE % 16 == 10,
              "the end of a line and the next are half of all banks apart");

/* The weights: [32 channels][K_STRIDE: 4 tap + map], as `high` and, if split, as `low`. An odd number of
 * chunks of 16 bytes: eight rows are read without conflict. */
enum { K_STRIDE = STEPS * 16 + 8, WEIGHTS = WIDTH * K_STRIDE };

/* --- loading --- */

template <bool SPLIT>
__device__ static inline void load_weights(const struct shape &s, int stream, int first_channel,
                                           const float *w, uint16_t *to)
{
    for (int n = (int)threadIdx.x; n < WEIGHTS / 2; n += THREADS) {
        int k = 2 * n % K_STRIDE, channel = first_channel + 2 * n / K_STRIDE, tap = k / MAPS, map = k % MAPS;
        float pair[2] = {};
        if (tap < TAPS && channel < s.channels) {
            const float *from =
                w + ((size_t)(stream * s.channels + channel) * MAPS + (size_t)map) * TAPS + tap;
            pair[0] = from[0], pair[1] = from[TAPS];
        }
        struct halves h = halves_of(pair[0], pair[1]);
        *reinterpret_cast<unsigned *>(to + 2 * n) = h.high;
        if (SPLIT)
            *reinterpret_cast<unsigned *>(to + WEIGHTS + 2 * n) = h.low;
    }
}

/* The tile whose first voxel is z, y, x, with a border of one; zero outside the grid. AHEAD voxels of a thread
 * are under way before the first is stored. */
__device__ static inline void load_image(const struct shape &s, int z, int y, int x, const float *image,
                                         uint16_t *to)
{
    enum { AHEAD = 3 };
    size_t voxels = (size_t)s.depth * (size_t)s.height * (size_t)s.width;
#pragma unroll 1
    for (int first = (int)threadIdx.x; first < HALO; first += AHEAD * THREADS) {
        float value[AHEAD][MAPS] = {};
#pragma unroll
        for (int i = 0; i < AHEAD; i++) {
            int n = first + i * THREADS, vz = z + n / HALO_X / HALO_Y - 1, vy = y + n / HALO_X % HALO_Y - 1,
                vx = x + n % HALO_X - 1;
            bool inside =
                n < HALO && vz >= 0 && vz < s.depth && vy >= 0 && vy < s.height && vx >= 0 && vx < s.width;
            const float *from =
                image + ((size_t)vz * (size_t)s.height + (size_t)vy) * (size_t)s.width + (size_t)vx;
#pragma unroll
            for (int map = 0; map < MAPS && inside; map++)
                value[i][map] = from[(size_t)map * voxels];
        }
#pragma unroll
        for (int i = 0; i < AHEAD; i++) {
            int n = first + i * THREADS;
            if (n >= HALO)
                break;
            struct halves front = halves_of(value[i][0], value[i][1]),
                          back = halves_of(value[i][2], value[i][3]);
            uint16_t *at = to + (n / HALO_X * LINE + n % HALO_X) * MAPS;
            *reinterpret_cast<uint2 *>(at) = make_uint2(front.high, back.high);
            *reinterpret_cast<uint2 *>(at + HALF) = make_uint2(front.low, back.low);
        }
    }
}

/* --- the product --- */

/* Sums of a warp: [row of voxels][group of eight output channels][fragment] */
typedef float warp_sums[TILE_Y][OUT_GROUPS][4];

/* Where a tap's voxel lies from the output's. What pads the taps reads the last one, against weights of zero. */
__device__ static inline int tap_at(int tap)
{
    int t = tap < TAPS ? tap : TAPS - 1;
    return ((t / 9 * HALO_Y + t / 3 % 3) * LINE + t % 3) * MAPS;
}

/* Sixteen voxels by sixteen numbers, of the taps at `first` and `second`. */
__device__ static inline void read_voxels(const uint16_t *row, int first, int second, unsigned (&a)[4])
{
    a[0] = *reinterpret_cast<const unsigned *>(row + first);
    a[1] = *reinterpret_cast<const unsigned *>(row + first + 8 * MAPS);
    a[2] = *reinterpret_cast<const unsigned *>(row + second);
    a[3] = *reinterpret_cast<const unsigned *>(row + second + 8 * MAPS);
}

__device__ static inline void read_weights(const uint16_t *weights, int step,
                                           unsigned (&b)[OUT_GROUPS / 2][4])
{
    int lane = (int)threadIdx.x % 32;
#pragma unroll
    for (int pair = 0; pair < OUT_GROUPS / 2; pair++)
        load_matrices(b[pair], weights + (16 * pair + lane / 16 * 8 + lane % 8) * K_STRIDE + 16 * step +
                                   lane / 8 % 2 * 8);
}

__device__ static inline void multiply_row(const unsigned (&a)[4], const unsigned (&b)[OUT_GROUPS / 2][4],
                                           float (&sums)[OUT_GROUPS][4])
{
#pragma unroll
    for (int out = 0; out < OUT_GROUPS; out++)
        multiply_add_16x8x16(sums[out], a, b[out / 2][out % 2 * 2], b[out / 2][out % 2 * 2 + 1]);
}

template <bool SPLIT>
__device__ static inline void multiply(const uint16_t *image, const uint16_t *weights, warp_sums &sums)
{
    int lane = (int)threadIdx.x % 32, slice = (int)threadIdx.x / 32, other = lane / 2 % 2;
    const uint16_t *mine = image + (slice * HALO_Y * LINE + lane / 4) * MAPS + lane % 2 * 2;
#pragma unroll
    for (int step = 0; step < STEPS; step++) {
        int first = other ? tap_at(4 * step + 1) : tap_at(4 * step),
            second = other ? tap_at(4 * step + 3) : tap_at(4 * step + 2);
        unsigned high[OUT_GROUPS / 2][4], low[OUT_GROUPS / 2][4];
        read_weights(weights, step, high);
        if (SPLIT)
            read_weights(weights + WEIGHTS, step, low);
#pragma unroll
        for (int row = 0; row < TILE_Y; row++) {
            unsigned a[4];
            read_voxels(mine + row * LINE * MAPS, first, second, a);
            multiply_row(a, high, sums[row]);
            if (SPLIT)
                multiply_row(a, low, sums[row]);
            read_voxels(mine + HALF + row * LINE * MAPS, first, second, a);
            multiply_row(a, high, sums[row]);
        }
    }
}

/* --- the end --- */

/* y: the tile's first channel and voxel z, y, x of the stream */
template <class STREAM>
__device__ static inline void store(const struct shape &s, int z, int y, int x, int first_channel,
                                    const warp_sums &sums, STREAM *to, unsigned long long *wraps)
{
    int lane = (int)threadIdx.x % 32;
    unsigned wrapped = 0;
    z += (int)threadIdx.x / 32;
#pragma unroll
    for (int n = 0; n < 2 * TILE_Y; n++) {
        int vy = y + n / 2, vx = x + lane / 4 + n % 2 * 8;
        if (z >= s.depth || vy >= s.height || vx >= s.width)
            continue;
        size_t v = ((size_t)z * (size_t)s.height + (size_t)vy) * (size_t)s.width + (size_t)vx;
#pragma unroll
        for (int out = 0; out < OUT_GROUPS; out++) {
            int channel = first_channel + 8 * out + lane % 4 * 2;
            float2 two = make_float2(sums[n / 2][out][n % 2 * 2], sums[n / 2][out][n % 2 * 2 + 1]);
            if (channel < padded(s.channels))
                store2(to + v * (size_t)padded(s.channels) + (size_t)channel,
                       stream_sum2(to, make_float2(0, 0), two, wrapped));
        }
    }
    count_wraps(wrapped, wraps);
}

/* blockIdx.x: the strip along x; blockIdx.y: the slab of all streams */
template <bool SPLIT, class STREAM>
__global__ void __launch_bounds__(THREADS, BLOCKS_ON_MULTIPROCESSOR)
    image_product_forward_kernel(struct shape s, const float *image, const float *w, STREAM *y,
                                 unsigned long long *wraps)
{
    GPU_SHARED(uint16_t, shared_image);
    uint16_t *weights = shared_image + 2 * HALF;
    int down = (s.height + TILE_Y - 1) / TILE_Y, slabs = slices_of(s);
    int first_z = (int)blockIdx.x / down * TILE_Z, first_y = (int)blockIdx.x % down * TILE_Y;
    int stream = (int)blockIdx.y / slabs, first_channel = (int)blockIdx.y % slabs * WIDTH;
    load_weights<SPLIT>(s, stream, first_channel, w, weights);
#pragma unroll 1
    for (int x = 0; x < s.width; x += TILE_X) {
        warp_sums sums = {};
        __syncthreads(); /* no warp reads the tile before it any more */
        load_image(s, first_z, first_y, x, image, shared_image);
        __syncthreads();
        multiply<SPLIT>(shared_image, weights, sums);
        store(s, first_z, first_y, x, first_channel, sums, y + (size_t)stream * stream_floats(s), wraps);
    }
}

/* --- from the host --- */

template <bool SPLIT, class STREAM>
static void run(struct shape out, const float *image, const float *w, float *y)
{
    unsigned strips = (unsigned)((out.height + TILE_Y - 1) / TILE_Y * ((out.depth + TILE_Z - 1) / TILE_Z));
    int slabs = slices_of(out) * out.streams;
    GPU_LAUNCH((image_product_forward_kernel<SPLIT, STREAM>), dim3(strips, (unsigned)slabs), dim3(THREADS),
               (2 * HALF + (SPLIT ? 2 : 1) * WEIGHTS) * sizeof(uint16_t), out, image, w, stored<STREAM>(y),
               streams_wraps_of(1));
}

void image_product_forward(struct shape out, const float *image, const float *w, float *y)
{
    (streams_are_int16() ? run<false, int16_t>
     : operand_is_bf16() ? run<false, float>
                         : run<true, float>)(out, image, w, y);
}
