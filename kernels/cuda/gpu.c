/* The device's state in this process: queues, memory, the first error, the recorded step. */
#include "kernels/cuda/gpu.h"
#include "kernels/kernels.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEBIBYTE = 1 << 20, CAPABILITY_MIN = 8, REMARKS_MAX = 8 };

static struct {
    bool open;
    int wanted, device; /* of this process, once it is open: the number asked for, and its own */
    struct cudaDeviceProp card;
    cudaStream_t work_queue, copy_queue; /* copies of the next input run beside all work */
    cudaEvent_t released, copied;        /* the old input has been read; the next one is there */
    cudaError_t prefetch_status;         /* of the first such copy that could not be started, and its call */
    const char *prefetch_call;
    bool recording, never_records;
    int recordings; /* that hold a step */
    const char *operation;
    bool short_of_memory; /* the failure is a refused allocation, which ends nothing but itself */
    char failure[512];
    char remarks[REMARKS_MAX][640];
    int made, said; /* of the remarks */
} gpu = {.operation = "open"};

/* --- opening --- */

static const char *advise(const char *format, const char *detail)
{
    static char text[512];
    snprintf(text, sizeof text, format, detail);
    return text;
}

static const char *refuse_device(int device, int count)
{
    static char text[256];
    char there[32] = "device 0 is";
    if (count > 1)
        snprintf(there, sizeof there, count == 2 ? "devices 0 and %d are" : "devices 0 to %d are", count - 1);
    snprintf(text, sizeof text,
             "there is no device %d, %s here (--device, PRUNET_DEVICE): see nvidia-smi -L and "
             "CUDA_VISIBLE_DEVICES, which counts anew",
             device, there);
    return text;
}

/* A card of sm_80 or later with a driver that this CUDA can use; NULL or advice. */
static const char *find_device(int wanted, int *found)
{
    int count = 0, driver = 0;
    cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaErrorInsufficientDriver && !cudaDriverGetVersion(&driver) && driver > 0)
        return advise(
            "the NVIDIA driver is too old for this build (%s): update the driver, take a build with CUDA "
            "12.4, which serves older ones, or use --backend cpu",
            cudaGetErrorString(status));
    if (status || count == 0)
        return advise("no CUDA device (%s): see nvidia-smi and CUDA_VISIBLE_DEVICES, or use --backend cpu",
                      status && status != cudaErrorInsufficientDriver ? cudaGetErrorString(status)
                                                                      : "no driver");
    if (wanted >= count)
        return refuse_device(wanted, count);
    const int device = (wanted + (kernels_process() > 0 ? kernels_process() : 0)) % count;
    *found = device;
    if ((status = cudaSetDevice(device)) || (status = cudaGetDeviceProperties(&gpu.card, device)))
        return status == cudaErrorMemoryAllocation
                   ? advise("the CUDA device has no memory left (%s): nvidia-smi says who holds it; or use "
                            "--backend cpu",
                            cudaGetErrorString(status))
                   : advise("the CUDA device cannot be used (%s): another process may hold it exclusively",
                            cudaGetErrorString(status));
    if (gpu.card.major < CAPABILITY_MIN)
        return advise(
            "%s is too old: the cuda backend needs compute capability 8.0 (A100, RTX 30) or later; use "
            "--backend cpu",
            gpu.card.name);
    return NULL;
}

static const char *make_queues(void)
{
    cudaError_t status;
    if ((status = cudaStreamCreateWithFlags(&gpu.work_queue, cudaStreamNonBlocking)) ||
        (status = cudaStreamCreateWithFlags(&gpu.copy_queue, cudaStreamNonBlocking)) ||
        (status = cudaEventCreateWithFlags(&gpu.released, cudaEventDisableTiming)) ||
        (status = cudaEventCreateWithFlags(&gpu.copied, cudaEventDisableTiming)))
        return advise("the CUDA device gives no stream (%s): it may be out of memory",
                      cudaGetErrorString(status));
    return NULL;
}

