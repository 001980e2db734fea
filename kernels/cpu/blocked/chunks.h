/* What Winograd convolution does with one chunk of tiles. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_CHUNKS_H
#define PRUNET_KERNELS_CPU_BLOCKED_CHUNKS_H

#include "kernels/cpu/blocked/winograd.h"

#define blocked_windows VARIANT_NAME(blocked_windows)
#define blocked_gradients VARIANT_NAME(blocked_gradients)
#define blocked_results VARIANT_NAME(blocked_results)

/* v = B^T x B of chunk number i, in the blocks of a range; v has all blocks. */
void blocked_windows(const struct input *in, size_t i, struct range range, float *v);

/* w = A dy A^T of chunk number i, in the blocks of a range. */
void blocked_gradients(struct shape shape, size_t i, struct range range, const float *dy, float *w);

/* A^T m A of chunk number i into a sink, in the blocks of a range. */
void blocked_results(struct shape shape, size_t i, struct range range, const float *m, const struct sink *to);

#endif
