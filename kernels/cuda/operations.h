/* What the file of each operation gives to the table: its functions, as kernels/ states them, and the bytes
 * of scratch that they need. */
#ifndef PRUNET_KERNELS_CUDA_OPERATIONS_H
#define PRUNET_KERNELS_CUDA_OPERATIONS_H

#include "kernels/cuda/operand.h"
#include "kernels/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

#define X(operation) operation##_function cuda_##operation;
#include "kernels/operations.def"

size_t image_conv_scratch_bytes(struct shape image, struct shape out);
size_t conv3_scratch_bytes(struct shape in, struct shape out);
size_t norm_scratch_bytes(struct shape shape);
size_t branch_scratch_bytes(enum precision precision, struct shape shape); /* that need not be open */
size_t down_scratch_bytes(struct shape fine, struct shape coarse);
size_t up_scratch_bytes(struct shape coarse, struct shape fine);
size_t head_scratch_bytes(struct shape in);

#ifdef __cplusplus
}
#endif

#endif
