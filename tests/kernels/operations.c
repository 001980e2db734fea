/* Every operation of every backend against the reference: odd sizes, axes of one voxel, odd channel counts,
 * poison, guards, and the same bits for 1, 2, 3 and 7 threads (each case with 1 and, by turns, another).
 *
 * They run in a process of their own, since the failure of a device may stay for the rest of one: such an operation's line
 * has what the backend said, and those behind it run in a new process.
 *
 *     operations [PATTERN]     only backends whose name contains it
 *
 * PRUNET_TEST_OPERATION: only operations whose name contains it. */
#include "tests/kernels/calls.h"
#include <stdbool.h>
#include <sys/wait.h>

/* Under a sanitizer a case is run once, with 1, 2, 3 or 7 threads by turns: the stand-in for a card takes minutes for
 * that alone. That all of them give the same bits is shown without one. */
#ifdef __SANITIZE_ADDRESS__
enum { ONCE = 1 };
#else
enum { ONCE = 0 };
#endif

enum {
    TABLES_MAX = 64,
    FAILED = 3 /* status of a process that ends after an operation since a device has failed */
};

/* How far the processes have come, for all of them to see. */
static struct progress {
    int concluded; /* operations */
    int checks, failures;
    char running[64];
} * progress;

/* Of this process: the operations that it begins with and that it has come to, and the backend that has failed. */
static int begin, reached;
static const struct kernels *failed;

/* The results of one operation so far, for each backend. */
static struct tally {
    int cases, sound, repeatable;
    double worst;      /* error / tolerance */
    char failure[512]; /* what the backend said, or why it was not run */
} tallies[TABLES_MAX];

static const char *pattern = "", *operation_pattern = "";

static void report(const struct kernels *kernels, const struct drive *d, const char *what)
{
    struct shape in = d->in, out = d->out;
    fprintf(stderr, "%s: %s: %dx%d channels %dx%dx%d to %dx%d %dx%dx%d: %s\n", kernels->name, d->name,
            in.streams, in.channels, in.depth, in.height, in.width, out.streams, out.channels, out.depth,
            out.height, out.width, what);
}

/* The relative error of a tensor of one number has no bound, for its terms may cancel. There the absolute
 * error is taken where the number is below 1, which is the order of results. */
static double error_of(const struct argument *a, const void *expected)
{
    double error = argument_error(a, expected);
    if (a->kind != TENSOR || a->count > 1)
        return error;
    double number = fabs(*(const float *)expected);
    return number > 0 && number < 1 ? error * number : error;
}

static double worst_error(const struct drive *d, const struct kernels *kernels,
                          const struct outputs *expected)
{
    double worst = 0;
    for (int i = 0; i < d->count; i++) {
        const struct argument *a = &d->arguments[i];
        if (!is_output(a))
            continue;
        double error = error_of(a, expected->of[i]), allowed = argument_tolerance(a, kernels);
        if (!(error < allowed)) {
            char what[64];
            snprintf(what, sizeof what, "%s: relative error %.1e", a->name, error);
            report(kernels, d, what);
        }
        worst = fmax(worst, error / allowed);
    }
    return worst;
}

static void run_with(struct drive *d, const struct kernels *kernels, int threads, struct tally *tally)
{
    kernels_set_threads(threads);
    if (!drive_run(d, kernels)) {
        tally->sound = 0;
        report(kernels, d, "not sound");
        if (drive_failure[0] && !kernels->on_host) {
            failed = kernels;
            snprintf(tally->failure, sizeof tally->failure, "%s", drive_failure);
        }
    }
}

/* Whether the bits that a run has left come with another number of threads, too. */
static void run_again(struct drive *d, const struct kernels *kernels, int threads, struct tally *tally)
{
    struct outputs first = outputs_copy(d);
    run_with(d, kernels, threads, tally);
    if (!failed && !outputs_same(d, &first)) {
        tally->repeatable = 0;
        report(kernels, d, "other bits with other threads");
    }
    outputs_free(&first);
}

static void examine_table(struct drive *d, const struct kernels *kernels, const struct outputs *expected,
                          struct tally *tally)
{
    static const int counts[] = {1, 2, 3, 7};
    if (failed && !kernels->on_host) {
        if (!tally->failure[0])
            snprintf(tally->failure, sizeof tally->failure, "not run: %s has failed", failed->name);
        tally->sound = 0;
        return;
    }
    run_with(d, kernels, ONCE ? counts[tally->cases % 4] : 1, tally);
    if (failed && !kernels->on_host)
        return;
    tally->worst = fmax(tally->worst, worst_error(d, kernels, expected));
    if (!ONCE)
        run_again(d, kernels, counts[1 + tally->cases % 3], tally);
    tally->cases++;
}

