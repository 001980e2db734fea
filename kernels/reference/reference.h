/* The operations of the reference backend, each in the file of its name. Its layout is plain: a tensor is a C-order
 * array [streams * channels][depth][height][width]. */
#ifndef PRUNET_KERNELS_REFERENCE_REFERENCE_H
#define PRUNET_KERNELS_REFERENCE_REFERENCE_H

#include "kernels/kernels.h"

#define X(operation) operation##_function reference_##operation;
#include "kernels/operations.def"

#endif
