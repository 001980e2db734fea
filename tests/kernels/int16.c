/* Streams in 16 bits (kernels/int16.h): the operations of cpu-int16 beside those of reference-int16, in each instruction
 * set, with poison, guards and 1, 2, 3 and 7 threads; those of reference-int16 beside the reference's; that undoing is
 * exact to the bit, whatever was added; and how gradients are rounded.
 *
 *     int16 [BACKEND [undoing]]     another backend in the place of cpu-int16, such as cuda-int16; only that of it */
#include "tests/kernels/calls.h"

static const int thread_counts[] = {1, 2, 3, 7};
enum { THREAD_COUNTS = 4, REGIONS = 3 };

/* --- beside the reference --- */

/* Sums are those of what was stored, where a tie may have been rounded the other way than in the reference. */
static double error_of_sums(struct drive *d, const struct argument *sums)
{
    const struct argument *y = drive_find(d, "y");
    const struct shape half = shape_half(y->shape);
    const size_t first = y->count - (size_t)shape_channels(half) * shape_voxels(half);
    double *expected = malloc(sums->count * sizeof *expected);
    reference_channel_sums(half, (const float *)y->result + first, expected, NULL);
    double error = argument_error(sums, expected);
    free(expected);
    return error;
}

/* Of values: a unit, in few of them. */
static int nearly_same(const struct argument *a, const float *expected)
{
    size_t moved = 0;
    for (size_t i = 0; i < a->count; i++)
        moved += ((const float *)a->result)[i] != expected[i];
    return largest_difference(a->count, a->result, expected) <= INT16_UNIT && moved <= 1 + a->count / 200;
}

/* Of gradients: a unit in the last of 8 places, in few of them. Where a branch's are rounded twice, all of them may
 * differ, by what rounding loses. */
static int nearly_same_gradient(const struct drive *d, const struct argument *a, const float *expected)
{
    const float *result = a->result;
    size_t moved = 0;
    if (d->operation == OPERATION_BRANCH)
        return argument_error(a, expected) < 0x1p-8;
    for (size_t i = 0; i < a->count; i++) {
        moved += result[i] != expected[i];
        if (fabsf(result[i] - expected[i]) > fmaxf(0x1p-7f * fabsf(expected[i]), 0x1p-20f))
            return 0;
    }
    return moved <= 1 + a->count / 200;
}

/* Where operands are rounded, sums are still those of what was stored, and all else differs by what rounding allows. */
static int matches(struct drive *d, const struct kernels *kernels, const struct outputs *expected)
{
    int good = 1;
    for (int i = 0; i < d->count; i++) {
        const struct argument *a = &d->arguments[i];
        if (!is_output(a))
            continue;
        if (kernels->rounding > 0 && a->kind != DOUBLES)
            good &= argument_error(a, expected->of[i]) < argument_tolerance(a, kernels);
        else if (a->kind == STREAM)
            good &= nearly_same(a, expected->of[i]);
        else if (a->kind == GRADIENT)
            good &= nearly_same_gradient(d, a, expected->of[i]);
        else if (a->kind == DOUBLES && d->operation != OPERATION_HEAD && d->operation != OPERATION_NORM)
            good &= error_of_sums(d, a) < 2e-6;
        else
            good &= argument_error(a, expected->of[i]) < a->tolerance;
    }
    return good;
}

/* What reference-int16 stores of gradients is what the reference computes, rounded; and so are gradients of weights. */
static int rounds(struct drive *d)
{
    int good = drive_run(d, &kernels_reference);
    struct outputs expected = outputs_copy(d);
    good &= drive_run(d, &kernels_reference_int16);
    for (int i = 0; i < d->count; i++) {
        const struct argument *a = &d->arguments[i];
        const float *floats = expected.of[i];
        if (!is_output(a) || (a->kind != GRADIENT && a->kind != FLOATS))
            continue;
        for (size_t v = 0; v < a->count; v++)
            good &= ((const float *)a->result)[v] ==
                    (a->kind == GRADIENT ? bf16_value(bf16_of(floats[v])) : floats[v]);
    }
    outputs_free(&expected);
    return good;
}

static void check_rounding(struct drive plain)
{
    struct drive d = drive_on_streams(plain);
    check(rounds(&d), "reference-int16: %s is the reference's, its gradients rounded", d.name);
    drive_free(&d);
}

static void round_all(struct shape coarse, int fine_channels)
{
    const struct shape fine = finer(coarse, fine_channels), half = shape_half(fine);
    struct shape image = half;
    image.channels = 4;
    check_rounding(image_conv_backward(image, fine));
    check_rounding(branch_backward(half, half.channels, 1));
    check_rounding(branch_backward(half, 1, 0));
    check_rounding(down_backward(fine, coarse));
    check_rounding(up_backward(coarse, fine));
    check_rounding(head_backward(fine, REGIONS));
}

