/* The winograd backends at shapes that operations.c does not have: many slices and chunks, sums that pass
 * from single to double, filters that are transformed panel by panel, and the widths of the paper's lower
 * levels. */
#include "tests/kernels/calls.h"

/* Largest error over tolerance of one run; 1e30 when it was not sound. */
static double run(struct drive *d, const struct kernels *kernels, const struct outputs *expected)
{
    if (!drive_run(d, kernels))
        return 1e30;
    double worst = 0;
    for (int i = 0; i < d->count; i++)
        if (is_output(&d->arguments[i]))
            worst = fmax(worst, argument_error(&d->arguments[i], expected->of[i]) /
                                    argument_tolerance(&d->arguments[i], kernels));
    return worst;
}

/* Under a sanitizer one other number of threads will do: that all give the same bits is shown without one. */
static const int thread_counts[] = {3, 2, 7};
#ifdef __SANITIZE_ADDRESS__
enum { THREAD_COUNTS = 1 };
#else
enum { THREAD_COUNTS = 3 };
#endif

/* Against the reference, and with one thread against others. d is freed. */
static void examine(struct drive d)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    kernels_set_threads(1);
    drive_run(&d, &kernels_reference);
    struct outputs expected = outputs_copy(&d);
    for (int i = 0; i < count; i++) {
        if (!strstr(list[i]->name, "winograd"))
            continue;
        kernels_set_threads(1);
        double error = run(&d, list[i], &expected);
        struct outputs first = outputs_copy(&d);
        int repeatable = 1;
        for (int t = 0; t < THREAD_COUNTS; t++) {
            kernels_set_threads(thread_counts[t]);
            run(&d, list[i], &expected);
            repeatable &= outputs_same(&d, &first);
        }
        check(error < 1 && repeatable, "%s: %s, %d to %d channels, %dx%dx%d: error %.2f of what is allowed",
              list[i]->name, d.name, shape_channels(d.in), shape_channels(d.out), d.in.depth, d.in.height,
              d.in.width, error);
        outputs_free(&first);
    }
    outputs_free(&expected);
    drive_free(&d);
}

static struct shape maps(int channels, int depth, int height, int width)
{
    return (struct shape){1, channels, depth, height, width};
}

static void convolution(int in, int out, int depth, int height, int width)
{
    examine(conv3_forward(maps(in, depth, height, width), maps(out, depth, height, width)));
    examine(conv3_backward(maps(in, depth, height, width), maps(out, depth, height, width), 1));
}

static void branch(int channels, int groups, int depth, int height, int width)
{
    struct shape s = maps(channels, depth, height, width);
    examine(branch_forward(s, groups, 1, 1));
    examine(branch_backward(s, groups, 1));
}

int main(void)
{
    convolution(3, 5, 33, 70, 75);   /* more chunks than are summed in single */
    convolution(18, 1500, 3, 9, 37); /* panels, one chunk at a time */
    convolution(1400, 3, 2, 5, 9);
    convolution(165, 151, 1, 7, 3); /* panels, few tiles */
    convolution(151, 165, 9, 1, 1);
    convolution(165, 151, 7, 9, 9); /* several chunks at once */
    convolution(165, 165, 1, 1, 1);
    branch(165, 15, 8, 8, 8); /* fewer tiles than a chunk has, in smaller register tiles */
    branch(30, 30, 9, 21, 40);
    branch(120, 30, 5, 6, 10);
    branch(240, 30, 5, 6, 5);
    return check_exit();
}
