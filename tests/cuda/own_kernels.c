/* Our own tensor-core kernels against the reference, on grids that their tiles do not divide, in several orders
 * of threads: for the branches of the finer levels, of 32, 64 and 128 padded channels; for the first convolution of four
 * maps; and between levels. Then the sums that the last block adds up. Runs on the CPU (tests/cuda/shim). */
#include "tests/cuda/own_choice.h"

static const int orders[] = {1, 7};
enum { ORDERS = sizeof orders / sizeof orders[0] };

/* One case in all orders. */
struct verdict {
    int sound, same; /* same: the bits of every order */
    double worst;    /* relative error */
};

static struct verdict compare(struct drive *d, const struct kernels *kernels)
{
    struct verdict v = {.sound = drive_run(d, &kernels_reference), .same = 1};
    struct outputs expected = outputs_copy(d), first = {{0}};
    for (int i = 0; i < ORDERS; i++) {
        kernels_set_threads(orders[i]);
        v.sound &= drive_run(d, kernels);
        for (int n = 0; n < d->count; n++) {
            const struct argument *a = &d->arguments[n];
            if (!is_output(a))
                continue;
            v.worst = fmax(v.worst, argument_error(a, expected.of[n]));
            v.same &= i == 0 || !memcmp(a->result, first.of[n], a->count * element_bytes(a->kind));
        }
        if (i == 0)
            first = outputs_copy(d);
    }
    outputs_free(&expected);
    outputs_free(&first);
    return v;
}

/* d is freed. */
static void examine(struct drive d)
{
    struct verdict v = compare(&d, cuda);
    check(v.sound && v.same && v.worst < 8e-3,
          "%s, own kernels: %s; %d channels of %dx%dx%d: relative error %.1e%s", d.name,
          getenv("PRUNET_CUDA_KERNELS"), d.in.channels, d.in.depth, d.in.height, d.in.width, v.worst,
          v.same ? "" : ", depends on the order of threads");
    drive_free(&d);
}

/* --- the first convolution --- */

/* Without our product: fp32's 2e-6. With it: sums of two bf16 against each other are better than TF32 by far, in
 * bf16 one operand is rounded. */
static void examine_image(const char *name, int maps, double bound, struct shape out)
{
    const char *why;
    const struct kernels *kernels = kernels_find(name, (int[]){out.channels}, 1, out.streams, &why);
    struct shape image = out;
    image.streams = 1, image.channels = maps;
    struct drive cases[] = {image_conv_forward(image, out), image_conv_backward(image, out)};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct verdict v = compare(&cases[i], kernels);
        check(v.sound && v.same && v.worst < bound,
              "%s: %s, %d maps, %dx%d channels of %dx%dx%d: relative error %.1e%s", name, cases[i].name, maps,
              out.streams, out.channels, out.depth, out.height, out.width, v.worst,
              v.same ? "" : ", depends on the order of threads");
        drive_free(&cases[i]);
    }
}

static void test_image(void)
{
    static const struct shape shapes[] = {
        {2, 30, 3, 5, 35}, {1, 32, 2, 4, 32}, {1, 1, 1, 1, 1},   {2, 33, 1, 9, 16},
        {1, 60, 5, 1, 31}, {1, 12, 1, 3, 1},  {2, 8, 7, 10, 67},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        examine_image("cuda", 4, 3e-5, shapes[i]);
        examine_image("cuda-bf16", 4, 4e-3, shapes[i]);
    }
    examine_image("cuda-fp32", 4, 2e-6, shapes[0]);
    for (int maps = 1; maps <= 5; maps += 2)
        examine_image("cuda-bf16", maps, 2e-6, shapes[0]);
}

/* The product's sums are floats of fewer blocks. */
static void test_image_scratch(void)
{
    static const char *const names[] = {"cuda", "cuda-bf16", "cuda-fp32"};
    struct shape image = {1, 4, 160, 192, 160}, out = {2, 30, 160, 192, 160};
    size_t bytes[3];
    const char *why;
    for (int i = 0; i < 3; i++)
        bytes[i] =
            kernels_find(names[i], (int[]){60}, 1, 2, &why)->scratch_bytes(OPERATION_IMAGE_CONV, image, out);
    check(bytes[0] == bytes[1] && bytes[0] < bytes[2] / 6,
          "the first convolution of four maps needs %zu KiB of scratch, in fp32 %zu", bytes[0] >> 10,
          bytes[2] >> 10);
}

/* The error that a product in TF32 has at least. cuBLAS may compute in TF32 and need not: only its stand-in does for sure. */
extern int shim_devices __attribute__((weak));

static double tf32_least(void)
{
    return &shim_devices ? 5e-5 : -1;
}

/* --- up --- */

