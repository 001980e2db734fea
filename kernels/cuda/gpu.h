/* The device layer: the device and its queues, memory, launches, errors, the recorded step. It knows nothing
 * of operations and libraries; every other file of the CUDA backend stands on it.
 *
 * Three kinds of names, here and everywhere in this folder:
 *
 *     cuda_NAME      the function NAME of struct kernels, where it computes or knows the layout
 *     gpu_NAME       the device layer, this file; the table's functions for memory, prefetching and recording
 *                    are among them
 *     NAME_kernel    runs on the device; the function NAME launches it
 *
 * Whatever else is shared bears the name of its header: norm_, conv3_, sums_, ...
 *
 * A launch is written GPU_LAUNCH(kernel, grid, block, shared bytes, arguments...), never with triple
 * brackets: the same .cu file is then valid C++ and runs on a CPU, with the <cuda_runtime.h> of
 * tests/cuda/shim, which defines what GPU_LAUNCH and GPU_SHARED call. All shared memory is dynamic.
 *
 * A cudaStream_t is called a queue, since a stream is one of the two streams of a reversible block. All work
 * goes to one queue, in order; copies of the next input go to another.
 *
 * Errors stick: the first one is kept with the operation and the call in which it showed, later work is not
 * even launched, gpu_finish reports it. */
#ifndef PRUNET_KERNELS_CUDA_GPU_H
#define PRUNET_KERNELS_CUDA_GPU_H

#include <stdbool.h>
#include <stddef.h>

struct recording; /* kernels/kernels.h */

#ifdef __cplusplus
#include <cuda_runtime.h>
extern "C" {
#else
#include <cuda_runtime_api.h>
#endif

/* --- the device --- */

/* Claims the device kernels_device() of those that CUDA_VISIBLE_DEVICES shows, once a process. NULL, or one line of
 * advice: no device, a driver too old, an unsupported card. */
const char *gpu_open(void);

/* The queue of all work. */
cudaStream_t gpu_queue(void);

/* The card's compute capability, ten times: 90 is 9.0. */
int gpu_capability(void);

/* The card in words. */
const char *gpu_card(void);

/* --- remarks --- */

/* Keeps a line that the user should read, once; it is no failure. */
void gpu_remark(const char *text);

/* The next of them that nobody has taken, or NULL. */
const char *gpu_take_remark(void);

/* --- errors --- */

/* Begins an operation of the table; messages give its name. False when something has failed before. */
bool gpu_begin(const char *operation);

/* The operation that began last. */
const char *gpu_operation(void);

/* True while nothing has failed. */
bool gpu_ok(void);

/* Keeps that a call failed, unless something failed before. */
void gpu_fail(const char *call, const char *cause);

/* As gpu_fail with CUDA's words; does nothing on cudaSuccess. Returns gpu_ok(). */
bool gpu_check(cudaError_t status, const char *call);

/* As gpu_fail where the device had no memory left for something that was asked of a library. */
void gpu_fail_memory(const char *call);

/* What failed first: operation, call and cause in one line; NULL when nothing did. */
const char *gpu_failure(void);

/* Waits for all work. Returns gpu_failure(). */
const char *gpu_finish(void);

/* --- launches --- */

/* Lets a kernel use more shared memory than the 48 KiB that it gets unasked. */
void gpu_allow_shared(const void *kernel, size_t bytes);

/* --- memory, prefetching, recording: the functions of the table, see kernels/kernels.h --- */

void *gpu_allocate(size_t bytes);
void gpu_release(void *memory, size_t bytes);
size_t gpu_available(void);
void gpu_upload(void *to, const void *from_host, size_t bytes);
void gpu_download(void *to_host, const void *from, size_t bytes);
void gpu_clear(void *memory, size_t bytes);
void gpu_copy(void *to, const void *from, size_t bytes);
void *gpu_allocate_host(size_t bytes);
void gpu_release_host(void *memory, size_t bytes);
void gpu_prefetch_start(void *to, const void *from_host, size_t bytes);
void gpu_prefetch_wait(void);
void gpu_prefetch_release(void);
bool gpu_record_begin(struct recording *recording);
bool gpu_record_end(struct recording *recording);
void gpu_replay(const struct recording *recording);
void gpu_record_release(struct recording *recording);

/* Whether work is being recorded instead of done. */
bool gpu_recording(void);

/* Whether there is a recording, or one is being made: what its kernels use must stay. */
bool gpu_has_recordings(void);

#ifdef __cplusplus
}
#endif

#if defined(__CUDACC__)
#define GPU_LAUNCH(kernel, grid, block, shared, ...)                                                         \
    do {                                                                                                     \
        if (gpu_ok()) {                                                                                      \
            kernel<<<grid, block, shared, gpu_queue()>>>(__VA_ARGS__);                                       \
            gpu_check(cudaGetLastError(), #kernel);                                                          \
        }                                                                                                    \
    } while (0)
#define GPU_SHARED(type, name)                                                                               \
    extern __shared__ __align__(16) unsigned char gpu_shared_memory[];                                       \
    type *name = reinterpret_cast<type *>(gpu_shared_memory)
#elif defined(__cplusplus)
#define GPU_LAUNCH(kernel, grid, block, shared, ...)                                                         \
    do {                                                                                                     \
        if (gpu_ok()) {                                                                                      \
            shim_launch(#kernel, grid, block, shared, gpu_queue(), kernel, __VA_ARGS__);                     \
            gpu_check(cudaGetLastError(), #kernel);                                                          \
        }                                                                                                    \
    } while (0)
#define GPU_SHARED(type, name) type *name = static_cast<type *>(shim_shared())
#endif

#endif
