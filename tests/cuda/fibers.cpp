/* The stand-in for a device must itself be able to fail a kernel: missing barriers, shared memory read before
 * it is written, barriers that not all threads reach; and its warp operations must be right. */
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/rows.h"
#include "tests/check.h"
#include <omp.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 128 };

/* Sums the block's numbers in shared memory; BARRIERS = false leaves the synchronisation out. */
template <bool BARRIERS> __global__ void sum_block(const float *x, float *sum)
{
    GPU_SHARED(float, shared);
    shared[threadIdx.x] = x[threadIdx.x];
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        if (BARRIERS)
            __syncthreads();
        if (threadIdx.x < half)
            shared[threadIdx.x] += shared[threadIdx.x + half];
    }
    if (threadIdx.x == 0)
        *sum = shared[0];
}

/* Warps whose threads exchange something: turns keep them in step, so one must be held back. */
template <bool BARRIERS> __global__ void sum_warps(const float *x, float *sum)
{
    GPU_SHARED(float, shared);
    float mine = x[threadIdx.x];
    for (int lanes = 16; lanes > 0; lanes /= 2)
        mine += __shfl_xor_sync(0xffffffffu, mine, lanes);
    shared[threadIdx.x] = mine;
    if (BARRIERS)
        __syncthreads();
    __syncwarp();
    if (threadIdx.x == 0)
        *sum = shared[0] + shared[32] + shared[64] + shared[96];
}

__global__ void read_before_write(float *result)
{
    GPU_SHARED(float, shared);
    *result = shared[1];
}

__global__ void divergent(float *result)
{
    if (threadIdx.x % 2)
        __syncthreads();
    else
        __syncwarp();
    *result = 0;
}

__global__ void reverse_lanes(const float *x, float *y)
{
    y[threadIdx.x] = __shfl_sync(0xffffffffu, x[threadIdx.x], 31 - (int)threadIdx.x % 32) +
                     100 * __shfl_xor_sync(0xffffffffu, x[threadIdx.x], 5) +
                     10000 * __shfl_down_sync(0xffffffffu, x[threadIdx.x], 3);
}

__global__ void touch_all(size_t count)
{
    GPU_SHARED(unsigned char, shared);
    for (size_t i = threadIdx.x; i < count; i += THREADS)
        shared[i] = 1;
}

template <class KERNEL, class... ARGUMENTS> static void launch(KERNEL kernel, ARGUMENTS... arguments)
{
    GPU_LAUNCH(kernel, dim3(1), dim3(THREADS), THREADS * sizeof(float), arguments...);
    gpu_finish();
}

static int orders_agree(void (*kernel)(const float *, float *))
{
    float x[THREADS], expected = 0, sum;
    int agree = 1;
    for (int i = 0; i < THREADS; i++)
        x[i] = (float)(i % 13), expected += x[i];
    for (int threads = 1; threads <= 6; threads++) {
        omp_set_num_threads(threads);
        launch(kernel, x, &sum);
        agree &= sum == expected;
    }
    return agree;
}

static int dies(void (*kernel)(float *))
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        float result;
        fclose(stderr);
        launch(kernel, &result);
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_warp(void)
{
    float x[THREADS], y[THREADS];
    int right = 1;
    for (int i = 0; i < THREADS; i++)
        x[i] = (float)i;
    launch(reverse_lanes, x, y);
    for (int i = 0; i < THREADS; i++) {
        int warp = i / 32 * 32, lane = i % 32, down = lane + 3 < 32 ? lane + 3 : lane;
        right &= y[i] ==
                 (float)(warp + 31 - lane) + 100 * (float)(warp + (lane ^ 5)) + 10000 * (float)(warp + down);
    }
    check(right, "shuffles give every lane the right neighbour's number");
}

/* Whether a launch with so much shared memory runs. */
static int runs_with(size_t bytes)
{
    shim_launch("touch_all", dim3(1), dim3(THREADS), bytes, gpu_queue(), touch_all, bytes);
    return cudaGetLastError() == cudaSuccess && cudaStreamSynchronize(gpu_queue()) == cudaSuccess;
}

static cudaError_t allow(int bytes)
{
    cudaError_t status = cudaFuncSetAttribute(reinterpret_cast<const void *>(touch_all),
                                              cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
    (void)cudaGetLastError();
    return status;
}

static void test_shared(void)
{
    check(runs_with(48 << 10) && !runs_with((48 << 10) + 1), "a kernel has 48 KiB of shared memory unasked");
    check(!allow(60 << 10) && runs_with(60 << 10) && !runs_with((60 << 10) + 1), "and what it has asked for");
    check(allow((99 << 10) + 1) && !allow(99 << 10) && runs_with(99 << 10), "which is 99 KiB at most");
}

int main()
{
    const char *why = gpu_open();
    if (!check(!why, "the stand-in opens"))
        return 1;
    check(orders_agree(sum_block<true>), "a sum with its barriers is the same in all orders");
    check(!orders_agree(sum_block<false>), "a sum without barriers is found out");
    check(orders_agree(sum_warps<true>), "so is one of warps that exchange sums");
    check(!orders_agree(sum_warps<false>), "a warp that does not wait for the others is found out");
    float result = 0;
    launch(read_before_write, &result);
    check(isnan(result), "shared memory read before it is written is NaN");
    check(dies(divergent), "a barrier that half the threads miss ends the program");
    test_warp();
    test_shared();
    return check_exit();
}
