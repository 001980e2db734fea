/* Sums of gradients whose bits do not depend on the order of the terms: whole multiples of 2^-48, as int64.
 *
 *     fixed_add:    sum += (int64) rint( (double) g * 2^48 )
 *     fixed_mean:   g = (float) ( (double) sum * (2^-48 / count) )
 *
 * Integer addition is associative, and each line is made of correctly rounded IEEE operations with no sum of
 * doubles that could be contracted: every backend gives the same bits. The rounding is within 2^-49 of a term,
 * and exact from 2^-25 on.
 *
 * A term is below 2^7, so that 256 of them stay below 2^63. One that is not, a NaN among them, adds nothing and
 * sets *out_of_range to 1, which is left as it is otherwise.
 *
 * fixed_add reads g, updates sum and out_of_range; fixed_mean reads sum and writes g. Arrays of n and
 * out_of_range are in the backend's memory; count is 1 to FIXED_COUNT_MAX. */
#ifndef PRUNET_KERNELS_FIXED_H
#define PRUNET_KERNELS_FIXED_H

#include <stddef.h>
#include <stdint.h>

#define FIXED_ONE 0x1p48  /* a sum's units in 1 */
#define FIXED_LIMIT 0x1p7 /* terms are smaller */
enum { FIXED_COUNT_MAX = 256 };

typedef void fixed_add_function(size_t n, const float *g, int64_t *sum, int32_t *out_of_range);
typedef void fixed_mean_function(size_t n, const int64_t *sum, int count, float *g);

#endif
