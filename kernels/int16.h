/* Streams in 16 bits: how some backends store the activations A of reversible sequences, in fixed point, and their
 * gradients G, in bfloat16.
 *
 * A value is a whole number of INT16_UNIT, from -2^15 to 2^15 - 1 of them: from -256 to below 256 in steps of 1/128.
 * What is added is rounded to whole numbers first, half to even, and a sum that leaves the range wraps around:
 *
 *     a = wrap(a + sign round(f / INT16_UNIT))
 *
 * Addition modulo 2^16 has an inverse, and round(-f) is -round(f): subtracting the same f brings the old a back to the
 * bit, whatever f is. An f beyond INT16_ADDEND_MAX units counts as that many, a NaN as none.
 *
 * A gradient is computed in fp32 and rounded to bfloat16 where it is stored, by each operation that writes it or adds
 * to it, by branch_backward up to twice: nothing undoes it. It passes through the rounding of activations.
 *
 * Everything else is fp32: weights and their gradients, what is computed from a value. Why this unit, what the
 * shipped model reaches and what the gradients lose: docs/int16.md. */
#ifndef PRUNET_KERNELS_INT16_H
#define PRUNET_KERNELS_INT16_H

#include "kernels/bf16.h"

#define INT16_UNIT 0x1p-7f
#define INT16_ADDEND_MAX 0x1p21f

static inline float int16_value(int16_t a)
{
    return INT16_UNIT * (float)a;
}

/* a + f, and *wraps + 1 where the sum wrapped around or f is a NaN. Below 2^22, 1.5 2^23 leaves a sum's whole part in
 * the low bits, rounded half to even. */
static inline int16_t int16_add(int16_t a, float f, int *wraps)
{
    const float rounding = 0x1.8p23f;
    float units = f * (1 / INT16_UNIT), sum;
    int32_t bits, base;
    units = units > INT16_ADDEND_MAX ? INT16_ADDEND_MAX : units;
    units = units < -INT16_ADDEND_MAX ? -INT16_ADDEND_MAX : units;
    const int known = units == units;
    sum = (known ? units : 0) + rounding;
    memcpy(&bits, &sum, sizeof bits);
    memcpy(&base, &rounding, sizeof base);
    const int32_t whole = a + (bits - base);
    *wraps += (whole != (int16_t)whole) | !known;
    return (int16_t)whole;
}

#endif
