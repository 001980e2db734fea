/* The CUDA backend's dealings with the device, with failures put into the runtime's calls: refusals, errors
 * that stick, memory, prefetched input, a recorded step, the second of several devices. Runs on
 * the CPU (tests/cuda/shim). */
#include "kernels/cuda/convolution_plan.h"
#include "kernels/cuda/streams.h"
#include "kernels/kernels.h"
#include "tests/cuda/processes.h"
#include <cuda_runtime_api.h>
#include <pthread.h>

static const struct kernels *cuda;

static int has(const char *text, const char *part)
{
    return text && strstr(text, part) != NULL;
}

static void fail_next(const char *call, cudaError_t failure)
{
    shim_failing_call = call;
    shim_failure = failure;
}

/* --- refusals --- */

static void no_device(void)
{
    struct shape shape = {2, 30, 160, 192, 160};
    fail_next("cudaGetDeviceCount", cudaErrorNoDevice);
    const char *why = cuda->open();
    check(has(why, "no CUDA device") && has(why, "--backend cpu"), "no device: refused with advice");
    check(cuda->tensor_bytes(shape) == (size_t)2 * 160 * 192 * 160 * 32 * 4 &&
              cuda->scratch_bytes(OPERATION_BRANCH, shape_half(shape), shape_half(shape)) > 0,
          "and yet sizes can be planned");
}

static void old_driver(void)
{
    fail_next("cudaGetDeviceCount", cudaErrorInsufficientDriver);
    check(has(cuda->open(), "driver is too old"), "a driver too old: refused with advice");
    shim_driver = 0;
    fail_next("cudaGetDeviceCount", cudaErrorInsufficientDriver);
    check(has(cuda->open(), "no CUDA device (no driver)"), "no driver: refused with advice");
}

static void busy_device(void)
{
    fail_next("cudaSetDevice", cudaErrorInvalidValue);
    check(has(cuda->open(), "cannot be used"), "a device that cannot be used: refused with advice");
    fail_next("cudaSetDevice", cudaErrorMemoryAllocation);
    check(has(cuda->open(), "no memory left"), "a device without memory for a process is said to be that");
}

static void too_little_memory(void)
{
    check(!cuda->open(), "opens");
    shim_memory = (size_t)10 << 20;
    void *memory = cuda->allocate((size_t)30 << 20);
    const char *why = cuda->finish();
    check(cuda->available() == shim_memory - shim_memory_used, "what is available is known");
    check(!memory && has(why, "30 MiB wanted") && has(why, "9 of 10 MiB free") && has(why, "nvidia-smi"),
          "too little memory: what is wanted, what is free, who has the rest");
    fail_next("cudaMalloc", cudaErrorInvalidValue);
    check(!cuda->allocate((size_t)30 << 20) && has(cuda->finish(), "30 MiB wanted"),
          "more than is free is not even asked for: a driver may give the host's memory");
}

/* --- errors --- */

enum { WIDTH = 6, VOXELS = WIDTH * WIDTH * WIDTH };
static const struct shape cube = {1, 8, WIDTH, WIDTH, WIDTH};

static float *tensor(struct shape shape)
{
    size_t bytes = cuda->tensor_bytes(shape);
    float *memory = cuda->allocate(bytes);
    cuda->clear(memory, bytes);
    return memory;
}

static void ask_for_sums(float *x)
{
    double *channel_sums = cuda->allocate(16 * sizeof(double));
    cuda->channel_sums(cube, x, channel_sums,
                       cuda->allocate(cuda->scratch_bytes(OPERATION_NORM, cube, cube)));
}

static void failing_kernel(void)
{
    cuda->open();
    float *x = tensor(cube);
    void *other = tensor(cube);
    fail_next("cudaLaunchKernel", cudaErrorIllegalAddress);
    ask_for_sums(x);
    const char *why = cuda->finish();
    check(has(why, "channel_sums: norm_channel_sums_kernel: an illegal memory access"),
          "a failing launch: operation, kernel and cause");
    char first[512];
    snprintf(first, sizeof first, "%s", why ? why : "");
    cuda->clear(other, 8);
    ask_for_sums(x);
    check(has(cuda->finish(), first), "the first error stays");
    struct recording recording = {.seen = true};
    check(cuda->allocate(8) == NULL && !cuda->record_begin(&recording), "nothing more is done after it");
}

