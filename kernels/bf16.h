/* bfloat16, the upper half of a float: its range, and 8 bits of precision. */
#ifndef PRUNET_KERNELS_BF16_H
#define PRUNET_KERNELS_BF16_H

#include <stdint.h>
#include <string.h>

static inline float bf16_value(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Rounded to the nearest, ties to even; a NaN stays one. */
static inline uint16_t bf16_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16, nan = bits >> 16 | 0x40;
    return (uint16_t)(value == value ? rounded : nan);
}

#endif
