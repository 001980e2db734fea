/* Streams, memory, events and graphs of the CUDA runtime on the CPU: see cuda_runtime_api.h beside this file.
 */
#include <cuda_runtime.h>
#include <deque>
#include <map>
#include <stdlib.h>
#include <vector>

typedef std::function<void()> task;

struct shim_stream {
    std::deque<task> queue;
    shim_graph *capturing;
};

struct shim_event {
    shim_stream *stream; /* where it was recorded last */
    bool reached;
};

struct shim_graph {
    std::vector<task> nodes;
};

const char *shim_failing_call;
cudaError_t shim_failure;
int shim_wrong_convolutions, shim_driver = 13000;
size_t shim_memory = (size_t)4 << 30, shim_memory_used, shim_memory_peak;
static cudaError_t last_error;
static std::map<void *, size_t> allocated;

/* Whether the test asked for `call` to fail; it does so once. */
static bool fails(const char *call)
{
    if (!shim_failing_call || strcmp(shim_failing_call, call))
        return false;
    shim_failing_call = nullptr;
    last_error = shim_failure;
    return true;
}

static void drain(shim_stream *stream)
{
    while (!stream->queue.empty()) {
        task next = stream->queue.front();
        stream->queue.pop_front();
        next();
    }
}

static std::vector<shim_stream *> streams;

static void drain_until(shim_event *event)
{
    while (event->stream && !event->reached && !event->stream->queue.empty()) {
        task next = event->stream->queue.front();
        event->stream->queue.pop_front();
        next();
    }
}

void shim_enqueue(cudaStream_t stream, task work)
{
    if (fails("cudaLaunchKernel"))
        return;
    if (stream->capturing)
        stream->capturing->nodes.push_back(work);
    else
        stream->queue.push_back(work);
}

extern "C" {

const char *cudaGetErrorName(cudaError_t error)
{
    return error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation"
           : error == cudaErrorNoDevice       ? "cudaErrorNoDevice"
           : error == cudaErrorIllegalAddress ? "cudaErrorIllegalAddress"
           : error                            ? "cudaErrorOther"
                                              : "cudaSuccess";
}

const char *cudaGetErrorString(cudaError_t error)
{
    return error == cudaErrorMemoryAllocation ? "out of memory"
           : error == cudaErrorNoDevice       ? "no CUDA-capable device is detected"
           : error == cudaErrorIllegalAddress ? "an illegal memory access was encountered"
           : error                            ? "some error"
                                              : "no error";
}

cudaError_t cudaGetLastError(void)
{
    cudaError_t error = last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError(void)
{
    return last_error;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    *version = shim_driver;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int *count)
{
    *count = 0;
    if (fails("cudaGetDeviceCount"))
        return shim_failure;
    *count = 1;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int)
{
    return fails("cudaSetDevice") ? shim_failure : cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int)
{
    *properties = cudaDeviceProp();
    strcpy(properties->name, "fibers on a CPU");
    properties->major = 9;
    return fails("cudaGetDeviceProperties") ? shim_failure : cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *available, size_t *total)
{
    *total = shim_memory;
    *available = shim_memory - shim_memory_used;
    return cudaSuccess;
}

cudaError_t cudaMalloc(void **memory, size_t bytes)
{
    *memory = nullptr;
    if (fails("cudaMalloc"))
        return shim_failure;
    if (bytes > shim_memory - shim_memory_used) {
        last_error = cudaErrorMemoryAllocation;
        return last_error;
    }
    if (posix_memalign(memory, 256, bytes ? bytes : 1))
        return cudaErrorMemoryAllocation;
    memset(*memory, 0xff, bytes);
    allocated[*memory] = bytes;
    shim_memory_used += bytes;
    shim_memory_peak = shim_memory_used > shim_memory_peak ? shim_memory_used : shim_memory_peak;
    return cudaSuccess;
}

cudaError_t cudaFree(void *memory)
{
    if (!memory)
        return cudaSuccess;
    auto found = allocated.find(memory);
    if (found == allocated.end())
        return cudaErrorInvalidValue;
    for (shim_stream *stream : streams) /* freeing waits for the device */
        drain(stream);
    shim_memory_used -= found->second;
    allocated.erase(found);
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaMallocHost(void **memory, size_t bytes)
{
    *memory = nullptr;
    if (fails("cudaMallocHost"))
        return shim_failure;
    return posix_memalign(memory, 256, bytes ? bytes : 1) ? cudaErrorMemoryAllocation : cudaSuccess;
}

cudaError_t cudaFreeHost(void *memory)
{
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind,
                            cudaStream_t stream)
{
    if (fails("cudaMemcpyAsync"))
        return shim_failure;
    shim_enqueue(stream, [=] { memcpy(to, from, bytes); });
    return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void *memory, int value, size_t bytes, cudaStream_t stream)
{
    if (fails("cudaMemsetAsync"))
        return shim_failure;
    shim_enqueue(stream, [=] { memset(memory, value, bytes); });
    return cudaSuccess;
}

cudaError_t cudaFuncSetAttribute(const void *, enum cudaFuncAttribute, int)
{
    return fails("cudaFuncSetAttribute") ? shim_failure : cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned)
{
    *stream = new shim_stream();
    streams.push_back(*stream);
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    drain(stream);
    return fails("cudaStreamSynchronize") ? shim_failure : cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned)
{
    *event = new shim_event();
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    event->stream = stream;
    event->reached = false;
    shim_enqueue(stream, [=] { event->reached = true; });
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned)
{
    shim_enqueue(stream, [=] { drain_until(event); });
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    drain_until(event);
    return fails("cudaEventSynchronize") ? shim_failure : cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    delete event;
    return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode)
{
    if (fails("cudaStreamBeginCapture"))
        return shim_failure;
    stream->capturing = new shim_graph();
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    *graph = stream->capturing;
    stream->capturing = nullptr;
    return fails("cudaStreamEndCapture") ? shim_failure : cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long)
{
    *exec = nullptr;
    if (fails("cudaGraphInstantiate"))
        return shim_failure;
    *exec = new shim_graph(*graph);
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    if (fails("cudaGraphLaunch"))
        return shim_failure;
    for (const task &node : exec->nodes)
        shim_enqueue(stream, node);
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    delete exec;
    return cudaSuccess;
}
}
