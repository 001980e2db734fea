/* What every file of the CUDA backend stands on: launches, shared memory, the device's state, errors.
 *
 * A launch is written GPU_LAUNCH(kernel, grid, block, shared bytes, arguments...), never with triple
 * brackets: the same .cu file is then valid C++ and runs on a CPU, where a test's <cuda_runtime.h> defines
 * GPU_LAUNCH and GPU_SHARED in its own way. All shared memory is dynamic, all work goes to one stream.
 *
 * Errors stick: the first one is kept with the operation and the call in which it showed, later work is not
 * even launched, gpu_finish reports it. */
#ifndef PRUNET_KERNELS_CUDA_GPU_H
#define PRUNET_KERNELS_CUDA_GPU_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
#include <cuda_runtime.h>
extern "C" {
#else
#include <cuda_runtime_api.h>
#endif

/* How the operands of convolutions and matrix products are rounded; sums and tensors are always fp32. */
enum precision { PRECISION_TF32, PRECISION_FP32, PRECISION_BF16 };

/* Claims the first device that CUDA_VISIBLE_DEVICES shows, once a process. NULL, or one line of advice: no
 * device, a driver too old, an unsupported card, a broken cuDNN. */
const char *gpu_claim(void);

/* As gpu_claim, and sets the precision of what follows. */
const char *gpu_open(enum precision precision);

enum precision gpu_precision(void);
cudaStream_t gpu_stream(void);

/* An operation of the table begins: its name for messages. False when an earlier one has failed. */
bool gpu_begin(const char *operation);

/* The one that began last. */
const char *gpu_operation(void);

/* Notes that a call failed, unless something failed before. */
void gpu_fail(const char *call, const char *cause);

/* As gpu_fail with CUDA's words; nothing on cudaSuccess. Returns whether all is well so far. */
bool gpu_check(cudaError_t status, const char *call);

/* Lets a kernel use more shared memory than the 48 KiB that it gets unasked. */
void gpu_allow_shared(const void *kernel, size_t bytes);

/* Nothing has failed so far. */
bool gpu_well(void);

/* Memory and time of the backend's table: see kernels/kernels.h. */
void *gpu_allocate(size_t bytes);
void gpu_release(void *memory, size_t bytes);
size_t gpu_available(void);
void gpu_upload(void *to, const void *from_host, size_t bytes);
void gpu_download(void *to_host, const void *from, size_t bytes);
void gpu_clear(void *memory, size_t bytes);
void gpu_copy(void *to, const void *from, size_t bytes);
const char *gpu_finish(void);
void *gpu_allocate_host(size_t bytes);
void gpu_release_host(void *memory, size_t bytes);
void gpu_prefetch_start(void *to, const void *from_host, size_t bytes);
void gpu_prefetch_wait(void);
void gpu_prefetch_release(void);
bool gpu_record_begin(void);
bool gpu_recording(void);
void gpu_record_end(void);
void gpu_replay(void);

#ifdef __cplusplus
}
#endif

#if defined(__CUDACC__)
#define GPU_LAUNCH(kernel, grid, block, shared, ...)                                                         \
    do {                                                                                                     \
        if (gpu_well()) {                                                                                    \
            kernel<<<grid, block, shared, gpu_stream()>>>(__VA_ARGS__);                                      \
            gpu_check(cudaGetLastError(), #kernel);                                                          \
        }                                                                                                    \
    } while (0)
#define GPU_SHARED(type, name)                                                                               \
    extern __shared__ __align__(16) unsigned char gpu_shared_memory[];                                       \
    type *name = reinterpret_cast<type *>(gpu_shared_memory)
#elif defined(__cplusplus)
#define GPU_LAUNCH(kernel, grid, block, shared, ...)                                                         \
    do {                                                                                                     \
        if (gpu_well()) {                                                                                    \
            shim_launch(#kernel, grid, block, shared, gpu_stream(), kernel, __VA_ARGS__);                    \
            gpu_check(cudaGetLastError(), #kernel);                                                          \
        }                                                                                                    \
    } while (0)
#define GPU_SHARED(type, name) type *name = static_cast<type *>(shim_shared())
#endif

#endif