static void compare(const struct kernels *kernels, struct drive plain)
{
    struct drive d = drive_on_streams(plain);
    int good = drive_run(&d, &kernels_reference_int16), same = 1;
    struct outputs expected = outputs_copy(&d), first = {0};
    for (int t = 0; t < THREAD_COUNTS; t++) {
        kernels_set_threads(thread_counts[t]);
        good &= drive_run(&d, kernels);
        if (!t)
            first = outputs_copy(&d), good &= matches(&d, kernels, &expected);
        same &= outputs_same(&d, &first);
    }
    check(good, "%s: %s, %dx%d channels, as reference-int16", kernels->name, d.name, d.in.streams,
          d.in.channels);
    check(same, "%s: %s: the same bits with 1, 2, 3 and 7 threads, or in as many orders of them",
          kernels->name, d.name);
    outputs_free(&expected);
    outputs_free(&first);
    drive_free(&d);
}

static void compare_all(const struct kernels *kernels, struct shape coarse, int fine_channels)
{
    const struct shape fine = finer(coarse, fine_channels), half = shape_half(fine);
    struct shape image = half;
    for (image.channels = 3; image.channels <= 4; image.channels++) {
        compare(kernels, image_conv_forward(image, fine));
        compare(kernels, image_conv_backward(image, fine));
    }
    compare(kernels, channel_sums(half));
    compare(kernels, branch_forward(half, half.channels, 1, 1));
    compare(kernels, branch_forward(half, 1, -1, 0));
    compare(kernels, branch_backward(half, half.channels, 1));
    compare(kernels, branch_backward(half, 1, 0));
    compare(kernels, down_forward(fine, coarse, 1));
    compare(kernels, down_backward(fine, coarse));
    compare(kernels, up_forward(coarse, fine, 1, 1));
    compare(kernels, up_forward(coarse, fine, -1, 0));
    compare(kernels, up_backward(coarse, fine));
    compare(kernels, head_forward(fine, REGIONS));
    compare(kernels, head_backward(fine, REGIONS));
}

/* --- undoing --- */

static void give(struct drive *to, struct drive *from, const char *name, int result)
{
    const struct argument *a = drive_find(from, name);
    memcpy(drive_find(to, name)->host, result ? a->result : a->host, a->count * element_bytes(a->kind));
}

/* What `add` added, `undo` and `back`, unless it is NULL, subtract again. */
static void undoes(const struct kernels *kernels, struct drive *add, struct drive *undo, struct drive *back)
{
    for (int i = 0; i < add->count; i++)
        if (add->arguments[i].role == READ)
            give(undo, add, add->arguments[i].name, 0);
    const struct argument *y = drive_find(add, "y");
    kernels->wraps();
    int good = drive_run(add, kernels);
    const int64_t wraps = kernels->wraps();
    give(undo, add, "y", 1);
    good &= drive_run(undo, kernels);
    good &= !memcmp(drive_find(undo, "y")->result, y->host, y->count * sizeof(float));
    if (back) {
        for (int i = 0; i < add->count; i++)
            if (add->arguments[i].role == READ)
                give(back, add, add->arguments[i].name, 0);
        give(back, add, "y", 1);
        good &= drive_run(back, kernels);
        good &= !memcmp(drive_find(back, "y")->result, y->host, y->count * sizeof(float));
    }
    check(good, "%s: %s is undone to the bit, of addends that wrap around", kernels->name, add->name);
    check(wraps > 0, "%s: its wraps are counted: %lld", kernels->name, (long long)wraps);
    check(!kernels->wraps(), "%s: undoing counts none", kernels->name);
}

static void undo_all(const struct kernels *kernels, struct shape coarse, int fine_channels)
{
    const struct shape fine = finer(coarse, fine_channels), half = shape_half(fine);
    struct drive add = drive_on_streams(branch_forward(half, half.channels, 1, 0)),
                 undo = drive_on_streams(branch_forward(half, half.channels, -1, 0)),
                 back = drive_on_streams(branch_backward(half, half.channels, 1));
    float *conv = drive_find(&add, "conv")->host;
    drive_run(&add, kernels),
        drive_run(&back, kernels); /* first results are checked, which needs finite ones */
    scale_argument(drive_find(&add, "conv"), 300);
    conv[0] = INFINITY;
    conv[27] = 1e30f;
    undoes(kernels, &add, &undo, &back);
    drive_free(&add), drive_free(&undo), drive_free(&back);
    add = drive_on_streams(up_forward(coarse, fine, 1, 0)),
    undo = drive_on_streams(up_forward(coarse, fine, -1, 0));
    scale_argument(drive_find(&add, "w"), 300);
    undoes(kernels, &add, &undo, NULL);
    drive_free(&add), drive_free(&undo);
}

