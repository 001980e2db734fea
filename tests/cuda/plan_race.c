/* Times every plan that may be chosen for each convolution of the paper's (1,1) row, so that a choice can be made by a
 * table instead of cuDNN's heuristics. Of a plan's runs the median counts; after one that takes five times the best it is
 * not run again. bf16 comes first, of which cuDNN proposes most plans. Runs on the CPU (tests/cuda/shim), too, where its
 * times mean nothing.
 *
 *     plan_race [WIDTH HEIGHT DEPTH [RUNS [LEVELS [SECONDS]]]]     160 192 160, 5 runs, 5 levels, 2 seconds
 *
 * SECONDS: after so many no further plan of a convolution begins, since to make one, cuDNN makes those before it again.
 *
 * A table: kind, precision, channels, level, rank among the plans that qualify, cuDNN's number of its engine, MiB of
 * workspace, ms, TFLOP/s, and the engine's knobs; a line of comment for the card and the size, and one for each
 * convolution: its first plan beside its best, and of how many. tests/cuda/chosen_plans.awk makes of it the table that
 * the backend chooses by. */
#include "kernels/cuda/convolution_plan.h"
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/libraries.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEVELS_MAX = 5, RUNS_MAX = 25, PLANS_MAX = 64, TOO_SLOW = 5 };

static const int widths[LEVELS_MAX] = {30, 60, 120, 180, 240};
static const char *const kinds[] = {"forward", "data", "weights"};

/* What the convolutions read and write, as large as the largest. */
static struct operands {
    void *x, *w, *y, *workspace;
} operands;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Random values between 0.5 and 2, whether they are read as floats or as pairs of bf16. */
static void fill(void *memory, size_t bytes)
{
    size_t count = bytes / sizeof(uint32_t);
    uint32_t *values = malloc(bytes), state = 1;
    if (!values)
        abort();
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = 0x3f803f80u ^ (state & 0x80ff80ffu);
    }
    gpu_upload(memory, values, bytes);
    free(values);
}

static int open_all(size_t tensor_bytes, size_t weight_bytes)
{
    const char *why = gpu_open();
    if (!why && !(why = libraries_open()))
        why = convolution_plan_open(gpu_queue(), gpu_capability());
    if (why) {
        fprintf(stderr, "plan_race: %s\n", why);
        return 1;
    }
    operands = (struct operands){gpu_allocate(tensor_bytes), gpu_allocate(weight_bytes),
                                 gpu_allocate(tensor_bytes), gpu_allocate(CONVOLUTION_PLAN_WORKSPACE)};
    if (gpu_ok()) {
        fill(operands.x, tensor_bytes);
        fill(operands.y, tensor_bytes);
        fill(operands.w, weight_bytes);
    }
    if (gpu_ok())
        return 0;
    fprintf(stderr, "plan_race: %s\n", gpu_failure());
    return 1;
}

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The median of a plan's runs in seconds, the first left out; negative when it does not run. best: of the plans before
 * it, or negative. */
static double time_plan(const struct convolution_plan *plan, int runs, double best)
{
    double seconds[RUNS_MAX];
    bool memory;
    for (int r = -1; r < runs; r++) {
        const double start = now();
        if (convolution_plan_run(plan, operands.x, operands.w, operands.y, operands.workspace, &memory) ||
            cudaStreamSynchronize(gpu_queue())) {
            (void)cudaGetLastError();
            return -1;
        }
        if (r >= 0)
            seconds[r] = now() - start;
        if (r == 0 && best >= 0 && seconds[0] > TOO_SLOW * best)
            return seconds[0];
    }
    qsort(seconds, (size_t)runs, sizeof seconds[0], ascending);
    return seconds[runs / 2];
}