/* Sums of two bf16 against each other are better than TF32 by far, whose error a product of cuBLAS may show. */
static void examine_up(const char *name, struct shape coarse, int channels, double least, double bound)
{
    const char *why;
    const struct kernels *kernels = kernels_find(name, (int[]){60}, 1, 2, &why);
    int both =
        coarse.streams * ((coarse.channels + 7) / 8) <= 16 && coarse.streams * ((channels + 7) / 8) <= 8;
    struct drive cases[] = {up_forward(coarse, finer(coarse, channels), 1, 1),
                            up_forward(coarse, finer(coarse, channels), -1, 0),
                            up_backward(coarse, finer(coarse, channels))};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct verdict v = compare(&cases[i], kernels);
        check(v.sound && v.same && v.worst > least && v.worst < (i < 2 || both ? bound : 2e-3),
              "%s: %s, %dx%d channels of %dx%dx%d to %d: relative error %.1e%s", name, cases[i].name,
              coarse.streams, coarse.channels, coarse.depth, coarse.height, coarse.width, channels, v.worst,
              v.same ? "" : ", depends on the order of threads");
        drive_free(&cases[i]);
    }
}

/* What undoing subtracts has the bits of what was added. */
static void test_up_undone(void)
{
    struct shape coarse = {2, 20, 3, 5, 9}, fine = finer(coarse, 10);
    struct drive add = up_forward(coarse, fine, 1, 1), undo = up_forward(coarse, fine, -1, 0);
    struct argument *y[2] = {drive_find(&add, "y"), drive_find(&undo, "y")};
    int same = 1;
    for (int i = 0; i < 2; i++)
        memset(y[i]->host, 0, y[i]->count * sizeof(float));
    for (int i = 0; i < add.count; i++)
        if (add.arguments[i].role == READ)
            memcpy(undo.arguments[i].host, add.arguments[i].host,
                   add.arguments[i].count * element_bytes(add.arguments[i].kind));
    int sound = drive_run(&add, cuda) && drive_run(&undo, cuda);
    for (size_t i = 0; i < y[0]->count; i++)
        same &= ((float *)y[0]->result)[i] == -((float *)y[1]->result)[i];
    check(sound && same, "up_forward subtracts what it has added");
    drive_free(&add);
    drive_free(&undo);
}

/* Between the finest levels nothing is written but the result and sums. */
static void test_level_scratch(enum operation operation, const char *name)
{
    const char *why;
    struct shape coarse = {2, 60, 80, 96, 80}, fine = finer(coarse, 30);
    bool up = operation == OPERATION_UP;
    size_t bytes[2];
    for (int i = 0; i < 2; i++)
        bytes[i] = kernels_find(i ? "cuda-fp32" : "cuda", (int[]){60}, 1, 2, &why)
                       ->scratch_bytes(operation, up ? coarse : fine, up ? fine : coarse);
    check(bytes[0] < bytes[1] / 5, "%s needs %zu KiB of scratch, in fp32 %zu", name, bytes[0] >> 10,
          bytes[1] >> 10);
}

/* Forward, tiles are of 8 x 4 voxels along x and y and of 16 along z, slices of 32 channels, and chunks of 16 inputs
 * may be half a row; backward, tiles are of 4 x 4 voxels and 48 along z, for up to 128 coarse and 64 fine channels. */
static void test_up(void)
{
    static const struct {
        struct shape coarse;
        int channels;
    } cases[] = {
        {{2, 60, 2, 4, 8}, 30},  {{2, 120, 3, 3, 7}, 60}, {{2, 33, 17, 2, 2}, 41}, {{1, 1, 1, 1, 1}, 1},
        {{1, 8, 34, 1, 3}, 100}, {{1, 12, 97, 1, 2}, 9},  {{1, 256, 1, 9, 1}, 16}, {{2, 24, 5, 8, 17}, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        examine_up("cuda", cases[i].coarse, cases[i].channels, -1, 2e-5);
        examine_up("cuda-bf16", cases[i].coarse, cases[i].channels, -1, 2e-5);
    }
    examine_up("cuda-fp32", cases[0].coarse, cases[0].channels, -1, 2e-6);
    struct shape wide = {2, 132, 2, 3, 2};
    examine_up("cuda", wide, 16, tf32_least(), 2e-3);
    test_up_undone();
    test_level_scratch(OPERATION_UP, "up");
}

/* --- down --- */

/* As examine_up. */
static void examine_down(const char *name, struct shape coarse, int channels, double least, double bound)
{
    const char *why;
    const struct kernels *kernels = kernels_find(name, (int[]){60}, 1, 2, &why);
    struct shape fine = finer(coarse, channels);
    int both = coarse.streams * ((coarse.channels + 7) / 8) <= 32;
    struct drive cases[] = {down_forward(fine, coarse, 1), down_backward(fine, coarse),
                            down_forward(fine, coarse, 0)};
    scale_argument(drive_find(&cases[1], "x"), 1.1); /* no integers any more, still several maxima */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct verdict v = compare(&cases[i], kernels);
        check(v.sound && v.same && v.worst > least && v.worst < (i != 1 || both ? bound : 2e-3),
              "%s: %s, %dx%d channels of %dx%dx%d from %d: relative error %.1e%s", name, cases[i].name,
              coarse.streams, coarse.channels, coarse.depth, coarse.height, coarse.width, channels, v.worst,
              v.same ? "" : ", depends on the order of threads");
        drive_free(&cases[i]);
    }
}

