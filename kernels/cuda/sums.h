/* Sums over voxels: each block of a kernel stores its own, the `partials`; here they are added up in a fixed
 * order, by a kernel of its own or by the last blocks of the kernel that made them. All pointers are the
 * device's. */
#ifndef PRUNET_KERNELS_CUDA_SUMS_H
#define PRUNET_KERNELS_CUDA_SUMS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of the partials of up to two numbers a channel, from a kernel that walks over a matrix (see rows.h),
 * of the sums of groups of them, and of their totals, which lie behind. */
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

#include "kernels/cuda/rows.h"

/* --- on the device: the last block adds up --- */

/* Blocks are taken in groups of SUMS_GROUP neighbours. The last block of a group to end adds up the group, the
 * last group to end all of them: both in order, whichever block that is. Neither waits for anyone. */
enum { SUMS_GROUP = 64, SUMS_GROUPS_MAX = ROW_BLOCKS_MAX / SUMS_GROUP };

static inline unsigned sums_groups(struct rows r)
{
    return (r.width + SUMS_GROUP - 1) / SUMS_GROUP;
}

/* Where the totals lie that belong to the partials of `values` numbers a channel. */
static inline double *sums_totals(struct rows r, int values, double *partials)
{
    return partials + (size_t)(r.width + sums_groups(r)) * (size_t)(r.padded * values);
}

/* Counts the calling block in; true in all threads of the last of `count` blocks, which then sees what the others
 * have stored. The counter goes back to zero by that. */
__device__ static inline bool sums_last_of(unsigned *counter, unsigned count, unsigned *shared)
{
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0)
        *shared = atomicInc(counter, count - 1);
    __syncthreads();
    bool last = *shared == count - 1;
    __syncthreads();
    __threadfence();
    return last;
}

/* to[column] = sum of from[row][column] over the rows. Shared: a double a thread. */
__device__ static inline void sums_add_rows(const volatile double *from, unsigned rows, int stride,
                                            double *shared, double *to)
{
    int columns = stride < (int)blockDim.x ? stride : (int)blockDim.x, parts = (int)blockDim.x / columns,
        part = (int)threadIdx.x / columns;
    for (int first = 0; first < stride; first += columns) {
        int column = first + (int)threadIdx.x % columns;
        bool mine = part < parts && column < stride;
        double sum = 0;
#pragma unroll 8
        for (unsigned row = (unsigned)part; row < rows && mine; row += (unsigned)parts)
            sum += from[(size_t)row * (size_t)stride + (size_t)column];
        shared[threadIdx.x] = sum;
        __syncthreads();
        if (part == 0 && mine) {
            for (int other = 1; other < parts; other++)
                sum += shared[other * columns + (int)threadIdx.x];
            to[column] = sum;
        }
        __syncthreads();
    }
}

/* to[n] = totals[n], for n < count, by the threads of a block */
__device__ static inline void sums_copy(int count, const double *totals, double *to)
{
    for (int n = (int)threadIdx.x; n < count; n += (int)blockDim.x)
        to[n] = totals[n];
}

/* Behind store_partials, by all threads of all blocks of rows_grid(r): true in all threads of the block that ends
 * last, where totals[channel][value] = the sums over all blocks. partials and totals: sums_partials_bytes and
 * sums_totals; shared: a double a thread. */
template <int VALUES>
__device__ static inline bool sums_last_block(struct rows r, double *shared, double *partials, double *totals)
{
    static unsigned counters[1 + SUMS_GROUPS_MAX];
    unsigned groups = (gridDim.x + SUMS_GROUP - 1) / SUMS_GROUP, group = blockIdx.x / SUMS_GROUP,
             first = group * SUMS_GROUP, left = gridDim.x - first,
             rows = left < (unsigned)SUMS_GROUP ? left : (unsigned)SUMS_GROUP;
    int stride = r.padded * VALUES;
    unsigned *flag = reinterpret_cast<unsigned *>(shared);
    double *of_groups = partials + (size_t)gridDim.x * (size_t)stride;
    if (!sums_last_of(&counters[1 + group], rows * gridDim.y, flag))
        return false;
    sums_add_rows(partials + (size_t)first * (size_t)stride, rows, stride, shared,
                  of_groups + (size_t)group * (size_t)stride);
    if (!sums_last_of(&counters[0], groups, flag))
        return false;
    sums_add_rows(of_groups, groups, stride, shared, totals);
    return true;
}
#endif

#endif