/* Each thread begins with device 0. While a step is recorded, its thread has taken the device already. */
static void take_device(void)
{
    if (gpu.open && !gpu.recording)
        gpu_check(cudaSetDevice(gpu.device), "cudaSetDevice");
}

static const char *refuse_second(int device)
{
    static char text[128];
    snprintf(text, sizeof text, "device %d cannot be used by a process that has opened device %d", device,
             gpu.wanted);
    return text;
}

/* PRUNET_CUDA_GRAPH=0: no step is recorded. */
static const char *choose_recording(void)
{
    const char *value = getenv("PRUNET_CUDA_GRAPH");
    const bool given = value && *value;
    if (given && strcmp(value, "0") && strcmp(value, "1"))
        return advise("PRUNET_CUDA_GRAPH is \"%.40s\": set it to 0 (no step is recorded) or 1", value);
    gpu.never_records = given && *value == '0';
    return NULL;
}

const char *gpu_open(void)
{
    const char *advice = NULL;
    const int wanted = kernels_device();
    if (gpu.open) {
        take_device();
        return wanted == gpu.wanted ? NULL : refuse_second(wanted);
    }
    if (!(advice = choose_recording()) && !(advice = find_device(wanted, &gpu.device)) &&
        !(advice = make_queues())) {
        gpu.open = true;
        gpu.wanted = wanted;
    }
    return advice;
}

cudaStream_t gpu_queue(void)
{
    return gpu.work_queue;
}

int gpu_capability(void)
{
    return 10 * gpu.card.major + gpu.card.minor;
}

const char *gpu_card(void)
{
    static char text[sizeof gpu.card.name + 96];
    snprintf(text, sizeof text, "%s, compute capability %d.%d, %d multiprocessors", gpu.card.name,
             gpu.card.major, gpu.card.minor, gpu.card.multiProcessorCount);
    return text;
}

/* --- remarks --- */

void gpu_remark(const char *text)
{
    for (int i = 0; i < gpu.made; i++)
        if (!strcmp(gpu.remarks[i], text))
            return;
    if (gpu.made < REMARKS_MAX)
        snprintf(gpu.remarks[gpu.made++], sizeof gpu.remarks[0], "%s", text);
}

const char *gpu_take_remark(void)
{
    return gpu.said < gpu.made ? gpu.remarks[gpu.said++] : NULL;
}

/* --- errors --- */

bool gpu_ok(void)
{
    return !gpu.failure[0];
}

bool gpu_begin(const char *operation)
{
    if (gpu_ok())
        gpu.operation = operation;
    take_device();
    return gpu_ok();
}

const char *gpu_operation(void)
{
    return gpu.operation;
}

/* A kernel's template is told without its arguments, of which the compiler knows more than a reader. */
void gpu_fail(const char *call, const char *cause)
{
    call += *call == '(';
    if (gpu_ok())
        snprintf(gpu.failure, sizeof gpu.failure, "cuda: %s: %.*s: %s", gpu.operation,
                 (int)strcspn(call, "<"), call, cause);
}

bool gpu_check(cudaError_t status, const char *call)
{
    if (status) {
        char cause[256];
        snprintf(cause, sizeof cause, "%s (%s)", cudaGetErrorString(status), cudaGetErrorName(status));
        gpu_fail(call, cause);
    }
    return gpu_ok();
}

const char *gpu_failure(void)
{
    return gpu_ok() ? NULL : gpu.failure;
}

void gpu_allow_shared(const void *kernel, size_t bytes)
{
    if (gpu_ok())
        gpu_check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes),
                  "cudaFuncSetAttribute");
}

/* A kernel's error shows when the host waits: then only the last operation is known. */
const char *gpu_finish(void)
{
    cudaError_t status = gpu_ok() ? cudaStreamSynchronize(gpu.work_queue) : cudaSuccess;
    if (status) {
        char cause[256];
        snprintf(cause, sizeof cause,
                 "%s (%s), in this operation or before it; PRUNET_CUDA_GRAPH=0 CUDA_LAUNCH_BLOCKING=1 tells",
                 cudaGetErrorString(status), cudaGetErrorName(status));
        gpu_fail("cudaStreamSynchronize", cause);
    }
    return gpu_failure();
}