static void failing_device(void)
{
    cuda->open();
    ask_for_sums(tensor(cube));
    fail_next("cudaStreamSynchronize", cudaErrorIllegalAddress);
    const char *why = cuda->finish();
    check(has(why, "channel_sums: cudaStreamSynchronize: an illegal") && has(why, "CUDA_LAUNCH_BLOCKING"),
          "a device that fails later: the last operation, and how to learn more");
}

static void convolve_once(void)
{
    size_t weights = 8 * 8 * 27 * sizeof(float);
    float *x = tensor(cube), *y = tensor(cube), *w = cuda->allocate(weights);
    cuda->clear(w, weights);
    cuda->conv3_forward(cube, cube, x, w, y,
                        cuda->allocate(cuda->scratch_bytes(OPERATION_CONV3, cube, cube)));
}

static void no_plan(void)
{
    cuda->open();
    shim_no_engines = 1;
    convolve_once();
    check(has(cuda->finish(),
              "conv3_forward: convolution_plan_make: forward of 8 to 8 channels at 6x6x6 in fp32: "
              "cuDNN has no deterministic plan"),
          "a convolution without a plan: named");
}

/* A weight of 1 gives back what is left of a number that TF32 shortens the most: its 13 lowest bits are cut off. */
static void shortened(void)
{
    enum { CHANNELS = 8, TAPS = 27, CENTRE = 13 };
    const char *why;
    const struct kernels *tf32 = kernels_find("cuda", (int[]){60}, 1, 2, &why);
    const struct shape one = {1, CHANNELS, 1, 1, 1};
    float x[CHANNELS] = {1 + 0x1.ffcp-11f}, w[CHANNELS * CHANNELS * TAPS] = {[CENTRE] = 1}, y[CHANNELS];
    tf32->open();
    cuda = tf32;
    float *device_x = tensor(one), *device_y = tensor(one), *device_w = cuda->allocate(sizeof w);
    cuda->upload(device_x, x, sizeof x);
    cuda->upload(device_w, w, sizeof w);
    cuda->conv3_forward(one, one, device_x, device_w, device_y,
                        cuda->allocate(cuda->scratch_bytes(OPERATION_CONV3, one, one)));
    cuda->download(y, device_y, sizeof y);
    const double lost = (x[0] - y[0]) / x[0];
    check(!cuda->finish() && lost > 0x1p-11 && lost <= cuda->rounding,
          "TF32 takes %.2e of a number, of the %.2e that the backend says", lost, cuda->rounding);
}

/* The engine of the first plan of a problem of tests/cuda/shim/chosen_plans.def, and its one knob. */
static int64_t engine_of(enum convolution_kind kind, bool bf16, int depth, int width, int64_t *knob)
{
    struct convolution_plan plan;
    const struct convolution problem = {.kind = kind,
                                        .add = kind == CONVOLUTION_FORWARD && !bf16,
                                        .bf16 = bf16,
                                        .tf32 = !bf16,
                                        .in = 24,
                                        .out = 24,
                                        .depth = depth,
                                        .height = 4,
                                        .width = width};
    if (convolution_plan_make(problem, 0, &plan))
        return -1;
    *knob = plan.choice.knob_count == 1 && plan.choice.knobs[0].type == 2 ? plan.choice.knobs[0].value : -1;
    convolution_plan_release(&plan);
    return plan.choice.engine;
}

/* cuDNN's own choice is engine 4, whose knob is at 4. */
static void chosen_plans(void)
{
    int64_t knob;
    cuda->open();
    check(engine_of(CONVOLUTION_FORWARD, false, 3, 5, &knob) == 5 && knob == 7,
          "a plan that is listed is taken before cuDNN's own choice");
    check(engine_of(CONVOLUTION_DATA, false, 3, 5, &knob) == 4 && knob == 4,
          "one that this cuDNN does not have is passed over");
    check(engine_of(CONVOLUTION_WEIGHTS, false, 3, 5, &knob) == 4, "and one that is not deterministic");
    check(engine_of(CONVOLUTION_FORWARD, true, 3, 5, &knob) == 4, "and one without such a knob");
    check(engine_of(CONVOLUTION_FORWARD, false, 5, 3, &knob) == 4, "and one of another card");
    check(!cuda->finish(), "none of which is a failure");
}

static void failing_heuristics(void)
{
    cuda->open();
    fail_next("cudnnBackendGetAttribute", cudaErrorInvalidValue);
    convolve_once();
    check(!cuda->finish(), "where the heuristics fail, the fallback is asked");
}

