/* Operations touch no more scratch than they ask for: every operation of every backend, forward and backward,
 * at every width from 1 to 128 channels, with exactly that scratch and behind it a page that may not be
 * touched (drive.h), on a grid that is cut into as many slices as there can be.
 *
 *     scratch [PATTERN]     only backends whose name contains it
 *
 * By default only widths of whole vectors and of one channel more, by turns with 1, 2, 3 and 7 threads, and
 * the planar layout up to NARROW channels; with PRUNET_TEST_LONG=1 every width with each number of threads
 * (half an hour). */
#include "tests/kernels/calls.h"

enum { NARROW = 32, IMAGES = 4, REGIONS = 3 };

/* Whole vectors, and one channel more. The guard page needs no sanitizer, under which three widths are tried. */
#ifdef __SANITIZE_ADDRESS__
enum { WIDTH_LAST = 64, EVEN = 64, ODD = 32 };
#else
enum { WIDTH_LAST = 128, EVEN = 8, ODD = 16 };
#endif

/* 768 tiles of 2x4x4 voxels, 24 a slice: 32 slices. `coarse` has as many chunks of 24 voxels. */
static const struct shape grid = {1, 1, 16, 32, 48}, coarse_grid = {1, 1, 8, 8, 12};

static const int thread_counts[] = {1, 2, 3, 7};
enum { THREAD_COUNTS = 4 };

static const char *pattern = "";
static int thorough;
static int runs, unsound;

static struct shape sized(struct shape shape, int streams, int channels)
{
    shape.streams = streams;
    shape.channels = channels;
    return shape;
}

static int is_tried(int width)
{
    return thorough || width % EVEN == 0 || width % ODD == 1;
}

static int is_concerned(const struct kernels *kernels, int width)
{
    return kernels != &kernels_reference && strstr(kernels->name, pattern) &&
           (thorough || width <= NARROW || !strstr(kernels->name, "planar"));
}

/* One case in every backend; d is freed. */
static void examine(struct drive d, int width)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++)
        for (int t = 0; is_concerned(list[i], width) && t < THREAD_COUNTS; t++) {
            if (!thorough && t != (width + i) % THREAD_COUNTS)
                continue;
            kernels_set_threads(thread_counts[t]);
            runs++;
            if (!drive_run(&d, list[i])) {
                unsound++;
                fprintf(stderr, "%s: %s: width %d, %d threads: not sound\n", list[i]->name, d.name, width,
                        thread_counts[t]);
            }
        }
    drive_free(&d);
}

static void examine_convolutions(int width)
{
    struct shape one = sized(grid, 1, width), two = sized(grid, 2, width), image = sized(grid, 1, IMAGES);
    examine(conv3_forward(one, one), width);
    examine(conv3_backward(one, one, 1), width);
    examine(image_conv_forward(image, two), width);
    examine(image_conv_backward(image, two), width);
    examine(branch_forward(one, width, 1, 1), width);
    examine(branch_backward(one, width, 1), width);
}

static void examine_others(int width)
{
    struct shape one = sized(grid, 1, width), two = sized(grid, 2, width);
    struct shape coarse = sized(coarse_grid, 2, 2 * width), fine = finer(coarse, width);
    examine(channel_sums(one), width);
    examine(norm_forward(one, width, 1), width);
    examine(norm_backward(one, width, 1), width);
    examine(down_forward(fine, coarse, 1), width);
    examine(down_backward(fine, coarse), width);
    examine(up_forward(coarse, fine, 1, 1), width);
    examine(up_backward(coarse, fine), width);
    examine(head_forward(two, REGIONS), width);
    examine(head_forward_bce(two, REGIONS), width);
    examine(head_backward(two, REGIONS), width);
    examine(dice_sums(one, REGIONS), width);
}

static void conclude(const char *what, int first, int last)
{
    check(unsound == 0, "%s of %d to %d channels: %d runs keep to the scratch that they declare", what, first,
          last, runs);
    runs = unsound = 0;
}

int main(int argc, char **argv)
{
    const char *lasting = getenv("PRUNET_TEST_LONG");
    thorough = lasting && !strcmp(lasting, "1");
    if (argc > 1)
        pattern = argv[1];
    for (int first = 1; first <= WIDTH_LAST; first += 32) {
        for (int width = first; width < first + 32; width++)
            if (is_tried(width))
                examine_convolutions(width);
        conclude("convolutions and branches", first, first + 31);
        for (int width = first; width < first + 32; width++)
            if (is_tried(width))
                examine_others(width);
        conclude("other operations", first, first + 31);
    }
    return check_exit();
}
