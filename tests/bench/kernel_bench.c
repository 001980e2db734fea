/* Times every operation of a training step, level by level, in the sizes of one network.
 *
 *     kernel_bench BACKEND [NETWORK [REPEATS [branches [CHOICE...]]]]
 *
 * NETWORK: tiny, demo, small, patch or full; the best of REPEATS (5); branches: only those of the three finest levels, with
 * each CHOICE in turn as PRUNET_CUDA_KERNELS, which then stands in the backend's column.
 *
 * Each operation is first compared with the reference on a few voxels of the same channels: what does not
 * match ends the program before anything of it is timed. One line an operation, tab-separated; the last line
 * is the step that they add up to. Threads: as OMP_NUM_THREADS says; the clock: see timed.h. GB/s counts a
 * tensor once for each time that the operation's contract reads or writes it. */
#include "tests/bench/timed.h"

static const struct network {
    const char *name;
    int channels[LEVELS];
    int depth, height, width;
} networks[] = {
    {"tiny", {8, 16, 24, 32, 40}, 16, 16, 16},         {"demo", {8, 16, 24, 32, 40}, 64, 80, 80},
    {"small", {8, 16, 24, 32, 40}, 160, 192, 160},     {"patch", {60, 120, 240, 360, 480}, 128, 128, 128},
    {"full", {60, 120, 240, 360, 480}, 160, 192, 160},
};

static const struct kernels *kernels;
static int repeats = 5, choice_count;
static char **choices;
static double step_seconds;

/* Bytes that the contract moves: `+=` reads and writes. */
static double bytes_moved(const struct drive *d)
{
    double bytes = 0;
    for (int i = 0; i < d->count; i++) {
        const struct argument *a = &d->arguments[i];
        const double each = a->kind == STREAM || a->kind == GRADIENT ? 2 : (double)element_bytes(a->kind),
                     size = (double)a->count * each;
        bytes += a->role == ABSENT ? 0 : a->role == ADDED ? 2 * size : size;
    }
    return bytes;
}

/* Seconds of the fastest run, after one to warm up. */
static double best_time(struct timed *t)
{
    double best = timed_run(t);
    for (int k = 0; k < repeats; k++) {
        double seconds = timed_run(t);
        best = k == 0 || seconds < best ? seconds : best;
    }
    return best;
}

/* From now on the backend's choice of our own kernels is this one; what it refuses ends the program. */
static void choose(const char *choice)
{
    const char *why;
    setenv("PRUNET_CUDA_KERNELS", choice, 1);
    if ((kernels = kernels_find(kernels->name, (int[]){60}, 1, 2, &why)))
        return;
    fprintf(stderr, "kernel_bench: %s\n", why);
    exit(2);
}

/* name: what stands in the column of backends. */
static void bench_once(const char *name, int level, int times, double flop, struct drive *few,
                       const struct drive *d)
{
    if (!matches_reference(kernels, few)) {
        printf("%s\t%d\t%s\tdoes not match\n", name, level, d->name);
        exit(1);
    }
    struct timed timed = timed_open(kernels, few, *d);
    double seconds = best_time(&timed), bytes = bytes_moved(d);
    step_seconds += times * seconds;
    printf("%s\t%d\t%s\t%d\t%.3f\t%.1f\t%.1f\t%.1f\n", name, level, d->name, times, 1e3 * seconds,
           1e-9 * flop / seconds, 1e-9 * bytes / seconds, 1e-6 * (double)timed.scratch_bytes);
    fflush(stdout);
    timed_close(&timed);
}

/* few: the same operation on a few voxels; times: how often a step does it; flop: of one. Frees both. */
static void bench(int level, int times, double flop, struct drive few, struct drive d)
{
    if (kernels->wraps)
        few = drive_on_streams(few), d = drive_on_streams(d);
    for (int i = 0; i < choice_count; i++) {
        choose(choices[i]);
        bench_once(choices[i], level, times, flop, &few, &d);
    }
    if (!choice_count)
        bench_once(kernels->name, level, times, flop, &few, &d);
    drive_free(&few);
    drive_free(&d);
}

static double conv_flop(struct shape s, int in, int out)
{
    return 54.0 * in * out * (double)shape_voxels(s);
}

