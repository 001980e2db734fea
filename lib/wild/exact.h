/* Arithmetic that gives the same bits everywhere: no function of the C library but sqrt, which IEEE 754 defines.
 *
 * exp and log are within 1e-13 of the true value, relative, where heads need them (|x| < 300; x > 0, normal). */
#ifndef PRUNET_WILD_EXACT_H
#define PRUNET_WILD_EXACT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* 2^k of the reduced argument: x = k ln 2 + r, |r| < 0.35, and e^r by its series. */
static inline double exact_exp(double x)
{
    double scaled = x * 1.4426950408889634;
    int64_t k = (int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5));
    double r = x - (double)k * 0.6931471803691238 - (double)k * 1.9082149292705877e-10, sum = 1;
    for (int n = 13; n > 0; n--)
        sum = 1 + r / n * sum;
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

/* x = 2^k m, m within sqrt(1/2) .. sqrt(2), and log m = 2 artanh((m - 1) / (m + 1)) by its series. */
static inline double exact_log(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int64_t k = (int64_t)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffu) | 0x3ff0000000000000u;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        k++;
    }
    double s = (m - 1) / (m + 1), square = s * s, sum = 0;
    for (int n = 19; n > 0; n -= 2)
        sum = sum * square + 1.0 / n;
    return 2 * s * sum + (double)k * 0.6931471805599453;
}

/* 64 bits that depend on all of z: SplitMix64's finaliser (lib/base/random.h), for noise of many voxels. */
static inline uint64_t exact_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* About normal, mean 0 and variance 1, within -3.47 .. 3.47: the sum of four uniform numbers of 16 bits. */
static inline float exact_normal(uint64_t key, uint64_t counter)
{
    uint64_t bits = exact_mix(key + (counter + 1) * 0x9e3779b97f4a7c15u);
    uint32_t pairs = (uint32_t)(bits & 0xffff) + (uint32_t)(bits >> 16 & 0xffff);
    uint32_t rest = (uint32_t)(bits >> 32 & 0xffff) + (uint32_t)(bits >> 48);
    return (float)((int32_t)(pairs + rest) - 131070) * 2.6430e-5f; /* sqrt(3) / 65535 */
}

/* 0 below 0, 1 above 1, else t. */
static inline float ramp(float t)
{
    return t < 0 ? 0 : t > 1 ? 1 : t;
}

#endif
