/* The hand-written branch at the finest level against the reference: widths of 25 to 32 channels, grids that
 * its tiles do not divide, several orders of threads. Runs on the CPU (tests/cuda/shim). */
#include "tests/kernels/calls.h"

static const int orders[] = {1, 7};
enum { ORDERS = sizeof orders / sizeof orders[0] };

/* One case in all orders; d is freed. */
static void examine(struct drive d, const struct kernels *cuda)
{
    int sound = drive_run(&d, &kernels_reference), same = 1;
    double worst = 0;
    struct outputs expected = outputs_copy(&d), first = {{0}};
    for (int i = 0; i < ORDERS; i++) {
        kernels_set_threads(orders[i]);
        sound &= drive_run(&d, cuda);
        for (int n = 0; n < d.count; n++) {
            const struct argument *a = &d.arguments[n];
            if (!is_output(a))
                continue;
            worst = fmax(worst, argument_error(a, expected.of[n]));
            same &= i == 0 || !memcmp(a->result, first.of[n], a->count * element_bytes(a->kind));
        }
        if (i == 0)
            first = outputs_copy(&d);
    }
    check(sound && same && worst < 8e-3, "%s, %d channels of %dx%dx%d: relative error %.1e%s", d.name,
          d.in.channels, d.in.depth, d.in.height, d.in.width, worst,
          same ? "" : ", depends on the order of threads");
    outputs_free(&expected);
    outputs_free(&first);
    drive_free(&d);
}

/* What the environment does not ask for is not done: then cuDNN's stand-in rounds F to bf16 once more. */
static void test_choice(const struct kernels *cuda)
{
    struct shape shape = {1, 32, 4, 4, 16};
    struct drive d = branch_forward(shape, 32, 1, 1);
    struct outputs results[2];
    for (int by_hand = 0; by_hand < 2; by_hand++) {
        setenv("PRUNET_CUDA_LEVEL0", by_hand ? "1" : "0", 1);
        check(drive_run(&d, cuda), "runs with PRUNET_CUDA_LEVEL0=%d", by_hand);
        results[by_hand] = outputs_copy(&d);
    }
    int y = 5;
    check(d.arguments[y].role == ADDED &&
              memcmp(results[0].of[y], results[1].of[y], d.arguments[y].count * sizeof(float)),
          "PRUNET_CUDA_LEVEL0 chooses");
    outputs_free(&results[0]);
    outputs_free(&results[1]);
    drive_free(&d);
}

int main(void)
{
    static const struct shape shapes[] = {
        {1, 32, 4, 4, 16},
        {1, 30, 5, 3, 17},
        {1, 25, 1, 1, 1},
        {1, 30, 2, 9, 35},
    };
    const char *why;
    const struct kernels *cuda = kernels_find("cuda-bf16", (int[]){60}, 1, 2, &why);
    test_choice(cuda);
    setenv("PRUNET_CUDA_LEVEL0", "1", 1);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        int channels = shapes[i].channels, groups = channels % 5 ? channels : channels / 5;
        examine(branch_forward(shapes[i], groups, 1, 1), cuda);
        examine(branch_forward(shapes[i], groups, -1, 0), cuda);
        if (shape_voxels(shapes[i]) > 1) {
            examine(branch_backward(shapes[i], groups, 1), cuda);
            examine(branch_backward(shapes[i], groups, 0), cuda);
        }
    }
    return check_exit();
}
