/* From a fine level to a coarser one in one kernel: see down_fused.h.
 *
 *     y[v][o] = b[o] + sum over i of pool(x)[v][i] w[o][i]
 *
 * A block makes a slice of 128 places of the output from all INS places of the input. For each coarse plane its
 * threads pool the 32 voxels, four channels at a time, into shared memory as two bf16; then each warp multiplies
 * sixteen voxels by 32 outputs and stores them. Two planes in turn need one barrier each. The weights stay. */
#include "kernels/cuda/down_fused.h"
#include "kernels/cuda/down_fused_tile.h"
#include "kernels/cuda/sums.h"

enum { PLANES_MAX = 12 /* in a block */, BLOCKS_ON_MULTIPROCESSOR = 2 };
enum {
    FRAGMENTS = 4 /* of eight outputs, a warp: a lane has two quads of them */,
    SLICE = GROUPS * 8 * FRAGMENTS
};

template <int INS> struct forward_sizes {
    enum {
        QUADS = INS / 4,
        LINES = THREADS / QUADS / TILE_X, /* that are pooled at once */
        CHUNKS = INS / 16,
        WEIGHTS = GROUPS * CHUNKS * FRAGMENTS * 32,
        STRIDE = INS + 8,
        HALF = VOXELS * STRIDE,
        PLANE = 2 * HALF,
        BYTES = WEIGHTS * sizeof(uint4) + 2 * PLANE * sizeof(uint16_t)
    };
    static_assert((int)BYTES <= 99 << 10, "what every card that we support gives a block");
    static_assert(LINES * TILE_X * QUADS == (int)THREADS && TILE_Y % LINES == 0, "a thread owns one quad");
};

/* Adds up what the lanes of a warp have of its two quads each, then its two halves of the voxels, and stores it at
 * to[channel][2]. Shared: 64 doubles a warp. */
__device__ static inline void store_sums(double (&sums)[2][4][2], const struct shape &s, int first,
                                         double *shared, double *to)
{
    int warp = (int)threadIdx.x / 32, lane = (int)threadIdx.x % 32;
#pragma unroll
    for (int q = 0; q < 2; q++)
#pragma unroll
        for (int c = 0; c < 4; c++)
#pragma unroll
            for (int n = 0; n < 2; n++) {
                double sum = sums[q][c][n];
                for (int mask = 4; mask < 32; mask *= 2)
                    sum += __shfl_xor_sync(0xffffffffu, sum, mask);
                if (lane < 4)
                    shared[warp * 64 + (q * 16 + lane * 4 + c) * 2 + n] = sum;
            }
    __syncthreads();
    int n = (int)threadIdx.x, channel = first + n / 2 - (s.streams - 1) * padded(s.channels);
    if (n < 2 * SLICE && channel >= 0 && channel < padded(s.channels))
        to[2 * channel + n % 2] = shared[n / 64 * 128 + n % 64] + shared[n / 64 * 128 + 64 + n % 64];
}
static_assert(HALVES == 2 && THREADS == 2 * (int)SLICE, "the warps 2 g and 2 g + 1 have group g");

