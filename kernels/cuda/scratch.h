/* How an operation divides its scratch: one function for the size and for the pointers, so that they cannot
 * differ. */
#ifndef PRUNET_KERNELS_CUDA_SCRATCH_H
#define PRUNET_KERNELS_CUDA_SCRATCH_H

#include "kernels/cuda/device.h"
#include "kernels/cuda/gpu.h"
#include "kernels/kernels.h"

/* NULL where the operation has no use for it. The network's sheets are the larger part:
 *   branch  first and second are the halves of one sheet of floats; each holds a sheet of bf16, or `first`
 * takes both as floats: the activated input and later its gradient; F, later dy in bf16 conv3   first,
 * second: x (later dx) and y or dy in bf16 down    first: the pooled values, later their gradient, all streams
 *   up      first: the mixed values or their gradient, all streams */
struct scratch {
    void *workspace; /* of the libraries */
    size_t workspace_bytes;
    double *partials;
    struct norm_channel *norm;
    struct norm_correction *correction;
    void *weights, *weights_gradient; /* packed */
    void *first, *second;
    size_t total; /* bytes of all */
};

/* At the precision that is open. */
struct scratch scratch_of(enum operation operation, struct shape in, struct shape out, void *base);

/* As in the table of that precision, open or not. */
size_t scratch_bytes(enum precision precision, enum operation operation, struct shape in, struct shape out);

#endif