/* --- memory --- */

size_t gpu_available(void)
{
    size_t available = 0, total = 0;
    return cudaMemGetInfo(&available, &total) ? 0 : available;
}

static void refuse_memory(size_t bytes)
{
    size_t available = 0, total = 0;
    cudaMemGetInfo(&available, &total);
    snprintf(
        gpu.failure, sizeof gpu.failure,
        "too little device memory: %zu MiB wanted, %zu of %zu MiB free (nvidia-smi says who has the rest)",
        (bytes + MEBIBYTE - 1) / MEBIBYTE, available / MEBIBYTE, total / MEBIBYTE);
    gpu.short_of_memory = true;
}

void gpu_fail_memory(const char *what)
{
    size_t available = 0, total = 0;
    char cause[160];
    cudaMemGetInfo(&available, &total);
    snprintf(cause, sizeof cause,
             "too little device memory, %zu of %zu MiB free (nvidia-smi says who has the rest)",
             available / MEBIBYTE, total / MEBIBYTE);
    gpu_fail(what, cause);
}

void *gpu_allocate(size_t bytes)
{
    void *memory = NULL;
    if (gpu.short_of_memory)
        gpu.failure[0] = 0, gpu.short_of_memory = false;
    if (!gpu_begin("allocate"))
        return NULL;
    if (bytes > gpu_available()) {
        refuse_memory(bytes); /* WSL 2 would give memory of the host, and crawl */
        return NULL;
    }
    cudaError_t status = cudaMalloc(&memory, bytes ? bytes : 1);
    if (status == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError(); /* clears it: else it would look like an error of the next kernel */
        refuse_memory(bytes);
    } else
        gpu_check(status, "cudaMalloc");
    return memory;
}

void gpu_release(void *memory, size_t bytes)
{
    (void)bytes;
    gpu_check(cudaFree(memory), "cudaFree");
}

/* Waits: host memory may be reused when this returns. */
void gpu_upload(void *to, const void *from_host, size_t bytes)
{
    if (gpu_begin("upload") && bytes &&
        gpu_check(cudaMemcpyAsync(to, from_host, bytes, cudaMemcpyHostToDevice, gpu.work_queue),
                  "cudaMemcpyAsync"))
        gpu_check(cudaStreamSynchronize(gpu.work_queue), "cudaStreamSynchronize");
}

void gpu_download(void *to_host, const void *from, size_t bytes)
{
    if (gpu_begin("download") && bytes &&
        gpu_check(cudaMemcpyAsync(to_host, from, bytes, cudaMemcpyDeviceToHost, gpu.work_queue),
                  "cudaMemcpyAsync"))
        gpu_check(cudaStreamSynchronize(gpu.work_queue), "cudaStreamSynchronize");
}

void gpu_clear(void *memory, size_t bytes)
{
    if (gpu_begin("clear") && bytes)
        gpu_check(cudaMemsetAsync(memory, 0, bytes, gpu.work_queue), "cudaMemsetAsync");
}

void gpu_copy(void *to, const void *from, size_t bytes)
{
    if (gpu_begin("copy") && bytes)
        gpu_check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, gpu.work_queue),
                  "cudaMemcpyAsync");
}

/* --- prefetching --- */

void *gpu_allocate_host(size_t bytes)
{
    void *memory = NULL;
    if (gpu_begin("allocate_host"))
        gpu_check(cudaMallocHost(&memory, bytes ? bytes : 1), "cudaMallocHost");
    return memory;
}

void gpu_release_host(void *memory, size_t bytes)
{
    (void)bytes;
    gpu_check(cudaFreeHost(memory), "cudaFreeHost");
}