static void failing_runs(void)
{
    cuda->open();
    shim_failing_runs = 1;
    convolve_once();
    const char *why = cuda->finish();
    check(!why && !shim_failing_runs, "where the first plan does not run, the next one does%s%s",
          why ? ": " : "", why ? why : "");
    convolve_once();
    check(!cuda->finish(), "and stays the problem's plan");
    check(has(cuda->remark(), "another does: forward of 8 to 8 channels") && !cuda->remark(),
          "which is said once");
    shim_failing_runs = 1;
    convolve_once();
    check(has(cuda->finish(), "CUDNN_STATUS_EXECUTION_FAILED"),
          "a plan that has run and then fails is named, not replaced");
}

static void no_memory_for_a_run(void)
{
    cuda->open();
    fail_next("cudnnBackendExecute", cudaErrorMemoryAllocation);
    convolve_once();
    check(has(cuda->finish(), "conv3_forward: ") && has(cuda->finish(), "too little device memory") &&
              has(cuda->finish(), "nvidia-smi"),
          "a plan that does not run for lack of memory is not replaced");
}

static void no_plan_runs(void)
{
    cuda->open();
    shim_failing_runs = 1000;
    convolve_once();
    check(has(cuda->finish(), "conv3_forward: convolution_plan_run: ") &&
              has(cuda->finish(), "CUDNN_STATUS_EXECUTION_FAILED") && shim_failing_runs == 998,
          "where none runs, the first is named");
}

static void failing_product(void)
{
    struct shape fine = {1, 8, 2 * WIDTH, 2 * WIDTH, 2 * WIDTH};
    float w[64] = {0}, b[8] = {0};
    cuda->open();
    float *weights = cuda->allocate(sizeof w), *bias = cuda->allocate(sizeof b);
    cuda->upload(weights, w, sizeof w);
    cuda->upload(bias, b, sizeof b);
    fail_next("cublasGemmEx", cudaErrorInvalidValue);
    cuda->down_forward(fine, cube, tensor(fine), weights, bias, tensor(cube), NULL,
                       cuda->allocate(cuda->scratch_bytes(OPERATION_DOWN, fine, cube)));
    check(has(cuda->finish(), "down_forward: cublasGemmEx: "), "a failing product: named");
}

static void wrong_library(void)
{
    cuda->open();
    shim_wrong_convolutions = 1;
    convolve_once();
    check(has(cuda->finish(), "came out wrong"), "a cuDNN that computes nonsense is found out on first use");
}

static void right_library(void)
{
    cuda->open();
    convolve_once();
    const char *why = cuda->finish();
    check(!why, "a cuDNN that computes well passes%s%s", why ? ": " : "", why ? why : "");
}

/* --- prefetching --- */

static void prefetching(void)
{
    float before[4] = {1, 2, 3, 4}, *after, seen[4] = {0}, later[4] = {0};
    cuda->open();
    float *slot = cuda->allocate(sizeof before), *first = cuda->allocate(sizeof before),
          *second = cuda->allocate(sizeof before);
    after = cuda->allocate_host(sizeof before);
    for (int i = 0; i < 4; i++)
        after[i] = (float)(10 + i);
    cuda->upload(slot, before, sizeof before);
    cuda->copy(first, slot, sizeof before); /* not done yet: it must still see the old bytes */
    cuda->prefetch_release();
    cuda->prefetch_start(slot, after, sizeof before);
    cuda->prefetch_wait();
    cuda->copy(second, slot, sizeof before);
    check(!cuda->finish(), "prefetching runs");
    cuda->download(seen, first, sizeof seen);
    cuda->download(later, second, sizeof later);
    check(!memcmp(seen, before, sizeof seen), "work asked for before prefetch_release sees the old bytes");
    check(!memcmp(later, after, sizeof later), "work asked for after prefetch_wait sees the new ones");
    cuda->release_host(after, sizeof before);
}

/* Nobody asks `prefetch_start` how it went: it may have run in another thread. */
static void failing_prefetch(void)
{
    float from[4] = {1, 2, 3, 4};
    cuda->open();
    float *to = cuda->allocate(sizeof from);
    fail_next("cudaMemcpyAsync", cudaErrorInvalidValue);
    cuda->prefetch_start(to, from, sizeof from);
    check(!cuda->finish(), "a prefetch that fails is no failure of the work before it");
    cuda->prefetch_wait();
    check(has(cuda->finish(), "prefetch_wait: cudaMemcpyAsync: some error"),
          "but of the work after prefetch_wait: named");
}

