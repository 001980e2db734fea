/* Adam with L2 regularisation added to the gradient (Kingma and Ba, ICLR 2015; PyTorch's Adam, not AdamW).
 *
 *     g' = g + decay w;  m = b1 m + (1 - b1) g';  v = b2 v + (1 - b2) g'^2
 *     w -= rate / (1 - b1^t) * m / ( sqrt(v / (1 - b2^t)) + epsilon )
 *
 * w, m, v: updated in place; g: read. All plain arrays of n floats, and `adam` itself, in the backend's
 * memory. */
#ifndef PRUNET_KERNELS_ADAM_H
#define PRUNET_KERNELS_ADAM_H

#include <stddef.h>

struct adam {
    double rate, decay, beta1, beta2, epsilon;
    double step; /* t, from 1 */
};

typedef void adam_function(size_t n, const struct adam *adam, const float *g, float *w, float *m, float *v);

#endif