/* --- a deep sequence --- */

enum { BRANCHES = 128 };

/* Memory of the backend with `bytes` from the host, which stays the caller's. */
static void *uploaded(const struct kernels *kernels, const void *from, size_t bytes)
{
    void *memory = kernels->allocate(bytes);
    if (!memory)
        abort();
    kernels->upload(memory, from, bytes);
    return memory;
}

/* Branch b of the sequence adds to one of the two streams at `state`, from the other; sign -1 takes it back. */
static void one_branch(const struct kernels *kernels, struct shape half, int b, float sign, float *gamma,
                       float *weights, double *sums, char *state, void *scratch_memory)
{
    const size_t stream = kernels->stream_bytes(half), channels = (size_t)half.channels;
    const struct branch_weights w = {half.channels, gamma, gamma + channels,
                                     weights + (size_t)b * channels * channels * 27};
    const float *u = (const float *)(void *)(state + (b % 2 ? 0 : stream));
    float *y = (float *)(void *)(state + (b % 2 ? stream : 0));
    sums += (size_t)b * 2 * channels;
    if (sign > 0)
        kernels->channel_sums(half, u, sums, scratch_memory);
    kernels->branch_forward(half, &w, sums, u, sign, y, NULL, scratch_memory);
}

static void deep_sequence(const struct kernels *kernels, struct shape half)
{
    const size_t channels = (size_t)half.channels, conv = BRANCHES * channels * channels * 27,
                 bytes = 2 * kernels->stream_bytes(half), count = bytes / sizeof(int16_t),
                 scratch_bytes = kernels->scratch_bytes(OPERATION_BRANCH, half, half);
    int16_t *input = poisoned(bytes), *output = poisoned(bytes);
    float *host_weights = poisoned(conv * sizeof *host_weights), *host_gamma = poisoned(2 * channels * 4);
    for (size_t i = 0; i < count; i++)
        input[i] = (int16_t)random_bits(1, i); /* any bits at all */
    for (size_t i = 0; i < conv; i++)
        host_weights[i] = (float)spread(2, i);
    for (size_t i = 0; i < 2 * channels; i++)
        host_gamma[i] = i < channels;
    if (kernels->open())
        abort();
    char *state = uploaded(kernels, input, bytes);
    float *weights = uploaded(kernels, host_weights, conv * sizeof *weights),
          *gamma = uploaded(kernels, host_gamma, 2 * channels * sizeof *gamma);
    double *sums = kernels->allocate(BRANCHES * 2 * channels * sizeof *sums);
    void *scratch_memory = kernels->allocate(scratch_bytes);
    for (int b = 0; b < BRANCHES; b++)
        one_branch(kernels, half, b, 1, gamma, weights, sums, state, scratch_memory);
    kernels->download(output, state, bytes);
    const int moved = memcmp(output, input, bytes);
    for (int b = BRANCHES - 1; b >= 0; b--)
        one_branch(kernels, half, b, -1, gamma, weights, sums, state, scratch_memory);
    kernels->download(output, state, bytes);
    check(!kernels->finish() && moved && !memcmp(output, input, bytes),
          "%s: 64 blocks are undone without any drift", kernels->name);
    kernels->release(state, bytes);
    kernels->release(weights, conv * sizeof *weights);
    kernels->release(gamma, 2 * channels * sizeof *gamma);
    kernels->release(sums, BRANCHES * 2 * channels * sizeof *sums);
    kernels->release(scratch_memory, scratch_bytes);
    free(input), free(output), free(host_weights), free(host_gamma);
}

/* --- the sum of two --- */

