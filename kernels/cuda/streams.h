/* The streams of reversible sequences, activations, and their gradients, as they lie in memory: floats, or, at
 * PRECISION_INT16, fixed point and bfloat16 (kernels/int16.h), in the layout of floats. Pointers to them are float *
 * until a kernel is launched; a kernel that reads or writes them is a template of their types.
 *
 * What is computed from a stream is computed in floats, which hold its values exactly. */
#ifndef PRUNET_KERNELS_CUDA_STREAMS_H
#define PRUNET_KERNELS_CUDA_STREAMS_H

#include "kernels/cuda/operand.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

static inline bool streams_are_int16(void)
{
    return operand_precision() == PRECISION_INT16;
}

/* On the device: how many sums have wrapped around since the count was last cleared, which a step of a whole volume may
 * do more than 2^32 times. Made by the first call; NULL
 * without memory, which gpu_failure then says. */
unsigned long long *streams_wraps(void);

/* The counter for a sum that is counted, forward; NULL for one that is undone, and for floats. */
static inline unsigned long long *streams_wraps_of(float sign)
{
    return sign > 0 && streams_are_int16() ? streams_wraps() : NULL;
}

/* What was counted, after gpu_finish; the count is cleared. */
int64_t streams_take_wraps(void);

#ifdef __cplusplus
}

#include "kernels/cuda/rows.h"
#include "kernels/int16.h"

/* The types of a kernel's streams and gradients. */
struct float_format {
    typedef float stream;
    typedef float gradient;
};

struct int16_format {
    typedef int16_t stream;
    typedef uint16_t gradient;
};

template <class T> static inline T *stored(float *tensor)
{
    return reinterpret_cast<T *>(tensor);
}

template <class T> static inline const T *stored(const float *tensor)
{
    return reinterpret_cast<const T *>(tensor);
}

/* --- on the device --- */

__device__ static inline float load1(const int16_t *from)
{
    return INT16_UNIT * (float)*from;
}

__device__ static inline float4 four_of(const int16_t *, uint2 bits)
{
    return make_float4(
        INT16_UNIT * (float)(int16_t)(bits.x & 0xffffu), INT16_UNIT * (float)((int)bits.x >> 16),
        INT16_UNIT * (float)(int16_t)(bits.y & 0xffffu), INT16_UNIT * (float)((int)bits.y >> 16));
}

__device__ static inline float4 load4(const int16_t *from)
{
    return four_of(from, *reinterpret_cast<const uint2 *>(from));
}

/* A value that a stream has, as its bits. */
__device__ static inline unsigned int16_bits(float value)
{
    return (unsigned)(int)(value * (1 / INT16_UNIT)) & 0xffffu;
}

__device__ static inline void store4(int16_t *to, float4 v)
{
    *reinterpret_cast<uint2 *>(to) =
        make_uint2(int16_bits(v.x) | int16_bits(v.y) << 16, int16_bits(v.z) | int16_bits(v.w) << 16);
}

/* value + f, what a stream of the type of `y` has of it: int16_add of kernels/int16.h. */
__device__ static inline float stream_sum(const float *, float value, float f, unsigned &)
{
    return value + f;
}

__device__ static inline float stream_sum(const int16_t *, float value, float f, unsigned &wrapped)
{
    float units = fminf(fmaxf(f * (1 / INT16_UNIT), -INT16_ADDEND_MAX), INT16_ADDEND_MAX);
    bool known = f == f;
    int whole = (int)(value * (1 / INT16_UNIT)) + (known ? (int)rintf(units) : 0);
    wrapped += whole != (int16_t)whole || !known;
    return INT16_UNIT * (float)(int16_t)whole;
}

template <class STREAM>
__device__ static inline float4 stream_sum4(const STREAM *y, float4 value, float4 f, unsigned &wrapped)
{
    return make_float4(stream_sum(y, value.x, f.x, wrapped), stream_sum(y, value.y, f.y, wrapped),
                       stream_sum(y, value.z, f.z, wrapped), stream_sum(y, value.w, f.w, wrapped));
}

/* f as a stream has it */
template <class STREAM>
__device__ static inline float4 stream_of4(const STREAM *y, float4 f, unsigned &wrapped)
{
    return stream_sum4(y, make_float4(0, 0, 0, 0), f, wrapped);
}

/* `wraps` may be NULL. */
__device__ static inline void count_wraps(unsigned wrapped, unsigned long long *wraps)
{
    if (wrapped && wraps)
        atomicAdd(wraps, (unsigned long long)wrapped);
}

/* --- two channels at once --- */

__device__ static inline float2 load2(const float *from)
{
    return *reinterpret_cast<const float2 *>(from);
}

__device__ static inline void store2(float *to, float2 v)
{
    *reinterpret_cast<float2 *>(to) = v;
}

__device__ static inline float2 load2(const uint16_t *from)
{
    unsigned bits = *reinterpret_cast<const unsigned *>(from);
    return make_float2(__uint_as_float(bits << 16), __uint_as_float(bits & 0xffff0000u));
}

__device__ static inline void store2(uint16_t *to, float2 v)
{
    *reinterpret_cast<unsigned *>(to) = bf16_pair(v.x, v.y);
}

__device__ static inline float2 load2(const int16_t *from)
{
    unsigned bits = *reinterpret_cast<const unsigned *>(from);
    return make_float2(INT16_UNIT * (float)(int16_t)(bits & 0xffffu), INT16_UNIT * (float)((int)bits >> 16));
}

__device__ static inline void store2(int16_t *to, float2 v)
{
    *reinterpret_cast<unsigned *>(to) = int16_bits(v.x) | int16_bits(v.y) << 16;
}

template <class STREAM>
__device__ static inline float2 stream_sum2(const STREAM *y, float2 value, float2 f, unsigned &wrapped)
{
    return make_float2(stream_sum(y, value.x, f.x, wrapped), stream_sum(y, value.y, f.y, wrapped));
}
#endif

#endif
