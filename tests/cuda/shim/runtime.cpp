/* Streams, memory, events and graphs of the CUDA runtime on a CPU: see cuda_runtime_api.h. */
#include <atomic>
#include <cuda_runtime.h>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <stdlib.h>
#include <vector>

typedef std::function<void()> task;

struct shim_stream {
    std::mutex mutex; /* of the queue: another thread may prefetch */
    std::deque<task> queue;
    shim_graph *capturing;
    cudaError_t capture_status; /* what has spoilt it */
    int device;
};

/* A place in a stream's queue. Who waits for an event waits for the place that it marks at that moment. */
struct mark {
    shim_stream *stream = nullptr;
    std::atomic<bool> reached{false};
};

struct shim_event {
    std::shared_ptr<mark> latest;
};

struct shim_graph {
    std::vector<task> nodes;
};

const char *shim_failing_call;
cudaError_t shim_failure;
int shim_wrong_convolutions, shim_driver = 13000, shim_capability = 9, shim_devices = 1;
unsigned shim_touched;
size_t shim_cudnn_version = 91900;
int shim_failing_runs, shim_no_engines, shim_mma;
int shim_graphs;
static thread_local int current_device;
static thread_local shim_stream *captured_here; /* by this thread */
size_t shim_memory = (size_t)4 << 30, shim_memory_used, shim_memory_peak;
cudaError_t shim_last_error;
static std::map<void *, size_t> allocated;

enum { SHARED_UNASKED = 48 << 10, SHARED_MAX = 99 << 10 };
static std::map<const void *, size_t> shared_allowed; /* of kernels that have asked */

/* Whether the test asked for `call` to fail; it does so once. */
static bool fails(const char *call)
{
    if (!shim_failing_call || strcmp(shim_failing_call, call))
        return false;
    shim_failing_call = nullptr;
    shim_last_error = shim_failure;
    return true;
}

static cudaError_t refuse(cudaError_t error)
{
    shim_last_error = error;
    return error;
}

/* Whether this thread captures, which what it calls now spoils. */
static bool spoils_capture()
{
    if (captured_here)
        captured_here->capture_status = cudaErrorStreamCaptureInvalidated;
    return captured_here;
}

static void touch()
{
    shim_touched |= 1u << current_device;
}

/* Whether the stream is of another device than the calling thread's present one. */
static bool elsewhere(const shim_stream *stream)
{
    touch();
    if (stream->device == current_device)
        return false;
    shim_last_error = cudaErrorInvalidResourceHandle;
    return true;
}

/* Does the next thing in a stream's queue; false when there is none. */
static bool advance(shim_stream *stream)
{
    task next;
    {
        std::lock_guard<std::mutex> lock(stream->mutex);
        if (stream->queue.empty())
            return false;
        next = stream->queue.front();
        stream->queue.pop_front();
    }
    next();
    return true;
}

static void drain(shim_stream *stream)
{
    while (advance(stream))
        ;
}

static std::vector<shim_stream *> streams;

static void drain_until(const std::shared_ptr<mark> &mark)
{
    while (mark && !mark->reached && advance(mark->stream))
        ;
}

void shim_enqueue(cudaStream_t stream, task work)
{
    if (fails("cudaLaunchKernel") || elsewhere(stream))
        return;
    if (stream->capturing) {
        stream->capturing->nodes.push_back(work);
        return;
    }
    std::lock_guard<std::mutex> lock(stream->mutex);
    stream->queue.push_back(work);
}

bool shim_allows_shared(const void *kernel, size_t bytes)
{
    auto asked = shared_allowed.find(kernel);
    if (bytes <= SHARED_UNASKED || (asked != shared_allowed.end() && bytes <= asked->second))
        return true;
    refuse(cudaErrorInvalidValue);
    return false;
}

