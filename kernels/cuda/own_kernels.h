/* Which convolutions of the finer levels' branches run by our own fused kernels (branch_fused.h) instead of cuDNN's.
 *
 * The user chooses: PRUNET_CUDA_KERNELS is 0 (the default: none), 1 (all), or a list of forward, data and weights,
 * separated by commas. Each means the branches of all widths, or with a width those of 32, 64 or 128 channels,
 * padding counted: forward@64. `make gpu-bench` measures on a card what is fastest there, and says what to set. A run
 * never measures by itself: its results would then depend on timing. Our kernels take bf16 operands, so at the
 * other precisions there is nothing to choose. The variable's older name, PRUNET_CUDA_LEVEL0, is read where this one
 * is unset or empty, and means the finest level's 32 channels alone, as it did. */
#ifndef PRUNET_KERNELS_CUDA_OWN_KERNELS_H
#define PRUNET_KERNELS_CUDA_OWN_KERNELS_H

#include "kernels/cuda/operand.h"

enum own_kernels {
    OWN_FORWARD = 1, /* the branch, added or subtracted */
    OWN_DATA = 2,    /* the gradient of its input, the norm's parameters included */
    OWN_WEIGHTS = 4, /* the gradient of the convolution's weights */
    OWN_ALL = 7
};

/* Reads the variable. NULL, or one line of advice when its value is not valid; the choice then stays. */
const char *own_kernels_choose(void);

/* Which of the chosen kernels run for a stream of that shape at that precision: bits of enum own_kernels. */
unsigned own_kernels(enum precision precision, struct shape shape);

enum { OWN_KERNELS_WORDS = 160 /* characters at most */ };

/* The choice in words: "none", "forward,data,weights", for 32 channels; behind them, for other widths that have a
 * choice, ", of 64 channels: forward". */
const char *own_kernels_words(void);

#endif
