/* `lanes`: a vector of LANES floats, as gcc's vector extensions have them, and what those do not say in one
 * instruction. Loads and stores are aligned to a vector unless their name says otherwise.
 *
 * kernels/cpu/planar/all.c and kernels/cpu/winograd/all.c are compiled once for each instruction set, with
 * -DVARIANT=portable, avx2 or avx512. Functions are static, only the table's name has a suffix. */
#ifndef PRUNET_KERNELS_CPU_BASE_VECTOR_H
#define PRUNET_KERNELS_CPU_BASE_VECTOR_H

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/* The warning that a function with vector arguments is called differently where the instruction set lacks
 * such vectors: no function of that kind is called, all are inlined. */
#pragma GCC diagnostic ignored "-Wpsabi"

#define INLINE static inline __attribute__((always_inline))

/* VARIANT_NAME(kernels_planar) is kernels_planar_avx2 in that variant, VARIANT_STRING(VARIANT) is "avx2". */
#define VARIANT_JOIN_(name, variant) name##_##variant
#define VARIANT_JOIN(name, variant) VARIANT_JOIN_(name, variant)
#define VARIANT_NAME(name) VARIANT_JOIN(name, VARIANT)
#define VARIANT_STRING_(variant) #variant
#define VARIANT_STRING(variant) VARIANT_STRING_(variant)

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef float lanes_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int lanes_int __attribute__((vector_size(4 * LANES))); /* indices, masks */

/* LANES doubles; aligned as lanes are, for memory is aligned to 64 bytes and no more. */
typedef double lanes_double __attribute__((vector_size(8 * LANES), aligned(4 * LANES)));

/* --- memory --- */

INLINE lanes lanes_load(const float *p)
{
    return *(const lanes *)p;
}

INLINE lanes lanes_load_unaligned(const float *p)
{
    return *(const lanes_unaligned *)p;
}

/* The first `count` floats, at most LANES, followed by zeros; unaligned. */
INLINE lanes lanes_load_first(const float *p, size_t count)
{
    if (count >= LANES)
        return lanes_load_unaligned(p);
    lanes a = {0};
    memcpy(&a, p, count * sizeof(float));
    return a;
}

INLINE void lanes_store(float *p, lanes a)
{
    *(lanes *)p = a;
}

INLINE void lanes_store_unaligned(float *p, lanes a)
{
    *(lanes_unaligned *)p = a;
}

INLINE void lanes_store_first(float *p, lanes a, size_t count)
{
    if (count >= LANES)
        lanes_store_unaligned(p, a);
    else
        memcpy(p, &a, count * sizeof(float));
}

/* --- elements --- */

INLINE lanes lanes_splat(float a)
{
    return a - (lanes){0};
}

INLINE lanes_double lanes_widen(lanes a)
{
    return __builtin_convertvector(a, lanes_double);
}

/* Elements 0, 2, 4, ... and 1, 3, 5, ... of a followed by b. */
INLINE lanes lanes_even(lanes a, lanes b)
{
    lanes_int index;
    for (int i = 0; i < LANES; i++)
        index[i] = 2 * i;
    return __builtin_shuffle(a, b, index);
}

INLINE lanes lanes_odd(lanes a, lanes b)
{
    lanes_int index;
    for (int i = 0; i < LANES; i++)
        index[i] = 2 * i + 1;
    return __builtin_shuffle(a, b, index);
}

/* a[0], b[0], a[1], b[1], ...: the first LANES of them, and the last. */
INLINE lanes lanes_interleave_low(lanes a, lanes b)
{
    lanes_int index;
    for (int i = 0; i < LANES; i++)
        index[i] = i / 2 + i % 2 * LANES;
    return __builtin_shuffle(a, b, index);
}

INLINE lanes lanes_interleave_high(lanes a, lanes b)
{
    lanes_int index;
    for (int i = 0; i < LANES; i++)
        index[i] = i / 2 + i % 2 * LANES + LANES / 2;
    return __builtin_shuffle(a, b, index);
}

/* rows[i][j] = rows[j][i]: each step interleaves the first half of the rows with the second. */
INLINE void lanes_transpose(lanes *rows)
{
    for (int step = 1; step < LANES; step *= 2) {
        lanes next[LANES];
        for (int i = 0; i < LANES / 2; i++) {
            next[2 * i] = lanes_interleave_low(rows[i], rows[i + LANES / 2]);
            next[2 * i + 1] = lanes_interleave_high(rows[i], rows[i + LANES / 2]);
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
    lanes_int positive = z > (lanes){0};
    return (lanes)((positive & (lanes_int)a) | (~positive & (lanes_int)b));
#endif
}

/* a == b ? value : 0, element by element. */
INLINE lanes lanes_where_equal(lanes a, lanes b, lanes value)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_maskz_mov_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_EQ_OQ), (__m512)value);
#else
    return (lanes)((lanes_int)(a == b) & (lanes_int)value);
#endif
}

/* exp(x) to about 2 units in the last place: 2^n times Taylor's series of the rest, |rest| < log(2) / 2. x is
 * clamped to where the result is a normal number. NaN stays: of two operands the maximum is the second where
 * one of them is NaN. */
INLINE lanes lanes_exp(lanes x)
{
    typedef unsigned bits_lanes __attribute__((vector_size(4 * LANES)));
    const float magic = 12582912; /* 1.5 2^23: adding it leaves an integer in the last bits */
    x = -lanes_max(lanes_splat(-88), -lanes_max(lanes_splat(-87), x));
    lanes whole = x * 1.44269504f + magic;
    lanes n = whole - magic;
    lanes r = x - n * 0.693359375f + n * 2.12194440e-4f; /* x - n log 2, log 2 as a sum of two */
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

/* --- sums across a vector; their order is part of an operation's result --- */

/* Halves first: a[0] + a[LANES / 2], ... */
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

/* Neighbours first: a[0] + a[1], a[2] + a[3], ... */
INLINE float lanes_sum_pairs(lanes a)
{
    for (int left = LANES; left > 1; left /= 2)
        a = lanes_even(a, a) + lanes_odd(a, a);
    return a[0];
}

/* Element i: lanes_sum_pairs of vector i. Overwrites the vectors. */
INLINE lanes lanes_sums_pairs(lanes vectors[LANES])
{
    for (int left = LANES; left > 1; left /= 2)
        for (int i = 0; i < left / 2; i++)
            vectors[i] = lanes_even(vectors[2 * i], vectors[2 * i + 1]) +
                         lanes_odd(vectors[2 * i], vectors[2 * i + 1]);
    return vectors[0];
}

#endif