/* One case in every backend; d is freed. */
static void examine(struct drive d)
{
    if (!strstr(d.name, operation_pattern) || reached < begin) {
        drive_free(&d);
        return;
    }
    int count;
    const struct kernels *const *list = kernels_list(&count);
    snprintf(progress->running, sizeof progress->running, "%s", d.name);
    kernels_set_threads(1);
    if (!drive_run(&d, &kernels_reference))
        check(0, "reference: %s is sound", d.name);
    struct outputs expected = outputs_copy(&d);
    for (int i = 0; i < count && i < TABLES_MAX; i++)
        if (strstr(list[i]->name, pattern))
            examine_table(&d, list[i], &expected, &tallies[i]);
    outputs_free(&expected);
    drive_free(&d);
}

/* Ends an operation: one check for each backend; and the process, when a device has failed. */
static void conclude(const char *operation)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count && i < TABLES_MAX; i++) {
        const struct tally *t = &tallies[i];
        if (t->cases || t->failure[0])
            check(t->worst < 1 && t->sound && t->repeatable,
                  "%s: %s: %d cases, error %.2f of what is allowed%s%s%s%s", list[i]->name, operation,
                  t->cases, t->worst, t->sound ? "" : ", not sound",
                  t->repeatable ? "" : ", depends on threads", t->failure[0] ? ": " : "", t->failure);
    }
    for (int i = 0; i < TABLES_MAX; i++)
        tallies[i] = (struct tally){.sound = 1, .repeatable = 1};
    if (reached++ < begin)
        return;
    progress->concluded = reached;
    progress->checks = check_count;
    progress->failures = check_failures;
    if (failed)
        _exit(FAILED);
}

/* Channels and grids: each is tried with streams 1 and, where the operation knows them, 2. */
static const struct shape shapes[] = {
    {1, 1, 1, 1, 1},   {1, 3, 1, 5, 1},   {1, 4, 3, 1, 7},   {1, 5, 5, 6, 9},
    {1, 7, 2, 3, 33},  {1, 12, 7, 3, 20}, {1, 16, 4, 4, 16}, {1, 20, 3, 5, 40},
    {1, 30, 4, 5, 17}, {1, 33, 1, 2, 70}, {1, 60, 2, 4, 8},  {1, 4, 9, 11, 130},
};

enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static struct shape with(struct shape shape, int streams, int channels)
{
    shape.streams = streams;
    shape.channels = channels;
    return shape;
}

/* The channels of the next shape in the list, so that input and output differ. */
static int other_channels(int i)
{
    return shapes[(i + 1) % SHAPES].channels;
}

static int largest_group(int channels)
{
    return channels % 4 == 0 ? 4 : channels % 3 == 0 ? 3 : 1;
}

static void convolutions(void)
{
    for (int i = 0; i < SHAPES; i++)
        examine(conv3_forward(shapes[i], with(shapes[i], 1, other_channels(i))));
    conclude("conv3_forward");
    for (int i = 0; i < SHAPES; i++)
        for (int with_dx = 0; with_dx < 2; with_dx++)
            examine(conv3_backward(shapes[i], with(shapes[i], 1, other_channels(i)), with_dx));
    conclude("conv3_backward");
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++)
            examine(image_conv_forward(with(shapes[i], 1, i % 5 + 1),
                                       with(shapes[i], streams, shapes[i].channels)));
    conclude("image_conv_forward");
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++)
            examine(image_conv_backward(with(shapes[i], 1, i % 5 + 1),
                                        with(shapes[i], streams, shapes[i].channels)));
    conclude("image_conv_backward");
}

static void norms(void)
{
    for (int i = 0; i < SHAPES; i++)
        examine(channel_sums(shapes[i]));
    conclude("channel_sums");
    for (int i = 0; i < SHAPES; i++)
        for (int in_place = 0; in_place < 2; in_place++) {
            examine(norm_forward(shapes[i], shapes[i].channels, in_place));
            examine(
                norm_forward(shapes[i], shapes[i].channels / largest_group(shapes[i].channels), in_place));
        }
    conclude("norm_forward");
    for (int i = 1; i < SHAPES; i++)
        for (int in_place = 0; in_place < 2; in_place++) {
            examine(norm_backward(shapes[i], shapes[i].channels, in_place));
            examine(
                norm_backward(shapes[i], shapes[i].channels / largest_group(shapes[i].channels), in_place));
        }
    conclude("norm_backward");
}