static void additions(void)
{
    static const struct {
        int16_t a;
        float f;
        int16_t sum;
        int wraps;
    } cases[] = {{0, 0.5f * INT16_UNIT, 0, 0},
                 {0, 1.5f * INT16_UNIT, 2, 0},
                 {0, -1.5f * INT16_UNIT, -2, 0},
                 {100, -0.75f, 4, 0},
                 {32767, INT16_UNIT, -32768, 1},
                 {-32768, -INT16_UNIT, 32767, 1},
                 {7, 65536 * INT16_UNIT, 7, 1},
                 {7, -INFINITY, 7, 1},
                 {7, NAN, 7, 1},
                 {-5, 1e38f, -5, 1},
                 {0, 32767 * INT16_UNIT, 32767, 0},
                 {-1, -32767 * INT16_UNIT, -32768, 0},
                 {0, 0.499999f * INT16_UNIT, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int wraps = 0;
        int16_t sum = int16_add(cases[i].a, cases[i].f, &wraps);
        check(sum == cases[i].sum && wraps == cases[i].wraps, "%d and %g: %d, %d wraps", cases[i].a,
              cases[i].f, sum, wraps);
        if (!isnan(cases[i].f))
            check(int16_add(sum, -cases[i].f, &wraps) == cases[i].a, "and back");
    }
}

/* --- bfloat16 --- */

static void roundings(void)
{
    static const struct {
        float value, rounded;
    } cases[] = {{1, 1},
                 {0x1.01p0f, 1}, /* a tie, to even */
                 {0x1.010002p0f, 0x1.02p0f} /* just above it */,
                 {0x1.03p0f, 0x1.04p0f},
                 {-0x1.00fffep0f, -1},
                 {0x1.fffffep-1f, 1}, /* into the next power of two */
                 {0x1p-133f, 0x1p-133f},
                 {0x1p-135f, 0},
                 {-0.0f, 0},
                 {0x1.fep127f, 0x1.fep127f}, /* the largest */
                 {0x1.fffffep127f, INFINITY},
                 {-INFINITY, -INFINITY}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check(bf16_value(bf16_of(cases[i].value)) == cases[i].rounded, "%a rounds to %a",
              (double)cases[i].value, (double)cases[i].rounded);
    check(signbit(bf16_value(bf16_of(-0.0f))), "-0 keeps its sign");
    for (uint32_t payload = 1; payload < 1 << 23; payload = 2 * payload + 1) {
        const uint32_t bits = 0x7f800000 | payload;
        float nan;
        memcpy(&nan, &bits, sizeof nan);
        check(isnan(bf16_value(bf16_of(nan))), "the NaN %x stays one", bits);
    }
}

static void examine(const struct kernels *kernels)
{
    const struct shape coarse = {2, 5, 3, 2, 9}, narrow = {2, 2, 1, 3, 17}, wide = {2, 1, 1, 2, 263};
    compare_all(kernels, coarse, 3);
    compare_all(kernels, narrow, 7);
    compare_all(kernels, wide, 2); /* rows and planes in several pieces */
}

static void examine_undoing(const struct kernels *kernels)
{
    undo_all(kernels, (struct shape){2, 5, 3, 2, 9}, 3);
    deep_sequence(kernels, (struct shape){1, 6, 5, 7, 19});
}

/* Of another backend, also at the finest levels of the paper's networks and at levels too wide for one kernel. */
static void examine_other(const struct kernels *kernels, int undoing_only)
{
    const struct shape finest = {2, 36, 2, 2, 9}, second = {2, 120, 1, 2, 9}, deep = {2, 140, 1, 2, 2},
                       third = {2, 240, 1, 1, 3};
    if (!undoing_only) {
        examine(kernels);
        compare_all(kernels, finest, 30);
        compare_all(kernels, second, 60);
        compare_all(kernels, deep, 70);
    }
    examine_undoing(kernels);
    undo_all(kernels, finest, 30);
    undo_all(kernels, second, 60);
    undo_all(kernels, deep, 70);
    undo_all(kernels, third, 120);
}

int main(int argc, char **argv)
{
    static const char *const sets[] = {"portable", "avx2", "avx512"};
    static const int channels[] = {16, 32}, one_stream[] = {16};
    const struct shape coarse = {2, 5, 3, 2, 9}, narrow = {2, 2, 1, 3, 17};
    const char *why;
    if (argc > 1) {
        const struct kernels *kernels = kernels_find(argv[1], channels, 2, 2, &why);
        check(kernels != NULL, "%s", kernels ? argv[1] : why);
        check(!kernels_find(argv[1], one_stream, 1, 1, &why) && strstr(why, "reversible"),
              "which is for reversible networks alone");
        if (kernels)
            examine_other(kernels, argc > 2);
        return check_exit();
    }
    additions();
    roundings();
    check(kernels_find("reference-int16", channels, 2, 2, &why) == &kernels_reference_int16,
          "reference-int16");
    check(!kernels_find("reference-int16", one_stream, 1, 1, &why) && strstr(why, "reversible"),
          "which is for reversible networks alone");
    check(!kernels_find("cpu-int16", one_stream, 1, 1, &why) && strstr(why, "reversible"),
          "cpu-int16 likewise");
    round_all(coarse, 3);
    round_all(narrow, 7);
    undo_all(&kernels_reference_int16, coarse, 3);
    deep_sequence(&kernels_reference_int16, (struct shape){1, 3, 3, 4, 5});
    for (int i = 0; i < 3; i++) {
        setenv("PRUNET_CPU", sets[i], 1);
        const struct kernels *kernels = kernels_find("cpu-int16", channels, 2, 2, &why);
        if (kernels)
            examine(kernels), examine_undoing(kernels);
        else
            skip("not on this machine", "cpu-int16 with %s", sets[i]);
    }
    return check_exit();
}