static double conv1_flop(struct shape coarse, int in, int out)
{
    return 2.0 * in * out * (double)shape_voxels(coarse);
}

static void bench_level(int level, struct shape shape, int groups)
{
    struct shape half = shape_half(shape), few = few_voxels(half);
    double flop = conv_flop(half, half.channels, half.channels);
    bench(level, 4, flop, branch_forward(few, groups, 1, 1), branch_forward(half, groups, 1, 1));
    bench(level, 4, 3 * flop, branch_backward(few, groups, 1), branch_backward(half, groups, 1));
}

static void bench_between(int level, struct shape fine, struct shape coarse)
{
    struct shape few = few_voxels(coarse), few_fine = finer(few, fine.channels);
    int f = shape_channels(fine), c = shape_channels(coarse);
    double flop = conv1_flop(coarse, f, c);
    bench(level, 1, flop, down_forward(few_fine, few, 1), down_forward(fine, coarse, 1));
    bench(level, 1, 2 * flop, down_backward(few_fine, few), down_backward(fine, coarse));
    bench(level, 2, flop, up_forward(few, few_fine, 1, 1), up_forward(coarse, fine, 1, 1));
    bench(level, 1, 2 * flop, up_backward(few, few_fine), up_backward(coarse, fine));
}

static void bench_ends(struct shape shape)
{
    struct shape image = {1, 4, shape.depth, shape.height, shape.width}, few = few_voxels(shape);
    int channels = shape_channels(shape);
    double flop = conv_flop(shape, 4, channels), conv1 = conv1_flop(shape, channels, 3);
    bench(0, 1, flop, image_conv_forward(few_voxels(image), few), image_conv_forward(image, shape));
    bench(0, 1, flop, image_conv_backward(few_voxels(image), few), image_conv_backward(image, shape));
    bench(0, 1, conv1, head_forward(few, 3), head_forward(shape, 3));
    bench(0, 1, 0, dice_sums(few, 3), dice_sums(shape, 3));
    bench(0, 1, 2 * conv1, head_backward(few, 3), head_backward(shape, 3));
}

static void bench_network(const struct network *network, int branches)
{
    struct shape shapes[LEVELS];
    double parameters = 0;
    for (int level = 0; level < LEVELS; level++) {
        int half = network->channels[level] / 2;
        shapes[level] = (struct shape){2, half, network->depth >> level, network->height >> level,
                                       network->width >> level};
        parameters += 4.0 * half * half * 27;
    }
    printf("backend\tlevel\toperation\ttimes\tms\tGFLOP/s\tGB/s\tscratch MB\n");
    if (branches) {
        for (int level = 0; level < 3; level++)
            bench_level(level, shapes[level], network->channels[0] / 2);
        return;
    }
    bench_ends(shapes[0]);
    for (int level = 0; level < LEVELS; level++) {
        bench_level(level, shapes[level], network->channels[0] / 2);
        if (level + 1 < LEVELS)
            bench_between(level, shapes[level], shapes[level + 1]);
    }
    bench(0, 1, 0, adam(1000, 1), adam((size_t)parameters, 1));
    bench(0, 1, 0, average(1000, 0.999f), average((size_t)parameters, 0.999f));
    printf("%s\t\tstep of %s, projected\t\t%.1f\n", kernels->name, network->name, 1e3 * step_seconds);
}

int main(int argc, char **argv)
{
    const char *why = "usage: kernel_bench BACKEND [NETWORK [REPEATS [branches [CHOICE...]]]]",
               *name = argc > 2 ? argv[2] : "small";
    const struct network *network = NULL;
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++)
        if (!strcmp(networks[i].name, name))
            network = &networks[i];
    if (argc > 3)
        repeats = atoi(argv[3]);
    int branches = argc > 4 && !strcmp(argv[4], "branches");
    if (argc > 5)
        choices = argv + 5, choice_count = argc - 5;
    if (network && argc > 1 && branches == (argc > 4))
        kernels = kernels_find(argv[1], network->channels, LEVELS, 2, &why);
    if (!kernels || repeats < 1) {
        fprintf(stderr, "kernel_bench: %s\n", why);
        return 2;
    }
    drive_outline = OUTLINED;
    bench_network(network, branches);
    return 0;
}