static void branches(void)
{
    for (int i = 0; i < SHAPES; i++)
        for (int minus = 0; minus < 2; minus++)
            for (int with_sums = 0; with_sums < 2; with_sums++)
                examine(branch_forward(shapes[i],
                                       shapes[i].channels / (minus ? largest_group(shapes[i].channels) : 1),
                                       minus ? -1 : 1, with_sums));
    conclude("branch_forward");
    for (int i = 1; i < SHAPES; i++)
        for (int with_y = 0; with_y < 2; with_y++) {
            examine(branch_backward(shapes[i], shapes[i].channels, with_y));
            examine(
                branch_backward(shapes[i], shapes[i].channels / largest_group(shapes[i].channels), with_y));
        }
    conclude("branch_backward");
}

static void plain_resampling(void)
{
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++)
            examine(pool_forward(finer(with(shapes[i], streams, shapes[i].channels), shapes[i].channels)));
    conclude("pool_forward");
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++)
            examine(pool_backward(finer(with(shapes[i], streams, shapes[i].channels), shapes[i].channels)));
    conclude("pool_backward");
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++)
            examine(upsample_forward(with(shapes[i], streams, shapes[i].channels)));
    conclude("upsample_forward");
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++)
            examine(upsample_backward(with(shapes[i], streams, shapes[i].channels)));
    conclude("upsample_backward");
}

/* A coarse and a fine shape of different widths. */
static void levels_of(int i, int streams, struct shape *fine, struct shape *coarse)
{
    *coarse = with(shapes[i], streams, shapes[i].channels);
    *fine = finer(*coarse, other_channels(i));
}

static void levels(void)
{
    struct shape fine, coarse;
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++) {
            levels_of(i, streams, &fine, &coarse);
            examine(down_forward(fine, coarse, 1));
            examine(down_forward(fine, coarse, 0));
        }
    conclude("down_forward");
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++) {
            levels_of(i, streams, &fine, &coarse);
            examine(down_backward(fine, coarse));
        }
    conclude("down_backward");
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++) {
            levels_of(i, streams, &fine, &coarse);
            examine(up_forward(coarse, fine, 1, 1));
            examine(up_forward(coarse, fine, -1, 0));
        }
    conclude("up_forward");
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++) {
            levels_of(i, streams, &fine, &coarse);
            examine(up_backward(coarse, fine));
        }
    conclude("up_backward");
}

static void heads(void)
{
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++) {
            struct shape in = with(shapes[i], streams, shapes[i].channels);
            examine(head_forward(in, i % REGIONS_MAX + 1));
            examine(head_forward_bce(in, i % REGIONS_MAX + 1));
        }
    conclude("head_forward");
    for (int i = 0; i < SHAPES; i++)
        examine(dice_sums(shapes[i], i % REGIONS_MAX + 1));
    conclude("dice_sums");
    for (int i = 0; i < SHAPES; i++)
        for (int streams = 1; streams <= 2; streams++) {
            struct shape in = with(shapes[i], streams, shapes[i].channels);
            examine(head_backward(in, i % REGIONS_MAX + 1));
            examine(head_backward_bce(in, i % REGIONS_MAX + 1));
        }
    conclude("head_backward");
}

static void optimiser(void)
{
    static const size_t sizes[] = {1, 7, 16, 1000, 100003};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int step = 1; step <= 1000; step *= 10)
            examine(adam(sizes[i], step));
    conclude("adam");
    static const float decays[] = {0, 2 / 11.f, 0.999f, 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t j = 0; j < sizeof decays / sizeof decays[0]; j++)
            examine(average(sizes[i], decays[j]));
    conclude("average");
}

static void all_operations(void)
{
    convolutions();
    norms();
    branches();
    plain_resampling();
    levels();
    heads();
    optimiser();
}

/* All operations from where the processes before have come to. Whether it has reached the end. */
static bool run_process(void)
{
    int status = 0;
    check_count = progress->checks;
    check_failures = progress->failures;
    const pid_t child = fork();
    if (child == 0) {
        begin = progress->concluded;
        all_operations();
        exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) < 0)
        abort();
    check_count = progress->checks;
    check_failures = progress->failures;
    if (status == 0)
        return true;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != FAILED) {
        check(0, "%s: the process ended, %s %d", progress->running,
              WIFEXITED(status) ? "with status" : "by signal",
              WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
        progress->concluded++;
        progress->checks = check_count;
        progress->failures = check_failures;
    }
    return false;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        pattern = argv[1];
    if (getenv("PRUNET_TEST_OPERATION"))
        operation_pattern = getenv("PRUNET_TEST_OPERATION");
    for (int i = 0; i < TABLES_MAX; i++)
        tallies[i] = (struct tally){.sound = 1, .repeatable = 1};
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED)
        abort();
    while (!run_process())
        ;
    return check_exit();
}