/* Tiles are of 8 x 4 voxels along x and y, of 12 along z forward and 48 backward; slices of 128 outputs forward, of 64
 * inputs backward for up to 128 outputs, of 32 for up to 256. */
static void test_down(void)
{
    static const struct {
        struct shape coarse;
        int channels;
    } cases[] = {
        {{2, 60, 2, 3, 9}, 30}, {{2, 120, 1, 5, 2}, 60}, {{2, 41, 13, 1, 2}, 33},  {{1, 1, 1, 1, 1}, 1},
        {{1, 9, 49, 1, 1}, 12}, {{1, 256, 2, 1, 3}, 16}, {{1, 260, 1, 2, 1}, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        examine_down("cuda", cases[i].coarse, cases[i].channels, -1, 2e-5);
    examine_down("cuda-bf16", cases[0].coarse, cases[0].channels, -1, 2e-5);
    examine_down("cuda-fp32", cases[0].coarse, cases[0].channels, -1, 2e-6);
    struct shape narrow = {2, 12, 2, 3, 2};
    examine_down("cuda", narrow, 132, tf32_least(), 2e-3);
    test_level_scratch(OPERATION_DOWN, "down");
}

/* --- sums --- */

/* More blocks than are added up at once, in any order: the last block of a group adds up the group, the last group
 * the rest. 300 channels take two blocks across. */
static void test_sums(void)
{
    static const struct shape shapes[] = {{1, 60, 21, 22, 20}, {1, 300, 13, 16, 17}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct drive cases[] = {channel_sums(shapes[i]), norm_backward(shapes[i], 4, 0)};
        for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
            struct verdict v = compare(&cases[n], cuda);
            check(v.sound && v.same && v.worst < 2e-6,
                  "%s, %d channels in groups of blocks: relative error %.1e%s", cases[n].name,
                  shapes[i].channels, v.worst, v.same ? "" : ", depends on the order of blocks");
            drive_free(&cases[n]);
        }
    }
}

/* --- the head --- */

/* Weights in one slice and in several: a slice has up to 1536 channels of both streams for eight regions, 3072 for four. */
static void test_head(void)
{
    static const struct {
        struct shape in;
        int regions;
    } cases[] = {
        {{2, 768, 2, 3, 4}, 8}, {{2, 801, 2, 3, 7}, 8}, {{1, 3100, 1, 5, 3}, 4}, {{2, 3203, 1, 1, 2}, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct drive both[] = {head_forward(cases[i].in, cases[i].regions),
                               head_forward_bce(cases[i].in, cases[i].regions)};
        for (size_t n = 0; n < sizeof both / sizeof both[0]; n++) {
            struct verdict v = compare(&both[n], cuda);
            check(v.sound && v.same && v.worst < 2e-6,
                  "%s, %dx%d channels, %d regions: relative error %.1e%s", both[n].name, cases[i].in.streams,
                  cases[i].in.channels, cases[i].regions, v.worst,
                  v.same ? "" : ", depends on the order of threads");
            drive_free(&both[n]);
        }
    }
}

int main(void)
{
    static const struct shape shapes[] = {
        {1, 32, 4, 3, 16}, {1, 30, 5, 4, 17}, {1, 25, 1, 1, 1},  {1, 30, 2, 9, 35},
        {1, 27, 9, 7, 3},  {1, 60, 3, 3, 17}, {1, 64, 4, 4, 16}, {1, 49, 4, 2, 3},
        {1, 120, 4, 4, 3}, {1, 128, 1, 3, 3}, {1, 105, 4, 1, 2},
    };
    const char *why;
    cuda = start("0", &why);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        int channels = shapes[i].channels, groups = channels % 5 ? channels : channels / 5;
        choose(ALL);
        examine(branch_forward(shapes[i], groups, 1, 1));
        if (shape_voxels(shapes[i]) > 1)
            examine(branch_backward(shapes[i], groups, 1)); /* which undoes it, too */
        if (channels > 32)
            continue;
        examine(branch_forward(shapes[i], groups, -1, 0));
        if (shape_voxels(shapes[i]) > 1)
            examine(branch_backward(shapes[i], groups, 0));
    }
    for (int i = 1; i < ALL; i++) {
        choose(i);
        examine(branch_backward(shapes[1], 6, 1));
    }
    test_head();
    test_sums();
    test_up();
    test_down();
    test_image();
    test_image_scratch();
    return check_exit();
}
