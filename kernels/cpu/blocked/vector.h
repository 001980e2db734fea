/* What gcc's vector extensions do not say in one instruction. `lanes` is a vector of LANES floats. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_VECTOR_H
#define PRUNET_KERNELS_CPU_BLOCKED_VECTOR_H

#include "kernels/cpu/variant.h"
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/* Vectors wider than the machine's are split; that changes the calling convention of functions that take
 * them, of which there are none: all are inlined. */
#pragma GCC diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

/* LANES doubles; aligned as lanes are, for memory is aligned to 64 bytes and no more. */
typedef double lanes_double __attribute__((vector_size(8 * LANES), aligned(4 * LANES)));

INLINE lanes lanes_load(const float *p)
{
    return *(const lanes *)p;
}

INLINE lanes lanes_load_unaligned(const float *p)
{
    return *(const lanes_unaligned *)p;
}

INLINE void lanes_store(float *p, lanes a)
{
    *(lanes *)p = a;
}

INLINE lanes lanes_splat(float a)
{
    return a - (lanes){0};
}

/* rows[i][j] = rows[j][i]: each step interleaves the first half of the rows with the second. */
INLINE void lanes_transpose(lanes *rows)
{
    typedef int lane_numbers __attribute__((vector_size(4 * LANES)));
    lane_numbers low, high;
    for (int i = 0; i < LANES; i++) {
        low[i] = i / 2 + i % 2 * LANES;
        high[i] = low[i] + LANES / 2;
    }
    for (int step = 1; step < LANES; step *= 2) {
        lanes next[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = __builtin_shuffle(rows[i], rows[i + LANES / 2], low);
            next[2 * i + 1] = __builtin_shuffle(rows[i], rows[i + LANES / 2], high);
        }
        for (int i = 0; i < LANES; i++)
            rows[i] = next[i];
    }
}

/* max(a, b), element by element; NaN where b is, and b where a is NaN (on ARM NaN as well). */
INLINE lanes lanes_max(lanes a, lanes b)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
    return (lanes)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
    return (lanes)_mm_max_ps((__m128)a, (__m128)b);
#elif defined(__ARM_NEON)
    return (lanes)vmaxq_f32((float32x4_t)a, (float32x4_t)b);
#else
    lanes larger;
    for (int i = 0; i < LANES; i++)
        larger[i] = a[i] > b[i] ? a[i] : b[i];
    return larger;
#endif
}

/* z > 0 ? a : b, element by element. */
INLINE lanes lanes_where_positive(lanes z, lanes a, lanes b)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)z, _mm512_setzero_ps(), _CMP_GT_OQ),
                                       (__m512)b, (__m512)a);
#else
    typedef int mask_lanes __attribute__((vector_size(4 * LANES)));
    mask_lanes positive = z > (lanes){0};
    return (lanes)((positive & (mask_lanes)a) | (~positive & (mask_lanes)b));
#endif
}

/* a == b ? value : 0, element by element. */
INLINE lanes lanes_where_equal(lanes a, lanes b, lanes value)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_maskz_mov_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_EQ_OQ), (__m512)value);
#else
    typedef int mask_lanes __attribute__((vector_size(4 * LANES)));
    return (lanes)((mask_lanes)(a == b) & (mask_lanes)value);
#endif
}

/* The sum of the elements, halves first. */
INLINE float lanes_sum(lanes a)
{
#if defined(__AVX512F__)
    return _mm512_reduce_add_ps((__m512)a);
#else
    float v[LANES];
    memcpy(v, &a, sizeof v);
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            v[i] += v[i + half];
    return v[0];
#endif
}

/* exp(x) to about 2 units in the last place; x is clamped to where the result is a normal number. NaN stays:
 * of two operands the maximum is the second where one of them is NaN. */
INLINE lanes lanes_exp(lanes x)
{
    typedef unsigned bits_lanes __attribute__((vector_size(4 * LANES)));
    const float magic = 12582912; /* 1.5 2^23: adding it leaves an integer in the last bits */
    x = -lanes_max(lanes_splat(-88), -lanes_max(lanes_splat(-87), x));
    lanes whole = x * 1.44269504f + magic;
    lanes n = whole - magic;
    lanes r = x - n * 0.693359375f + n * 2.12194440e-4f; /* x - n log 2, in two parts */
    lanes p = 1.f / 5040 - (lanes){0};
    p = p * r + 1.f / 720;
    p = p * r + 1.f / 120;
    p = p * r + 1.f / 24;
    p = p * r + 1.f / 6;
    p = p * r + 0.5f;
    p = p * r + 1;
    p = p * r + 1;
    bits_lanes power = ((bits_lanes)whole + 127) << 23; /* 2^n; magic's own bits are shifted out */
    return p * (lanes)power;
}

INLINE lanes_double lanes_widen(lanes a)
{
    return __builtin_convertvector(a, lanes_double);
}

#endif
