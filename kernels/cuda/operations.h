/* What the table in cuda.c is made of: the functions of each operation, with the types that kernels/ states,
 * and one that says how much scratch they need. Only cuda.c calls them. The file of each operation includes
 * this header, too, so that the compiler checks what it defines. */
#ifndef PRUNET_KERNELS_CUDA_OPERATIONS_H
#define PRUNET_KERNELS_CUDA_OPERATIONS_H

#include "kernels/cuda/operand.h"
#include "kernels/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

#define X(operation) operation##_function cuda_##operation;
#include "kernels/operations.def"

/* Bytes of scratch at a precision, from one shape to another. Nothing need be open for it. */
typedef size_t scratch_bytes_function(enum precision precision, struct shape in, struct shape out);

scratch_bytes_function image_conv_scratch_bytes;
scratch_bytes_function conv3_scratch_bytes;
scratch_bytes_function norm_scratch_bytes;
scratch_bytes_function branch_scratch_bytes;
scratch_bytes_function down_scratch_bytes;
scratch_bytes_function up_scratch_bytes;
scratch_bytes_function head_scratch_bytes;

#ifdef __cplusplus
}
#endif

#endif
