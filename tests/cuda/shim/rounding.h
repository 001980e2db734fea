/* How the libraries round operands.
 *
 * Floats become TF32 by dropping 13 bits of the mantissa: the tensor cores of sm_90 read them in place (wgmma)
 * and look at no more. Other engines round to nearest, which is half as far off. */
#ifndef PRUNET_TESTS_CUDA_SHIM_ROUNDING_H
#define PRUNET_TESTS_CUDA_SHIM_ROUNDING_H

#include <cuda_runtime.h>

/* To nearest, ties to even, or as shim_mma says. */
static inline float bf16_of(float value)
{
    unsigned bits = __float_as_uint(value);
    if (value != value)
        return value;
    if (shim_mma == SHIM_MMA_NEAREST)
        bits += 0x7fff + (bits >> 16 & 1);
    else if (shim_mma == SHIM_MMA_FLOOR && bits >> 31)
        bits += 0xffff;
    return __uint_as_float(bits >> 16 << 16);
}

static inline float tf32_of(float value)
{
    return __uint_as_float(__float_as_uint(value) & ~0x1fffu);
}

#endif
