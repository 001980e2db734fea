/* The CUDA backend's dealings with the device, with failures put into the runtime's calls: refusals, errors
 * that stick, memory, prefetched input, a recorded step. Runs on the CPU (tests/cuda/shim); each test in a
 * process of its own, since a backend is opened once and an error stays. */
#include "kernels/kernels.h"
#include "lib/network/network.h"
#include "tests/check.h"
#include <cuda_runtime_api.h>
#include <sys/wait.h>
#include <unistd.h>

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
    check(cuda->allocate(8) == NULL && !cuda->record_begin(), "nothing more is done after it");
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

static void failing_plan(void)
{
    cuda->open();
    fail_next("convolution_plan_make", cudaErrorInvalidValue);
    convolve_once();
    check(has(cuda->finish(), "conv3_forward: convolution_plan_make: no plan"),
          "a convolution without a plan: named");
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
    bool have = false;
    for (int t = 1; t <= 4; t++) {
        settings.step = t;
        settings.rate = 1e-2 / t;
        cuda->upload(on_device, &settings, sizeof settings);
        bool recording = recorded && !have && cuda->record_begin();
        if (!have)
            cuda->adam(WEIGHTS, on_device, g, w, m, v);
        if (recording)
            cuda->record_end();
        have |= recording;
        if (have)
            cuda->replay();
    }
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
    cuda->open();
    cuda->record_begin();
    cuda->record_begin();
    fail_next("cudaStreamEndCapture", cudaErrorInvalidValue);
    cuda->record_end();
    check(has(cuda->finish(), "record: cudaStreamEndCapture"), "a recording that fails: named");
}

/* --- the plan --- */

static void planned_memory(void)
{
    enum { STEPS = 3, SIZE = 16 };
    struct architecture a = architecture_paper(NETWORK_REVERSIBLE);
    const int size[3] = {SIZE, SIZE, SIZE};
    static float image[4 * SIZE * SIZE * SIZE];
    static uint8_t target[SIZE * SIZE * SIZE];
    struct network *network;
    struct case_score score;
    architecture_set_channels(&a, "4,8,12");
    a.groups = 2;
    for (size_t i = 0; i < sizeof image / sizeof image[0]; i++)
        image[i] = sinf((float)i);
    if (!check(!network_open(&network, &a, cuda, TRAINING | CROSS_ENTROPY | AVERAGING) &&
                   !network_resize(network, size),
               "a network opens"))
        return;
    const struct plan *plan = network_current_plan(network);
    size_t planned = plan->resident_bytes + plan->activation_bytes, used = shim_memory_used;
    for (int step = 0; step < STEPS; step++) {
        network_put_image(network, image);
        network_put_target(network, target);
        check(!network_gradient(network, 1, &score), "step %d of a network", step);
    }
    check(shim_memory_peak == used, "no step allocates");
    check(used >= planned && used - planned < 4096, "%zu bytes in use where %zu are planned", used, planned);
    network_close(network);
}

int main(void)
{
    static void (*const tests[])(void) = {
        no_device,      old_driver,       busy_device,     too_little_memory, failing_kernel,
        failing_device, failing_plan,     failing_product, wrong_library,     right_library,
        prefetching,    failing_prefetch, recording,       failing_recording, planned_memory,
    };
    int bad = 0;
    const char *why;
    cuda = kernels_find("cuda-fp32", (int[]){60}, 1, 2, &why);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        pid_t child = fork();
        if (child == 0) {
            tests[i]();
            _exit(check_exit());
        }
        int status;
        bad |= child < 0 || waitpid(child, &status, 0) < 0 || status != 0;
    }
    return bad;
}
