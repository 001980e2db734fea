/* The products of a chunk, point by point; a 1x1x1 convolution has one point.
 *
 *     forward:          M[p] [tile][out] = sum over in    V[p] [tile][in] U[p] [in][out]
 *     weight gradient:  dU[p][in][out]  += sum over tiles V[p] [tile][in] W[p] [tile][out]
 *
 * V, W, M: operands (tiles.h). U, dU: filters, [points][out blocks][in blocks * LANES][LANES]. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_PRODUCTS_H
#define PRUNET_KERNELS_CPU_BLOCKED_PRODUCTS_H

#include "kernels/cpu/blocked/filters.h"

#define blocked_multiply VARIANT_NAME(blocked_multiply)
#define blocked_correlate VARIANT_NAME(blocked_correlate)

/* m = v u over all points */
void blocked_multiply(int points, struct shape in, int out_blocks, const float *v, const float *u, float *m);

/* du += v^T w over all points; slots without a tile must be 0 in v and w. */
void blocked_correlate(int points, struct shape in, int out_blocks, const float *v, const float *w,
                       float *du);

#endif
