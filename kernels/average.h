/* An exponential moving average of the weights (Polyak and Juditsky, 1992; as "EMA" in deep learning).
 *
 *     a += (1 - decay) (w - a)
 *
 * a: updated in place; w: read. Plain arrays of n floats in the backend's memory. */
#ifndef PRUNET_KERNELS_AVERAGE_H
#define PRUNET_KERNELS_AVERAGE_H

#include <stddef.h>

typedef void average_function(size_t n, double decay, const float *w, float *a);

#endif
