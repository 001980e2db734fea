/* The products of a chunk, point by point; a 1x1x1 convolution has one point.
 *
 *     forward:          M[p] [tile][out]  = sum over in    V[p] [tile][in] U[p] [in][out]
 *     weight gradient:  dU[p][in][out]    = sum over tiles V[p] [tile][in] W[p] [tile][out]
 *
 * V, W, M: operands (tiles.h). U, dU: filters (filters.h), [points][out blocks][in blocks * LANES][LANES]. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_PRODUCTS_H
#define PRUNET_KERNELS_CPU_BLOCKED_PRODUCTS_H

#include "kernels/cpu/blocked/filters.h"

#define blocked_multiply VARIANT_NAME(blocked_multiply)
#define blocked_correlate VARIANT_NAME(blocked_correlate)

/* What is multiplied. */
struct product {
    int points, tiles; /* tiles: of the chunk; no other slot matters */
    struct shape in;
    int out_blocks;
    int add; /* of blocked_correlate: += instead of = */
};

/* m = v u */
void blocked_multiply(const struct product *p, const float *v, const float *u, float *m);

/* du = or += v^T w */
void blocked_correlate(const struct product *p, const float *v, const float *w, float *du);

#endif