/* --- a recorded step --- */

enum { WEIGHTS = 1000 };

/* Adam steps 1..4 on given buffers, recorded or asked for each time. */
static void run_adam(float *w, float *m, float *v, const float *g, bool recorded)
{
    struct adam settings = {1e-2, 1e-3, 0.9, 0.999, 1e-8, 0};
    struct adam *on_device = cuda->allocate(sizeof settings);
    struct recording recording = {.seen = false};
    bool have = false;
    for (int t = 1; t <= 4; t++) {
        settings.step = t;
        settings.rate = 1e-2 / t;
        cuda->upload(on_device, &settings, sizeof settings);
        bool begun = recorded && !have && cuda->record_begin(&recording);
        if (!have)
            cuda->adam(WEIGHTS, on_device, g, w, m, v);
        if (begun)
            cuda->record_end(&recording);
        have |= begun;
        if (have)
            cuda->replay(&recording);
    }
    cuda->record_release(&recording);
    check(!recorded || have, "a step is recorded once one has been seen");
}

static void recording(void)
{
    float start[WEIGHTS], result[2][WEIGHTS], *buffers[4];
    cuda->open();
    for (int turn = 0; turn < 2; turn++) {
        for (int b = 0; b < 4; b++) {
            for (int i = 0; i < WEIGHTS; i++)
                start[i] = b < 2 ? sinf((float)(i + 100 * b)) : 0;
            buffers[b] = cuda->allocate(sizeof start);
            cuda->upload(buffers[b], start, sizeof start);
        }
        run_adam(buffers[0], buffers[2], buffers[3], buffers[1], turn == 1);
        cuda->download(result[turn], buffers[0], sizeof start);
    }
    check(!memcmp(result[0], result[1], sizeof start) && memcmp(result[0], start, sizeof start) &&
              !cuda->finish(),
          "a replayed step gives the same bits, with the settings of that step");
}

static void failing_recording(void)
{
    struct recording recording = {.seen = false};
    cuda->open();
    cuda->record_begin(&recording);
    cuda->record_begin(&recording);
    fail_next("cudaStreamEndCapture", cudaErrorInvalidValue);
    check(!cuda->record_end(&recording) && !cuda->finish(), "a recording that fails is no failure");
    check(has(cuda->remark(), "record: cudaStreamEndCapture") && !cuda->remark(), "it is said, once");
    check(!cuda->record_begin(&recording), "and no other is tried");
}

/* A problem whose plan was forgotten would need a new one, which there is not any more. */
static void many_problems(void)
{
    enum { PROBLEMS = 140 };
    struct recording recording = {.seen = true};
    const struct shape small = {1, 8, 1, 1, 1}, most = {1, 8, 1, 1, PROBLEMS};
    const size_t weights = 8 * 8 * 27 * sizeof(float);
    cuda->open();
    float *x = tensor(most), *y = tensor(most), *w = cuda->allocate(weights);
    void *scratch = cuda->allocate(cuda->scratch_bytes(OPERATION_CONV3, most, most));
    cuda->clear(w, weights);
    cuda->conv3_forward(small, small, x, w, y, scratch);
    check(!cuda->finish() && cuda->record_begin(&recording), "a recording begins");
    cuda->conv3_forward(small, small, x, w, y, scratch);
    check(cuda->record_end(&recording), "and ends");
    for (int n = 2; n < PROBLEMS; n++) {
        const struct shape longer = {1, 8, 1, 1, n};
        cuda->conv3_forward(longer, longer, x, w, y, scratch);
    }
    shim_no_engines = 1;
    cuda->conv3_forward(small, small, x, w, y, scratch);
    check(!cuda->finish(), "no plan is forgotten while a recording may use it");
    cuda->record_release(&recording);
}

/* What a thread may not do while it records. */
static void *some_memory;
static float some_values[2];

static void allocate(void)
{
    cuda->allocate(8);
}

static void release(void)
{
    cuda->release(some_memory, 8);
}

static void download(void)
{
    cuda->download(some_values, some_memory, 8);
}

static void finish(void)
{
    cuda->finish();
}

static void wait_for_input(void)
{
    cuda->prefetch_wait();
}

static void release_input(void)
{
    cuda->prefetch_release();
}