extern "C" {

const char *cudaGetErrorName(cudaError_t error)
{
    return error == cudaErrorMemoryAllocation           ? "cudaErrorMemoryAllocation"
           : error == cudaErrorNoDevice                 ? "cudaErrorNoDevice"
           : error == cudaErrorIllegalAddress           ? "cudaErrorIllegalAddress"
           : error == cudaErrorInvalidValue             ? "cudaErrorInvalidValue"
           : error == cudaErrorStreamCaptureUnsupported ? "cudaErrorStreamCaptureUnsupported"
           : error == cudaErrorStreamCaptureInvalidated ? "cudaErrorStreamCaptureInvalidated"
           : error == cudaErrorStreamCaptureIsolation   ? "cudaErrorStreamCaptureIsolation"
           : error                                      ? "cudaErrorOther"
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
    cudaError_t error = shim_last_error;
    shim_last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError(void)
{
    return shim_last_error;
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
    *count = shim_devices;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
    if (fails("cudaSetDevice"))
        return shim_failure;
    if (device < 0 || device >= shim_devices)
        return cudaErrorInvalidDevice;
    current_device = device;
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *properties, int)
{
    *properties = cudaDeviceProp();
    strcpy(properties->name, "fibers on a CPU");
    properties->major = shim_capability;
    return fails("cudaGetDeviceProperties") ? shim_failure : cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *available, size_t *total)
{
    touch();
    *total = shim_memory;
    *available = shim_memory - shim_memory_used;
    return cudaSuccess;
}

cudaError_t cudaMalloc(void **memory, size_t bytes)
{
    touch();
    *memory = nullptr;
    if (fails("cudaMalloc"))
        return shim_failure;
    if (spoils_capture())
        return refuse(cudaErrorStreamCaptureUnsupported);
    if (bytes > shim_memory - shim_memory_used) {
        shim_last_error = cudaErrorMemoryAllocation;
        return shim_last_error;
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
    if (spoils_capture())
        return refuse(cudaErrorStreamCaptureUnsupported);
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
    if (spoils_capture())
        return refuse(cudaErrorStreamCaptureUnsupported);
    return posix_memalign(memory, 256, bytes ? bytes : 1) ? cudaErrorMemoryAllocation : cudaSuccess;
}

cudaError_t cudaFreeHost(void *memory)
{
    if (spoils_capture())
        return refuse(cudaErrorStreamCaptureUnsupported);
    free(memory);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind,
                            cudaStream_t stream)
{
    if (fails("cudaMemcpyAsync"))
        return shim_failure;
    if (elsewhere(stream))
        return cudaErrorInvalidResourceHandle;
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

cudaError_t cudaFuncSetAttribute(const void *kernel, enum cudaFuncAttribute, int value)
{
    if (fails("cudaFuncSetAttribute"))
        return shim_failure;
    if (value < 0 || value > SHARED_MAX)
        return refuse(cudaErrorInvalidValue);
    shared_allowed[kernel] = (size_t)value;
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned)
{
    if (fails("cudaStreamCreateWithFlags"))
        return shim_failure;
    touch();
    *stream = new shim_stream();
    (*stream)->device = current_device;
    streams.push_back(*stream);
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    if (spoils_capture())
        return refuse(cudaErrorStreamCaptureUnsupported);
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
    if (elsewhere(stream))
        return cudaErrorInvalidResourceHandle;
    if (stream->capturing && spoils_capture())
        return refuse(cudaErrorStreamCaptureUnsupported);
    auto here = std::make_shared<mark>();
    here->stream = stream;
    event->latest = here;
    shim_enqueue(stream, [=] { here->reached = true; });
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned)
{
    if (elsewhere(stream))
        return cudaErrorInvalidResourceHandle;
    if (stream->capturing && spoils_capture())
        return refuse(cudaErrorStreamCaptureIsolation);
    auto place = event->latest;
    shim_enqueue(stream, [=] { drain_until(place); });
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    if (spoils_capture())
        return refuse(cudaErrorStreamCaptureUnsupported);
    drain_until(event->latest);
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
    stream->capture_status = cudaSuccess;
    captured_here = stream;
    shim_graphs++;
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    *graph = stream->capturing;
    stream->capturing = nullptr;
    captured_here = nullptr;
    if (stream->capture_status) {
        cudaGraphDestroy(*graph);
        *graph = nullptr;
        return refuse(stream->capture_status);
    }
    return fails("cudaStreamEndCapture") ? shim_failure : cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long)
{
    *exec = nullptr;
    if (fails("cudaGraphInstantiate"))
        return shim_failure;
    *exec = new shim_graph(*graph);
    shim_graphs++;
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
    shim_graphs--;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    delete exec;
    shim_graphs--;
    return cudaSuccess;
}
}
