/* 3x3x3 convolution beside oneDNN's direct kernel, at each level's channels and grid.
 *
 *     onednn_bench BACKEND [GRID [REPEATS]]     GRID: patch or full; the median of REPEATS (5)
 *
 * Forward and weight gradient one for one; data and weight gradient together, which the backend does in one
 * operation; and the fused branch against the bare convolutions that it contains, although it also
 * normalises, activates, adds and sums. oneDNN chooses its own layouts, whose conversions are not timed. What
 * does not match the reference on a few voxels is not timed. Both sides take turns, so that other load on the
 * machine slows both.
 *
 * One line an operation: level, channels, grid, operation, milliseconds and GFLOP/s (of a direct convolution)
 * of either side, their ratio. Threads: as OMP_NUM_THREADS says; the clock: see timed.h. */
#include "tests/bench/onednn.h"
#include "tests/bench/timed.h"

enum { REPEATS_MAX = 99 };

static const int half_channels[LEVELS] = {30, 60, 120, 180, 240};

static const struct kernels *kernels;
static int repeats = 5;

/* The same convolutions by oneDNN, one after the other. */
struct theirs {
    int count;
    struct onednn_conv *of[3];
};

static double time_theirs(const struct theirs *t)
{
    double start = now();
    for (int i = 0; i < t->count; i++)
        onednn_conv_run(t->of[i]);
    return now() - start;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *seconds)
{
    qsort(seconds, (size_t)repeats, sizeof *seconds, by_size);
    return (seconds[(repeats - 1) / 2] + seconds[repeats / 2]) / 2;
}

static void bench(int level, struct drive few, struct drive d, const struct theirs *theirs)
{
    struct shape s = d.in;
    const char *name = d.name;
    if (!matches_reference(kernels, &few)) {
        printf("%d\t%d\t%dx%dx%d\t%s\tdoes not match\n", level, s.channels, s.depth, s.height, s.width, name);
        exit(1);
    }
    struct timed ours = timed_open(kernels, &few, d);
    double mine[REPEATS_MAX] = {0}, others[REPEATS_MAX] = {0};
    timed_run(&ours); /* warms up */
    time_theirs(theirs);
    for (int i = 0; i < repeats; i++) {
        mine[i] = timed_run(&ours);
        others[i] = time_theirs(theirs);
    }
    double own = median(mine), other = median(others);
    double flop = 54.0 * s.channels * s.channels * (double)shape_voxels(s) * theirs->count;
    printf("%d\t%d\t%dx%dx%d\t%s\t%.2f\t%.1f\t%.2f\t%.1f\t%.2f\n", level, s.channels, s.depth, s.height,
           s.width, name, 1e3 * own, 1e-9 * flop / own, 1e3 * other, 1e-9 * flop / other, other / own);
    fflush(stdout);
    timed_close(&ours);
    drive_free(&few);
    drive_free(&d);
}

static void bench_level(int level, struct shape s)
{
    struct shape few = few_voxels(s);
    struct onednn_conv *forward =
        onednn_conv_open(ONEDNN_FORWARD, s.channels, s.channels, s.depth, s.height, s.width);
    struct onednn_conv *data =
        onednn_conv_open(ONEDNN_DATA, s.channels, s.channels, s.depth, s.height, s.width);
    struct onednn_conv *weights =
        onednn_conv_open(ONEDNN_WEIGHTS, s.channels, s.channels, s.depth, s.height, s.width);
    if (!forward || !data || !weights) {
        fprintf(stderr, "onednn_bench: oneDNN has no kernel for %d channels, or no memory\n", s.channels);
        exit(1);
    }
    int groups = half_channels[0];
    bench(level, conv3_forward(few, few), conv3_forward(s, s), &(struct theirs){1, {forward}});
    bench(level, conv3_backward(few, few, 0), conv3_backward(s, s, 0), &(struct theirs){1, {weights}});
    bench(level, conv3_backward(few, few, 1), conv3_backward(s, s, 1), &(struct theirs){2, {data, weights}});
    bench(level, branch_forward(few, groups, 1, 1), branch_forward(s, groups, 1, 1),
          &(struct theirs){1, {forward}});
    bench(level, branch_backward(few, groups, 1), branch_backward(s, groups, 1),
          &(struct theirs){3, {forward, data, weights}});
    onednn_conv_close(forward);
    onednn_conv_close(data);
    onednn_conv_close(weights);
}

int main(int argc, char **argv)
{
    static const int channels[LEVELS] = {60, 120, 240, 360, 480};
    const char *grid = argc > 2 ? argv[2] : "patch",
               *why = "usage: onednn_bench BACKEND [patch|full [REPEATS]]";
    int full = !strcmp(grid, "full");
    if (argc > 3)
        repeats = atoi(argv[3]);
    if (argc > 1 && (full || !strcmp(grid, "patch")))
        kernels = kernels_find(argv[1], channels, LEVELS, 2, &why);
    if (!kernels || repeats < 1 || repeats > REPEATS_MAX) {
        fprintf(stderr, "onednn_bench: %s\n", why);
        return 2;
    }
    drive_outline = OUTLINED;
    printf("level\tchannels\tgrid\toperation\tms\tGFLOP/s\toneDNN %s ms\tGFLOP/s\tratio\n", onednn_version());
    for (int level = 0; level < LEVELS; level++)
        bench_level(level, (struct shape){1, half_channels[level], (full ? 160 : 128) >> level,
                                          (full ? 192 : 128) >> level, (full ? 160 : 128) >> level});
    return 0;
}
