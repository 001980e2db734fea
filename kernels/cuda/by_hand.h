/* Which operations of the finest level run by our own kernels (level0.cu, level0_weights.cu) instead of
 * cuDNN's.
 *
 * The user says so: PRUNET_CUDA_LEVEL0 is 0 (the default: none), 1 (all), or a list of forward, data and
 * weights, separated by commas. `make gpu-bench` measures on a card what is fastest there, and says what to
 * set. A run never measures: its results would depend on a race. Our kernels take bf16 operands, so the
 * other precisions have nothing to choose. */
#ifndef PRUNET_KERNELS_CUDA_BY_HAND_H
#define PRUNET_KERNELS_CUDA_BY_HAND_H

#include "kernels/cuda/gpu.h"
#include "kernels/shape.h"

enum by_hand {
    BY_HAND_FORWARD = 1, /* the branch and its reversal */
    BY_HAND_DATA = 2,    /* the gradient of its input, the norm's parameters included */
    BY_HAND_WEIGHTS = 4, /* the gradient of the convolution's weights */
    BY_HAND_ALL = 7
};

/* Reads the variable. NULL, or one line of advice when it says nothing that is known; then the choice is what
 * it was. */
const char *by_hand_choose(void);

/* Of the choice, what applies to a part of that shape at that precision. */
unsigned by_hand(enum precision precision, struct shape shape);

/* The choice in words, as the variable takes them: "none", "forward,data,weights". */
const char *by_hand_words(void);

#endif
