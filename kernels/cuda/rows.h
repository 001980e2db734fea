/* Kernels that walk over a matrix [voxels][padded(channels)], one stream of a tensor. A row is a voxel.
 *
 * A thread owns four neighbouring channels, a "quad", and every n-th voxel; a block holds `quads` x `rows`
 * threads. Loads are then whole and coalesced whatever the number of channels, and sums over voxels stay in
 * registers. Which thread adds what depends on the shape alone, never on the card: sums come out the same
 * everywhere. */
#ifndef PRUNET_KERNELS_CUDA_ROWS_H
#define PRUNET_KERNELS_CUDA_ROWS_H

#include "kernels/cuda/gpu.h"
#include "kernels/cuda/layout.h"
#include <stdint.h>

/* ROW_BLOCKS_MAX: eight times what an H100 runs at once, so that none of it waits for a slow block. */
enum { ROW_THREADS = 256, ROW_QUADS_MAX = 64, ROW_VOXELS_EACH = 8, ROW_BLOCKS_MAX = 8192 };

struct rows {
    size_t voxels;
    int padded;      /* floats of a row */
    int quads;       /* of a block */
    int rows;        /* of a block */
    unsigned width;  /* blocks along the voxels */
    unsigned height; /* blocks across the channels */
};

/* At most so many blocks along the voxels. */
static inline struct rows rows_within(size_t blocks_max, size_t voxels, int channels)
{
    struct rows r;
    int quads = padded(channels) / 4;
    r.voxels = voxels;
    r.padded = padded(channels);
    r.height = (unsigned)((quads + ROW_QUADS_MAX - 1) / ROW_QUADS_MAX);
    r.quads = (quads + (int)r.height - 1) / (int)r.height;
    r.rows = ROW_THREADS / r.quads;
    size_t chunk = (size_t)r.rows * ROW_VOXELS_EACH, blocks = (voxels + chunk - 1) / chunk;
    r.width = (unsigned)(blocks < blocks_max ? blocks : blocks_max);
    return r;
}

static inline struct rows rows_of(size_t voxels, int channels)
{
    return rows_within(ROW_BLOCKS_MAX, voxels, channels);
}

static inline dim3 rows_grid(struct rows r)
{
    return dim3(r.width, r.height);
}

static inline dim3 rows_block(struct rows r)
{
    return dim3((unsigned)(r.quads * r.rows));
}

/* The calling thread's place: first float of its quad in a row; its voxels are first, first + step, ... */
struct place {
    int channel;
    size_t first, step;
    bool inside; /* the last block across the channels may have idle threads */
};

__device__ static inline struct place place_in(struct rows r)
{
    struct place p;
    int quad = (int)threadIdx.x % r.quads + (int)blockIdx.y * r.quads;
    p.channel = 4 * quad;
    p.inside = p.channel < r.padded;
    p.first = (size_t)blockIdx.x * (size_t)r.rows + threadIdx.x / (unsigned)r.quads;
    p.step = (size_t)gridDim.x * (size_t)r.rows;
    if (!p.inside)
        p.first = r.voxels;
    return p;
}

/* --- bf16 --- */

/* bf16 is the upper half of a float, rounded to nearest, ties to even. A NaN stays one. */
__device__ static inline unsigned bf16_bits(float value)
{
    unsigned bits = __float_as_uint(value);
    return value != value ? bits >> 16 | 0x40u : (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
}

/* Two at once: one instruction of the device, whose NaN may be another. */
__device__ static inline unsigned bf16_pair(float low, float high)
{
#ifdef __CUDACC__
    unsigned pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
#else
    return bf16_bits(low) | bf16_bits(high) << 16;
#endif
}

/* Two floats as bf16, and what that leaves of them. */
struct halves {
    unsigned high, low;
};

__device__ static inline struct halves halves_of(float a, float b)
{
    struct halves h;
    h.high = bf16_pair(a, b);
    h.low = bf16_pair(a - __uint_as_float(h.high << 16), b - __uint_as_float(h.high & 0xffff0000u));
    return h;
}

/* --- one number, floats or bf16 --- */

__device__ static inline float load1(const float *from)
{
    return *from;
}

__device__ static inline float load1(const uint16_t *from)
{
    return __uint_as_float((unsigned)*from << 16);
}

__device__ static inline void store1(float *to, float value)
{
    *to = value;
}

__device__ static inline void store1(uint16_t *to, float value)
{
    *to = (uint16_t)bf16_bits(value);
}

/* --- four channels at once --- */

__device__ static inline float4 load4(const float *from)
{
    return *reinterpret_cast<const float4 *>(from);
}

__device__ static inline void store4(float *to, float4 v)
{
    *reinterpret_cast<float4 *>(to) = v;
}

/* Four of the pointer's type as they are stored. */
__device__ static inline float4 four_of(const uint16_t *, uint2 bits)
{
    return make_float4(__uint_as_float(bits.x << 16), __uint_as_float(bits.x & 0xffff0000u),
                       __uint_as_float(bits.y << 16), __uint_as_float(bits.y & 0xffff0000u));
}

__device__ static inline float4 load4(const uint16_t *from)
{
    return four_of(from, *reinterpret_cast<const uint2 *>(from));
}

__device__ static inline void store4(uint16_t *to, float4 v)
{
    *reinterpret_cast<uint2 *>(to) = make_uint2(bf16_pair(v.x, v.y), bf16_pair(v.z, v.w));
}

/* --- one thread an element of an array --- */

enum { ARRAY_THREADS = 256 };

static inline dim3 array_grid(size_t count)
{
    return dim3((unsigned)((count + ARRAY_THREADS - 1) / ARRAY_THREADS));
}

__device__ static inline size_t thread_number(void)
{
    return (size_t)blockIdx.x * blockDim.x + threadIdx.x;
}

/* --- sums over the voxels, see sums.h --- */

/* Bytes of shared memory that store_partials needs: float or double sums, `values` of them a channel. */
static inline size_t partial_shared(struct rows r, int values, size_t bytes_each)
{
    return (size_t)(r.quads * r.rows) * 4 * (size_t)values * bytes_each;
}

/* Adds up the block's sums, [channel of the quad][value] in each thread, row after row, and stores them at
 * partials[block][channel][value]. All threads of the block take part. */
template <int VALUES, class SUM>
__device__ static inline void store_partials(struct rows r, const SUM (&sums)[4][VALUES], SUM *shared,
                                             double *partials)
{
    const int columns = r.quads * 4 * VALUES;
    SUM *mine = shared + (int)threadIdx.x * 4 * VALUES;
    for (int c = 0; c < 4; c++)
        for (int n = 0; n < VALUES; n++)
            mine[c * VALUES + n] = sums[c][n];
    __syncthreads();
    for (int column = (int)threadIdx.x; column < columns; column += (int)blockDim.x) {
        int global = (int)blockIdx.y * columns + column;
        double sum = 0;
        for (int row = 0; row < r.rows; row++)
            sum += (double)shared[row * columns + column];
        if (global < r.padded * VALUES)
            partials[(size_t)blockIdx.x * (size_t)(r.padded * VALUES) + (size_t)global] = sum;
    }
    __syncthreads();
}

#endif
