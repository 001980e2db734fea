/* Sums over voxels: each block of a kernel stores its own, the `partials`; here they are added up in a fixed
 * order. All pointers are the device's. */
#ifndef PRUNET_KERNELS_CUDA_SUMS_H
#define PRUNET_KERNELS_CUDA_SUMS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the partials of up to two numbers a channel, from a kernel that walks over a matrix (see rows.h),
 * and of their totals, which lie behind them. */
size_t sums_partials_bytes(size_t voxels, int channels);

/* totals[n] = sum over the blocks of partials[block][n], for n < count; `stride` doubles a block. */
void sums_reduce(unsigned blocks, int stride, int count, const double *partials, double *totals);

/* The same with `count` floats a block. */
void sums_reduce_floats(unsigned blocks, int count, const float *partials, double *totals);

/* The same for each of `groups` groups of neighbouring blocks: totals[group][stride]. */
void sums_reduce_groups(unsigned blocks, unsigned groups, int stride, const double *partials, double *totals);

/* sums[n] += totals[n], for n < count */
void sums_add_totals(int count, const double *totals, float *sums);

#ifdef __cplusplus
}
#endif

#endif