/* "2=4,7=1": knob 2 is set to 4, knob 7 to 1; "-": there is none. */
static void print_knobs(const struct plan_choice *choice)
{
    for (int i = 0; i < choice->knob_count; i++)
        printf("%s%d=%lld", i ? "," : "", choice->knobs[i].type, (long long)choice->knobs[i].value);
    printf("%s\n", choice->knob_count ? "" : "-");
}

static void race(struct convolution problem, int level, int runs, int seconds_max)
{
    const char *precision = problem.bf16 ? "bf16" : "TF32";
    const double flop =
        54.0 * problem.in * problem.out * (double)problem.depth * problem.height * problem.width;
    struct convolution_plan plan;
    double first = -1, best = -1;
    long long best_engine = -1;
    int best_rank = -1, rank = 0;
    const double begin = now();
    for (; rank < PLANS_MAX && now() - begin < seconds_max && !convolution_plan_make(problem, rank, &plan);
         rank++) {
        const double seconds = time_plan(&plan, runs, best);
        printf("%s\t%s\t%d\t%d\t%d\t%lld\t%.1f\t", kinds[problem.kind], precision, problem.in, level, rank,
               (long long)plan.choice.engine, (double)plan.workspace / (1 << 20));
        if (seconds < 0)
            printf("does not run\t-\t");
        else
            printf("%.3f\t%.1f\t", 1e3 * seconds, flop / seconds * 1e-12);
        print_knobs(&plan.choice);
        if (rank == 0)
            first = seconds;
        if (seconds >= 0 && (best < 0 || seconds < best))
            best = seconds, best_rank = rank, best_engine = (long long)plan.choice.engine;
        convolution_plan_release(&plan);
    }
    printf("# %s in %s, level %d: first %.3f ms, best %.3f ms (rank %d of %d, engine %lld)\n",
           kinds[problem.kind], precision, level, 1e3 * first, 1e3 * best, best_rank, rank, best_engine);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int sizes[3] = {160, 192, 160}, runs = argc > 4 ? atoi(argv[4]) : 5,
        levels = argc > 5 ? atoi(argv[5]) : LEVELS_MAX, seconds_max = argc > 6 ? atoi(argv[6]) : 2;
    for (int axis = 0; axis < 3 && argc > 3; axis++)
        sizes[axis] = atoi(argv[1 + axis]);
    if (runs < 1 || runs > RUNS_MAX || levels < 1 || levels > LEVELS_MAX || sizes[0] < 16 || sizes[1] < 16 ||
        sizes[2] < 16 || (argc > 1 && argc < 4)) {
        fprintf(stderr, "usage: plan_race [WIDTH HEIGHT DEPTH [RUNS [LEVELS [SECONDS]]]]\n");
        return 2;
    }
    const size_t voxels = (size_t)sizes[0] * (size_t)sizes[1] * (size_t)sizes[2],
                 widest = (size_t)padded(widths[4]);
    if (open_all(voxels * (size_t)padded(widths[0]) * sizeof(float), 27 * widest * widest * sizeof(float)))
        return 1;
    printf("# compute capability %d, %d x %d x %d\n", gpu_capability(), sizes[0], sizes[1], sizes[2]);
    printf("kind\tprecision\tchannels\tlevel\trank\tengine\tworkspace MiB\tms\tTFLOP/s\tknobs\n");
    for (int bf16 = 1; bf16 >= 0; bf16--)
        for (int level = 0; level < levels; level++)
            for (int kind = CONVOLUTION_FORWARD; kind <= CONVOLUTION_WEIGHTS; kind++)
                race((struct convolution){.kind = (enum convolution_kind)kind,
                                          .add = kind == CONVOLUTION_FORWARD && !bf16,
                                          .bf16 = bf16,
                                          .tf32 = !bf16,
                                          .in = padded(widths[level]),
                                          .out = padded(widths[level]),
                                          .depth = sizes[2] >> level,
                                          .height = sizes[1] >> level,
                                          .width = sizes[0] >> level},
                     level, runs, seconds_max);
    return 0;
}