/* partials[tile][padded(coarse.channels)][2], of the last stream; NULL: none */
template <int INS, class STREAM>
__global__ void __launch_bounds__(THREADS, BLOCKS_ON_MULTIPROCESSOR)
    down_fused_forward_kernel(struct tiling t, const STREAM *x, const float *w, const float *b, STREAM *y,
                              double *partials, unsigned long long *wraps)
{
    typedef struct forward_sizes<INS> S;
    GPU_SHARED(uint4, weights);
    uint16_t *planes = reinterpret_cast<uint16_t *>(weights + S::WEIGHTS);
    const struct tile at = tile_of(t);
    const int lane = (int)threadIdx.x % 32, group = (int)threadIdx.x / 32 / HALVES,
              line = (int)threadIdx.x / 32 % HALVES * 2, /* of the warp's first eight voxels */
        quad = (int)threadIdx.x % S::QUADS, voxel = (int)threadIdx.x / S::QUADS;
    const int from_y = at.y + voxel / TILE_X, from_x = at.x + voxel % TILE_X,
              from_stream = (int)place_at(t.fine, quad * 4),
              from = from_stream + voxel_at(t.fine, 0, 2 * from_y, 2 * from_x);
    const bool idle =
        at.slice * SLICE + group * 8 * FRAGMENTS >= places(t.coarse); /* a warp without outputs */
    int to[2]; /* floats from a plane of y to the lane's quads in its first voxel; negative: none */
    float bias[2][4];
    bool summed[2];
    double sums[2][4][2] = {};
    unsigned wrapped = 0;
#pragma unroll
    for (int q = 0; q < 2; q++) {
        int place = at.slice * SLICE + group * 8 * FRAGMENTS + q * 16 + lane % 4 * 4,
            stream = (int)place_at(t.coarse, place);
        bool inside = stream >= 0 && at.x + lane / 4 < t.coarse.width;
        to[q] = inside ? stream + voxel_at(t.coarse, 0, at.y + line, at.x + lane / 4) : -1;
        summed[q] = partials && place / padded(t.coarse.channels) == t.coarse.streams - 1;
#pragma unroll
        for (int c = 0; c < 4; c++) {
            int channel = channel_of(t.coarse, place + c);
            bias[q][c] = channel >= 0 ? b[channel] : 0.0f;
        }
    }
    load_fragments<S::CHUNKS, FRAGMENTS>(weights_forward(t.fine, t.coarse), at.slice * SLICE, GROUPS, w,
                                         weights);
    for (int z = at.first_z; z < at.end_z; z++) {
        uint16_t *plane = planes + z % 2 * S::PLANE;
#pragma unroll
        for (int i = 0; i < TILE_Y; i += S::LINES) {
            bool present = from_stream >= 0 && from_x < t.coarse.width && from_y + i < t.coarse.height;
            struct maximum<4> m = pool<4>(t.fine, x + (from + voxel_at(t.fine, 2 * z, 2 * i, 0)), present);
            store_halves(plane + (voxel + i * TILE_X) * S::STRIDE + quad * 4, S::HALF, m.most);
        }
        __syncthreads();
        if (idle)
            continue;
        float result[FRAGMENTS][4];
#pragma unroll
        for (int n = 0; n < FRAGMENTS; n++)
#pragma unroll
            for (int e = 0; e < 4; e++)
                result[n][e] = bias[n / 2][n % 2 * 2 + e % 2];
        rows_product<FRAGMENTS>((places(t.fine) + 15) / 16, plane + line * TILE_X * S::STRIDE, S::STRIDE,
                                S::HALF, weights + group * S::CHUNKS * FRAGMENTS * 32, result);
#pragma unroll
        for (int i = 0; i < 2; i++)
#pragma unroll
            for (int q = 0; q < 2; q++) {
                if (to[q] < 0 || at.y + line + i >= t.coarse.height)
                    continue;
                float4 value = stream_of4(y,
                                          make_float4(result[2 * q][2 * i], result[2 * q][2 * i + 1],
                                                      result[2 * q + 1][2 * i], result[2 * q + 1][2 * i + 1]),
                                          wrapped);
                const float four[4] = {value.x, value.y, value.z, value.w};
                store4(y + (to[q] + voxel_at(t.coarse, z, i, 0)), value);
#pragma unroll
                for (int c = 0; c < 4 && summed[q]; c++) {
                    sums[q][c][0] += (double)four[c];
                    sums[q][c][1] += (double)four[c] * (double)four[c];
                }
            }
    }
    count_wraps(wrapped, wraps);
    if (!partials)
        return;
    __syncthreads();
    store_sums(sums, t.coarse, at.slice * SLICE, reinterpret_cast<double *>(planes),
               partials + (size_t)at.number * (size_t)padded(t.coarse.channels) * 2);
}

/* --- the launch --- */

static struct tiling tiling_of(struct shape fine, struct shape coarse)
{
    return tiling_within(PLANES_MAX, fine, coarse, (places(coarse) + SLICE - 1) / SLICE);
}

template <int INS, class STREAM>
static void launch(const struct tiling &t, const float *x, const float *w, const float *b, float *y,
                   double *partials)
{
    typedef struct forward_sizes<INS> S;
    gpu_allow_shared(reinterpret_cast<const void *>(down_fused_forward_kernel<INS, STREAM>), S::BYTES);
    GPU_LAUNCH((down_fused_forward_kernel<INS, STREAM>), dim3(tiles(t) * (unsigned)t.slices), dim3(THREADS),
               S::BYTES, t, stored<STREAM>(x), w, b, stored<STREAM>(y), partials, streams_wraps_of(1));
}

bool down_fused_fits(enum precision precision, struct shape fine, struct shape coarse)
{
    return precision != PRECISION_FP32 && places(fine) <= DOWN_FUSED_INS &&
           (size_t)fine.streams * stream_floats(fine) <= (size_t)INT32_MAX &&
           (size_t)coarse.streams * stream_floats(coarse) <= (size_t)INT32_MAX;
}

size_t down_fused_partials_bytes(struct shape fine, struct shape coarse)
{
    return (size_t)tiles(tiling_of(fine, coarse)) * (size_t)padded(coarse.channels) * 2 * sizeof(double);
}

void down_fused_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                        const float *b, float *y, double *channel_sums, double *partials)
{
    struct tiling t = tiling_of(fine, coarse);
    bool narrow = places(fine) <= DOWN_FUSED_INS / 2, int16 = streams_are_int16();
    (narrow  ? int16 ? launch<DOWN_FUSED_INS / 2, int16_t> : launch<DOWN_FUSED_INS / 2, float>
      : int16 ? launch<DOWN_FUSED_INS, int16_t>
             : launch<DOWN_FUSED_INS, float>)(t, x, w, b, y, channel_sums ? partials : NULL);
    if (channel_sums)
        sums_reduce(tiles(t), 2 * padded(coarse.channels), 2 * coarse.channels, partials, channel_sums);
}
