/* The operands of convolutions and matrix products: how they are rounded, and matrices
 * [voxels][padded(channels)] of bf16 made from those of floats. Pointers to either are void. */
#ifndef PRUNET_KERNELS_CUDA_OPERAND_H
#define PRUNET_KERNELS_CUDA_OPERAND_H

#include "kernels/shape.h"
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sums and tensors are fp32 whatever the precision, but for streams and their gradients at PRECISION_INT16, whose
 * operands are bf16 (streams.h). */
enum precision { PRECISION_TF32, PRECISION_FP32, PRECISION_BF16, PRECISION_INT16 };

/* The precision of the table that was opened last. */
void operand_set_precision(enum precision precision);
enum precision operand_precision(void);

/* Whether operands are made of bf16: at the other precisions they are floats. */
static inline bool precision_is_bf16(enum precision precision)
{
    return precision == PRECISION_BF16 || precision == PRECISION_INT16;
}

/* The same of the current one. */
bool operand_is_bf16(void);

/* A matrix of floats as an operand: itself, or its copy in bf16 at `destination`. */
const void *operand_of(struct shape shape, const float *matrix, void *destination);

/* y = f, as floats. */
void operand_to_floats(struct shape shape, const uint16_t *f, float *y);

/* y += sign f, a stream; y_sums = the channel sums of the new y, unless NULL. Partials: see sums.h; wraps: streams.h. */
void operand_add(struct shape shape, const uint16_t *f, float sign, float *y, double *y_sums,
                 double *partials, unsigned long long *wraps);

#ifdef __cplusplus
}
#endif

#endif
