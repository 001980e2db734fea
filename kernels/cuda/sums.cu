/* The second half of every sum over voxels: the blocks' sums, added up in a fixed order. */
#include "kernels/cuda/sums.h"

size_t sums_partials_bytes(size_t voxels, int channels)
{
    struct rows r = rows_of(voxels, channels);
    return (size_t)(r.width + sums_groups(r) + 1) * (size_t)(r.padded * 2) * sizeof(double);
}

enum { SUM_COLUMNS = 32, SUM_ROWS = 16 };

/* Threads: SUM_COLUMNS x SUM_ROWS; a column makes one sum, the blocks it is made of are dealt out to the
 * rows. blockIdx.y: one group of `each` blocks, its totals at totals[group][count]. */
template <class PARTIAL>
__global__ void sums_reduce_kernel(unsigned blocks, unsigned each, int stride, int count,
                                   const PARTIAL *partials, double *totals)
{
    GPU_SHARED(double, shared);
    int column = (int)threadIdx.x % SUM_COLUMNS, row = (int)threadIdx.x / SUM_COLUMNS;
    int n = (int)blockIdx.x * SUM_COLUMNS + column;
    unsigned first = blockIdx.y * each, end = first + each < blocks ? first + each : blocks;
    double sum = 0;
    if (n < count)
        for (unsigned block = first + (unsigned)row; block < end; block += SUM_ROWS)
            sum += (double)partials[(size_t)block * (size_t)stride + (size_t)n];
    shared[threadIdx.x] = sum;
    __syncthreads();
    if (row == 0 && n < count) {
        for (int other = 1; other < SUM_ROWS; other++)
            sum += shared[other * SUM_COLUMNS + column];
        totals[(size_t)blockIdx.y * (size_t)count + (size_t)n] = sum;
    }
}

template <class PARTIAL>
static void reduce(unsigned blocks, unsigned groups, int stride, int count, const PARTIAL *partials,
                   double *totals)
{
    GPU_LAUNCH(sums_reduce_kernel<PARTIAL>, dim3((unsigned)(count + SUM_COLUMNS - 1) / SUM_COLUMNS, groups),
               dim3(SUM_COLUMNS * SUM_ROWS), SUM_COLUMNS * SUM_ROWS * sizeof(double), blocks,
               (blocks + groups - 1) / groups, stride, count, partials, totals);
}

void sums_reduce(unsigned blocks, int stride, int count, const double *partials, double *totals)
{
    reduce(blocks, 1, stride, count, partials, totals);
}

void sums_reduce_floats(unsigned blocks, int count, const float *partials, double *totals)
{
    reduce(blocks, 1, count, count, partials, totals);
}

void sums_reduce_groups(unsigned blocks, unsigned groups, int stride, const double *partials, double *totals)
{
    reduce(blocks, groups, stride, stride, partials, totals);
}

__global__ void sums_add_totals_kernel(int count, const double *totals, float *sums)
{
    int n = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    if (n < count)
        sums[n] = (float)((double)sums[n] + totals[n]);
}

void sums_add_totals(int count, const double *totals, float *sums)
{
    GPU_LAUNCH(sums_add_totals_kernel, dim3((unsigned)(count + 63) / 64), dim3(64), 0, count, totals, sums);
}