static bool prefetch_check(cudaError_t status, const char *call)
{
    gpu.prefetch_status = status;
    gpu.prefetch_call = call;
    return !status;
}

/* May run in another thread than everything else, which begins with device 0, and so keeps an error of its own. */
void gpu_prefetch_start(void *to, const void *from_host, size_t bytes)
{
    if (!gpu.prefetch_status && prefetch_check(cudaSetDevice(gpu.device), "cudaSetDevice") &&
        prefetch_check(cudaStreamWaitEvent(gpu.copy_queue, gpu.released, 0), "cudaStreamWaitEvent") &&
        prefetch_check(cudaMemcpyAsync(to, from_host, bytes, cudaMemcpyHostToDevice, gpu.copy_queue),
                       "cudaMemcpyAsync"))
        prefetch_check(cudaEventRecord(gpu.copied, gpu.copy_queue), "cudaEventRecord");
}

void gpu_prefetch_wait(void)
{
    if (gpu_begin("prefetch_wait") && gpu_check(gpu.prefetch_status, gpu.prefetch_call))
        gpu_check(cudaStreamWaitEvent(gpu.work_queue, gpu.copied, 0), "cudaStreamWaitEvent");
}

void gpu_prefetch_release(void)
{
    if (gpu_begin("prefetch_release"))
        gpu_check(cudaEventRecord(gpu.released, gpu.work_queue), "cudaEventRecord");
}

/* --- a step as one graph --- */

/* Nothing has run by then: what failed is forgotten, and every later step is done without a recording. A device that
 * is really lost fails again at once. */
static void give_up_recording(const char *call, cudaError_t status)
{
    char text[sizeof gpu.failure + 128];
    gpu_check(status, call);
    snprintf(text, sizeof text,
             "a step could not be recorded (%s): its kernels are started one by one, which is slower; "
             "PRUNET_CUDA_GRAPH=0 does not try",
             gpu.failure);
    gpu_remark(text);
    gpu.failure[0] = 0;
    gpu.never_records = true;
    (void)cudaGetLastError();
}

bool gpu_record_begin(struct recording *r)
{
    if (!r->seen) {
        r->seen = true;
        return false;
    }
    if (gpu.never_records || !gpu_begin("record"))
        return false;
    cudaError_t status = cudaStreamBeginCapture(gpu.work_queue, cudaStreamCaptureModeThreadLocal);
    gpu.recording = !status;
    if (status)
        give_up_recording("cudaStreamBeginCapture", status);
    return gpu.recording;
}

bool gpu_recording(void)
{
    return gpu.recording;
}

bool gpu_has_recordings(void)
{
    return gpu.recording || gpu.recordings > 0;
}

static void forget_steps(struct recording *r)
{
    if (r->steps) {
        gpu_check(cudaGraphExecDestroy((cudaGraphExec_t)r->steps), "cudaGraphExecDestroy");
        gpu.recordings--;
    }
    r->steps = NULL;
}

bool gpu_record_end(struct recording *r)
{
    cudaGraph_t graph = NULL;
    cudaGraphExec_t steps = NULL;
    const char *call = "cudaStreamEndCapture";
    cudaError_t status = cudaStreamEndCapture(gpu.work_queue, &graph);
    gpu.recording = false;
    forget_steps(r);
    if (!status && gpu_ok()) {
        call = "cudaGraphInstantiate";
        status = cudaGraphInstantiate(&steps, graph, 0);
    }
    if (graph)
        (void)cudaGraphDestroy(graph);
    if (status || !gpu_ok()) {
        give_up_recording(call, status);
        return false;
    }
    r->steps = steps;
    gpu.recordings++;
    return true;
}

void gpu_replay(const struct recording *r)
{
    if (gpu_begin("replay"))
        gpu_check(cudaGraphLaunch((cudaGraphExec_t)r->steps, gpu.work_queue), "cudaGraphLaunch");
}

void gpu_record_release(struct recording *r)
{
    forget_steps(r);
    r->seen = false;
}
