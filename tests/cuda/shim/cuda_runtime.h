/* CUDA's device side on the CPU: what a .cu file of kernels/cuda needs to compile with g++.
 *
 * A thread of the device is a fiber with its own stack. A block runs on one thread of the host: every fiber
 * goes on until it reaches a barrier or ends; when all have, the barrier opens. Shared memory is dynamic
 * only, allocated to the byte and filled with NaNs for each block, so that AddressSanitizer sees
 * an overrun and a read before the write shows. A result that depends on the order of turns shows that a
 * barrier is missing. */
#ifndef PRUNET_TESTS_CUDA_SHIM_CUDA_RUNTIME_H
#define PRUNET_TESTS_CUDA_SHIM_CUDA_RUNTIME_H

#include <cuda_runtime_api.h>
#include <functional>
#include <math.h>
#include <stdint.h>
#include <string.h>
#include <tuple>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__ __restrict

struct uint3 {
    unsigned x, y, z;
};

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned width = 1, unsigned height = 1, unsigned depth = 1) : x(width), y(height), z(depth)
    {
    }
};

struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};

static inline float2 make_float2(float x, float y)
{
    return {x, y};
}

static inline float4 make_float4(float x, float y, float z, float w)
{
    return {x, y, z, w};
}

static inline uint2 make_uint2(unsigned x, unsigned y)
{
    return {x, y};
}

static inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w)
{
    return {x, y, z, w};
}

extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

/* Puts work at the end of a stream's queue, or into the graph that is being captured from it. */
void shim_enqueue(cudaStream_t stream, std::function<void()> work);

/* Whether a launch of the kernel may have so much shared memory; if not, that is the last error. */
bool shim_allows_shared(const void *kernel, size_t bytes);

/* Runs a grid now. */
void shim_run(const char *name, dim3 grid, dim3 block, size_t shared, const std::function<void()> &thread);

/* A launch: the arguments are evaluated and converted now, the kernel runs when the stream gets to it. */
template <class... Parameters, class... Arguments>
static inline void shim_launch(const char *name, dim3 grid, dim3 block, size_t shared, cudaStream_t stream,
                               void (*kernel)(Parameters...), Arguments... arguments)
{
    if (!shim_allows_shared(reinterpret_cast<const void *>(kernel), shared))
        return;
    std::tuple<Parameters...> values(static_cast<Parameters>(arguments)...);
    shim_enqueue(stream, [=] { shim_run(name, grid, block, shared, [&] { std::apply(kernel, values); }); });
}

void *shim_shared(void);
void __syncthreads(void);
void __syncwarp(unsigned mask = 0xffffffffu);

/* Every lane of the calling warp leaves `bytes` and reads those of lane `from`; both are barriers. */
void shim_exchange(const void *mine, void *other, size_t bytes, int from);
int shim_lane(void);

template <class T> static inline T __shfl_sync(unsigned, T value, int from)
{
    T other;
    shim_exchange(&value, &other, sizeof value, from & 31);
    return other;
}

template <class T> static inline T __shfl_xor_sync(unsigned, T value, int mask)
{
    T other;
    shim_exchange(&value, &other, sizeof value, shim_lane() ^ mask);
    return other;
}

template <class T> static inline T __shfl_down_sync(unsigned, T value, int delta)
{
    T other;
    int from = shim_lane() + delta;
    shim_exchange(&value, &other, sizeof value, from < 32 ? from : shim_lane());
    return other;
}

/* d (16 x 8, float) += a (16 x 16, bf16, row major) b (16 x 8, bf16, column major): PTX mma.m16n8k16. */
void shim_mma_bf16(float d[4], const unsigned a[4], const unsigned b[2]);

/* PTX ldmatrix.m8n8.x4: lane 8 m + r names row r of matrix m. */
void shim_load_matrices(unsigned to[4], const void *row);

/* The same with .trans: lane l gets of each matrix the elements l / 4 of the rows 2 (l % 4) and the next. */
void shim_load_matrices_transposed(unsigned to[4], const void *row);

static inline float __uint_as_float(unsigned bits)
{
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static inline unsigned __float_as_uint(float value)
{
    unsigned bits;
    memcpy(&bits, &value, 4);
    return bits;
}

static inline long long __double2ll_rn(double value)
{
    return (long long)rint(value);
}

/* Counts up to `last`, then from zero again. Blocks take turns here, so that no fence is needed. */
static inline unsigned atomicInc(unsigned *at, unsigned last)
{
    unsigned old = *at;
    *at = old >= last ? 0 : old + 1;
    return old;
}

static inline unsigned atomicAdd(unsigned *at, unsigned value)
{
    unsigned old = *at;
    *at = old + value;
    return old;
}

static inline unsigned long long atomicAdd(unsigned long long *at, unsigned long long value)
{
    unsigned long long old = *at;
    *at = old + value;
    return old;
}

static inline void __threadfence(void)
{
}

static inline int atomicOr(int *at, int bits)
{
    return __atomic_fetch_or(at, bits, __ATOMIC_RELAXED);
}

#endif
