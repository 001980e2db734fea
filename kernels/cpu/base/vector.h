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

/* a in every element. */
INLINE lanes lanes_splat(float a)
{
    return a - (lanes){0};
}

/* --- a b + c ---
 *
 * Rounded once where the instruction set can do so: everywhere but in the portable unit of x86, which rounds
 * the product and then the sum. By itself the compiler fuses nothing (-ffp-contract=off), so that all
 * compilers give the same bits (tests/kernels/compilers.sh). Sums in double need no such function: they add
 * products of two floats, which are exact in double, and round once either way. */

#if defined(__AVX512F__) || (defined(__AVX2__) && defined(__FMA__)) || defined(__ARM_FEATURE_FMA)
#define HAS_FMA 1
#else
#define HAS_FMA 0
#endif

INLINE float float_fma(float a, float b, float c)
{
    return HAS_FMA ? __builtin_fmaf(a, b, c) : a * b + c;
}

INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__) && HAS_FMA
    return (lanes)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_NEON) && HAS_FMA
    return (lanes)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;
#endif
}

/* c - a b */
INLINE lanes lanes_fnma(lanes a, lanes b, lanes c)
{
#if defined(__AVX512F__)
    return (lanes)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__) && HAS_FMA
    return (lanes)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_NEON) && HAS_FMA
    return (lanes)vfmsq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return c - a * b;
#endif
}

/* sum + factor x and sum - factor x */
INLINE lanes lanes_add_scaled(lanes sum, float factor, lanes x)
{
    return lanes_fma(lanes_splat(factor), x, sum);
}

INLINE lanes lanes_subtract_scaled(lanes sum, float factor, lanes x)
{
    return lanes_fnma(lanes_splat(factor), x, sum);
}

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

INLINE lanes_double lanes_widen(lanes a)
{
    return __builtin_convertvector(a, lanes_double);
}

/* Element i is element index[i] of a followed by b. The index is known at compile time. */
INLINE lanes lanes_shuffle(lanes a, lanes b, lanes_int index)
{
#if defined(__clang__)
    lanes shuffled;
    for (int i = 0; i < LANES; i++)
        shuffled[i] = index[i] < LANES ? a[index[i]] : b[index[i] - LANES];
    return shuffled;
#else
    return __builtin_shuffle(a, b, index);
#endif
}

/* Elements 0, 2, 4, ... and 1, 3, 5, ... of a followed by b. */
INLINE lanes lanes_even(lanes a, lanes b)
{
    lanes_int index;
    for (int i = 0; i < LANES; i++)
        index[i] = 2 * i;
    return lanes_shuffle(a, b, index);
}

INLINE lanes lanes_odd(lanes a, lanes b)
{
    lanes_int index;
    for (int i = 0; i < LANES; i++)
        index[i] = 2 * i + 1;
    return lanes_shuffle(a, b, index);
}

/* a[by], a[by + 1], ..., a[0], a[1], ... */
INLINE lanes lanes_rotate(lanes a, int by)
{
    lanes_int index;
    for (int i = 0; i < LANES; i++)
        index[i] = (i + by) % LANES;
    return lanes_shuffle(a, a, index);
}

/* a[0], b[0], a[1], b[1], ...: the first LANES of them, and the last. */
INLINE lanes lanes_interleave_low(lanes a, lanes b)
{
    lanes_int index;
    for (int i = 0; i < LANES; i++)
        index[i] = i / 2 + i % 2 * LANES;
    return lanes_shuffle(a, b, index);
}

INLINE lanes lanes_interleave_high(lanes a, lanes b)
{
    lanes_int index;
    for (int i = 0; i < LANES; i++)
        index[i] = i / 2 + i % 2 * LANES + LANES / 2;
    return lanes_shuffle(a, b, index);
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
    lanes whole = lanes_add_scaled(lanes_splat(magic), 1.44269504f, x);
    lanes n = whole - magic;
    lanes r = lanes_subtract_scaled(x, 0.693359375f, n); /* x - n log 2, log 2 as a sum of two */
    r = lanes_add_scaled(r, 2.12194440e-4f, n);
    static const float series[] = {1.f / 720, 1.f / 120, 1.f / 24, 1.f / 6, 0.5f, 1, 1};
    lanes p = lanes_splat(1.f / 5040);
    for (int i = 0; i < 7; i++)
        p = lanes_fma(p, r, lanes_splat(series[i]));
    bits_lanes power = ((bits_lanes)whole + 127) << 23; /* 2^n; magic's own bits are shifted out */
    return p * (lanes)power;
}

/* --- sums across a vector; their order is part of an operation's result --- */

/* Halves first: a[0] + a[LANES / 2], ... */
INLINE float lanes_sum(lanes a)
{
    if (LANES > 8)
        a += lanes_rotate(a, 8);
    if (LANES > 4)
        a += lanes_rotate(a, 4);
    a += lanes_rotate(a, 2);
    a += lanes_rotate(a, 1);
    return a[0];
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