static void refused_in_a_recording(void)
{
    static const struct {
        void (*call)(void);
        const char *name, *failure;
    } cases[] = {{allocate, "memory is taken", "cudaMalloc: some error (cudaErrorStreamCaptureUnsupported"},
                 {release, "memory is given back", "cudaFree: some error (cudaErrorStreamCaptureUnsupported"},
                 {download, "something is read",
                  "cudaStreamSynchronize: some error (cudaErrorStreamCaptureUnsupported"},
                 {finish, "work is waited for",
                  "cudaStreamSynchronize: some error (cudaErrorStreamCaptureUnsupported"},
                 {wait_for_input, "the next input is waited for",
                  "cudaStreamWaitEvent: some error (cudaErrorStreamCaptureIsolation"},
                 {release_input, "the old input is given back",
                  "cudaEventRecord: some error (cudaErrorStreamCaptureUnsupported"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recording recording = {.seen = true};
        pid_t child = fork();
        if (child == 0) {
            cuda->open();
            some_memory = cuda->allocate(8);
            cuda->clear(some_memory, 8);
            cuda->finish();
            cuda->record_begin(&recording);
            cases[i].call();
            cuda->record_end(&recording);
            const char *why = cuda->remark();
            check(has(why, cases[i].failure) && !recording.steps && !cuda->finish(),
                  "a recording in which %s is refused%s%s", cases[i].name, why ? ": " : "", why ? why : "");
            _exit(check_exit());
        }
        int status;
        check(child > 0 && waitpid(child, &status, 0) == child && status == 0, "%s", cases[i].name);
    }
}

/* --- wraps of 16-bit streams --- */

static void many_wraps(void)
{
    const uint64_t many = ((uint64_t)1 << 32) + 5;
    cuda->open();
    cuda->upload(streams_wraps(), &many, sizeof many);
    const int64_t taken = streams_take_wraps();
    check(taken == (int64_t)many && !streams_take_wraps(), "more wraps than 32 bits count: %lld",
          (long long)taken);
}

/* --- several devices --- */

static void *start_copy(void *from)
{
    cuda->prefetch_start(((void **)from)[0], ((void **)from)[1], 4);
    return NULL;
}

static void second_device(void)
{
    float value = 7, back = 0;
    pthread_t thread;
    shim_devices = 3;
    kernels_set_device(1);
    check(!cuda->open(), "the second of three devices opens");
    void *memory = cuda->allocate(4), *both[2] = {memory, &value};
    cuda->prefetch_release();
    pthread_create(&thread, NULL, start_copy, both);
    pthread_join(thread, NULL);
    cuda->prefetch_wait();
    cuda->download(&back, memory, 4);
    check(!cuda->finish() && back == value, "a copy from another thread arrives there");
    check(shim_touched == 1u << 1, "and no other device is touched: %x", shim_touched);
    kernels_set_device(2);
    check(has(cuda->open(), "device 2") && has(cuda->open(), "device 1"),
          "a process stays with the device that it has opened");
}

static void *use_device(void *unused)
{
    (void)unused;
    check(!cuda->open(), "a second thread opens");
    void *memory = cuda->allocate(4);
    cuda->clear(memory, 4);
    check(!cuda->finish(), "and computes");
    return NULL;
}

static void second_thread(void)
{
    pthread_t thread;
    shim_devices = 3;
    kernels_set_device(1);
    check(!cuda->open(), "the second of three devices opens in a thread");
    pthread_create(&thread, NULL, use_device, NULL);
    pthread_join(thread, NULL);
    check(shim_touched == 1u << 1, "and the other thread touches no other device: %x", shim_touched);
}

static void missing_device(void)
{
    shim_devices = 2;
    kernels_set_device(2);
    const char *why = cuda->open();
    check(has(why, "device 2") && has(why, "0 and 1") && has(why, "CUDA_VISIBLE_DEVICES"),
          "a device that is not there: which there are%s%s", why ? ": " : "", why ? why : "");
}

int main(void)
{
    static void (*const tests[])(void) = {
        no_device,       old_driver,
        busy_device,     too_little_memory,
        failing_kernel,  failing_device,
        no_plan,         chosen_plans,
        shortened,       failing_heuristics,
        failing_runs,    no_plan_runs,
        failing_product, no_memory_for_a_run,
        wrong_library,   right_library,
        prefetching,     failing_prefetch,
        recording,       failing_recording,
        many_wraps,      refused_in_a_recording,
        second_device,   second_thread,
        many_problems,   missing_device,
    };
    const char *why;
    cuda = kernels_find("cuda-fp32", (int[]){60}, 1, 2, &why);
    return each_in_its_process(tests, sizeof tests / sizeof tests[0]);
}
