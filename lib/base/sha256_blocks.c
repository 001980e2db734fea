#include "lib/base/sha256_blocks.h"

/* The fractional parts of the cube roots of the first 64 primes. */
static const uint32_t constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* Portable --------------------------------------------------------------------------------------------- */

static uint32_t rotate(uint32_t x, int right)
{
    return x >> right | x << (32 - right);
}

/* The 64 words that a block's 16, big endian, are stretched to. */
static void schedule(uint32_t words[64], const unsigned char *block)
{
    for (int t = 0; t < 16; t++)
        words[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 |
                   (uint32_t)block[4 * t + 2] << 8 | block[4 * t + 3];
    for (int t = 16; t < 64; t++) {
        const uint32_t a = words[t - 15], b = words[t - 2];
        words[t] = words[t - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + words[t - 7] +
                   (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
}

static void portable_blocks(uint32_t state[8], const unsigned char *bytes, size_t count)
{
    for (; count; count--, bytes += SHA256_BLOCK) {
        uint32_t words[64];
        schedule(words, bytes);
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        for (int t = 0; t < 64; t++) {
            const uint32_t first = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
                                   constants[t] + words[t];
            const uint32_t second =
                (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + first;
            d = c, c = b, b = a, a = first + second;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d;
        state[4] += e, state[5] += f, state[6] += g, state[7] += h;
    }
}

static bool always(void)
{
    return true;
}

/* x86: the SHA extensions ------------------------------------------------------------------------------ */

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define X86_TARGET __attribute__((target("sha,sse4.1,ssse3")))

/* words[i % 4] has the words 4i .. 4i+3; the instructions take the state as a b e f and c d g h, a and c in the
 * highest lane, and do two rounds each. */
X86_TARGET static void x86_blocks(uint32_t state[8], const unsigned char *bytes, size_t count)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
    const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(badc, hgfe, 8), cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);
    for (; count; count--, bytes += SHA256_BLOCK) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i words[4];
        for (int i = 0; i < 4; i++)
            words[i] =
                _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(bytes + (size_t)(16 * i))), big_endian);
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            const __m128i now = words[i % 4], last = words[(i + 3) % 4];
            const __m128i sum = _mm_add_epi32(now, _mm_load_si128((const __m128i *)constants + i));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
            const __m128i half = _mm_add_epi32(_mm_sha256msg1_epu32(now, words[(i + 1) % 4]),
                                               _mm_alignr_epi8(last, words[(i + 2) % 4], 4));
            words[i % 4] = _mm_sha256msg2_epu32(half, last); /* of the last four rounds not used */
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* gcc 12's __builtin_cpu_supports does not know "sha": leaf 7, bit 29 of ebx. */
static bool x86_runs(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b >> 29 & 1 && __builtin_cpu_supports("sse4.1") &&
           __builtin_cpu_supports("ssse3");
}
#endif

/* ARMv8: the SHA2 extension ---------------------------------------------------------------------------- */

/* Up to clang 15 the functions are declared only where all of the program is compiled for the extension. */
#if defined(__AARCH64EL__) && defined(__linux__) &&                                                          \
    (!defined(__clang__) || __clang_major__ >= 16 || defined(__ARM_FEATURE_SHA2))
#define HAVE_ARM
#include <arm_neon.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>

#ifdef __clang__
#define ARM_TARGET __attribute__((target("sha2")))
#else
#define ARM_TARGET __attribute__((target("+crypto")))
#endif

/* words[i % 4] has the words 4i .. 4i+3; each pair of instructions does four rounds. */
ARM_TARGET static void arm_blocks(uint32_t state[8], const unsigned char *bytes, size_t count)
{
    uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
    for (; count; count--, bytes += SHA256_BLOCK) {
        const uint32x4_t abcd_before = abcd, efgh_before = efgh;
        uint32x4_t words[4];
        for (int i = 0; i < 4; i++)
            words[i] = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(bytes + (size_t)(16 * i))));
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            const uint32x4_t now = words[i % 4], abcd_last = abcd;
            const uint32x4_t sum = vaddq_u32(now, vld1q_u32(constants + (size_t)(4 * i)));
            abcd = vsha256hq_u32(abcd, efgh, sum);
            efgh = vsha256h2q_u32(efgh, abcd_last, sum);
            words[i % 4] = vsha256su1q_u32(vsha256su0q_u32(now, words[(i + 1) % 4]), words[(i + 2) % 4],
                                           words[(i + 3) % 4]); /* of the last four rounds not used */
        }
        abcd = vaddq_u32(abcd, abcd_before);
        efgh = vaddq_u32(efgh, efgh_before);
    }
    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
}

static bool arm_runs(void)
{
    return getauxval(AT_HWCAP) & HWCAP_SHA2;
}
#endif

/* All of them ------------------------------------------------------------------------------------------ */

const struct sha256_way sha256_ways[] = {
#if defined(__x86_64__)
    {"x86 SHA", x86_blocks, x86_runs},
#endif
#if defined(HAVE_ARM)
    {"ARMv8 SHA2", arm_blocks, arm_runs},
#endif
    {"portable", portable_blocks, always},
};
const int sha256_way_count = sizeof sha256_ways / sizeof sha256_ways[0];

sha256_blocks *sha256_fastest(void)
{
    const struct sha256_way *way = sha256_ways;
    while (!way->runs_here())
        way++;
    return way->blocks;
}
