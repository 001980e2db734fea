/* The part of the CUDA runtime that kernels/cuda uses, on the CPU: kernels run as fibers, streams are queues.
 *
 * Nothing asked of a stream happens before somebody waits for it (synchronize, or a wait for an event): a
 * missing synchronisation shows as poison. Device memory is poisoned when it is allocated.
 *
 * A block has the shared memory that every card of sm_80 and later gives it, 48 KiB unasked and 99 KiB for a kernel that has
 * asked. While a thread captures a stream it may not wait for the device nor take or give back memory, as CUDA documents for
 * cudaStreamCaptureModeThreadLocal; what it tried is an error, and so is the capture's end. Events cannot lead into a capture or
 * out of it: on a card one that is recorded there belongs to the graph, and nobody outside may wait for it. */
#ifndef PRUNET_TESTS_CUDA_SHIM_CUDA_RUNTIME_API_H
#define PRUNET_TESTS_CUDA_SHIM_CUDA_RUNTIME_API_H

#include <stddef.h>

#define CUDART_VERSION 13000

#ifdef __cplusplus
extern "C" {
#endif

typedef enum cudaError {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInsufficientDriver = 35,
    cudaErrorNoDevice = 100,
    cudaErrorInvalidDevice = 101,
    cudaErrorInvalidResourceHandle = 400,
    cudaErrorIllegalAddress = 700,
    cudaErrorStreamCaptureUnsupported = 900,
    cudaErrorStreamCaptureInvalidated = 901,
    cudaErrorStreamCaptureIsolation = 905
} cudaError_t;

typedef struct shim_stream *cudaStream_t;
typedef struct shim_event *cudaEvent_t;
typedef struct shim_graph *cudaGraph_t;
typedef struct shim_graph *cudaGraphExec_t;

enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2, cudaMemcpyDeviceToDevice = 3 };
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };
enum { cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2 };
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };

struct cudaDeviceProp {
    char name[256];
    int major, minor, multiProcessorCount;
};

const char *cudaGetErrorName(cudaError_t error);
const char *cudaGetErrorString(cudaError_t error);
cudaError_t cudaGetLastError(void);
cudaError_t cudaPeekAtLastError(void);
cudaError_t cudaDriverGetVersion(int *version); /* 0: no driver */
cudaError_t cudaGetDeviceCount(int *count);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int device);
cudaError_t cudaMemGetInfo(size_t *available, size_t *total);

cudaError_t cudaMalloc(void **memory, size_t bytes);
cudaError_t cudaFree(void *memory);
cudaError_t cudaMallocHost(void **memory, size_t bytes);
cudaError_t cudaFreeHost(void *memory);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream);
cudaError_t cudaMemsetAsync(void *memory, int value, size_t bytes, cudaStream_t stream);

cudaError_t cudaFuncSetAttribute(const void *kernel, enum cudaFuncAttribute attribute, int value);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags);
cudaError_t cudaStreamSynchronize(cudaStream_t stream);
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventDestroy(cudaEvent_t event);

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec);

/* --- for the tests ---
 *
 * A program that is not written for it is driven through the environment: environment.cpp. */

/* The order in which the blocks of a grid and the threads of a block take their turns follows the number of
 * OpenMP threads, for which a harness asks that all results be the same: 1 forward, 2 backward, any other
 * number seeds a shuffle that changes after every barrier, and holds some warps back as long as it can. */

/* What cudaGetLastError will say. */
extern cudaError_t shim_last_error;

/* So many runs of cuDNN's plans fail from now on; its heuristics propose nothing. */
extern int shim_failing_runs, shim_no_engines;

/* How a tensor core rounds, which PTX leaves open: each sum to nearest, or the terms of a product cut off below the
 * places of the largest, towards zero or minus infinity. cuDNN's stand-in then rounds its bf16 the same way. */
enum { SHIM_MMA_NEAREST, SHIM_MMA_TRUNCATE, SHIM_MMA_FLOOR };
extern int shim_mma;

/* cuDNN's stand-in computes the first element of every forward convolution wrongly. */
extern int shim_wrong_convolutions;

/* The next call of the runtime named here fails with this error, once; NULL: none does. */
extern const char *shim_failing_call;
extern cudaError_t shim_failure;

/* What cudaDriverGetVersion says. */
extern int shim_driver;

/* What cudnnGetVersion would say, and the compute capability of the device. */
extern size_t shim_cudnn_version;
extern int shim_capability;

/* The number of devices, and those (a bit each) on which anything was made or done: a process that touches another
 * device than its own takes memory there. A stream belongs to the device that is its thread's present one when it
 * is made; a call that names it from a thread with another fails. Each thread begins with device 0. */
extern int shim_devices;
extern unsigned shim_touched;

/* Graphs that were made and not destroyed. */
extern int shim_graphs;

/* Bytes of device memory that cudaMalloc gives out before it fails; what is in use, and the most so far. */
extern size_t shim_memory, shim_memory_used, shim_memory_peak;

#ifdef __cplusplus
}
#endif
#endif
