/* Which branches take our own tensor-core kernels: the variable that says so, its words and their widths, what it
 * refuses, how the backend describes it, and the scratch that a plan then counts. Runs on the CPU (tests/cuda/shim). */
#include "tests/cuda/own_choice.h"

/* Whether a run with the choice gave the argument of that name the bits of `other`. */
static int same_result(struct drive *d, const char *name, const struct outputs *other)
{
    const struct argument *a = drive_find(d, name);
    return !memcmp(a->result, other->of[a - d->arguments], a->count * sizeof(float));
}

/* cuDNN's stand-in rounds what it gives to bf16, our kernels do not: each word changes its own result, and no
 * other. */
static void test_words(void)
{
    struct shape shape = {1, 32, 4, 4, 16};
    struct drive forward = branch_forward(shape, 32, 1, 1), backward = branch_backward(shape, 32, 1);
    choose(0);
    int sound = drive_run(&forward, cuda) && drive_run(&backward, cuda);
    struct outputs forward_0 = outputs_copy(&forward), backward_0 = outputs_copy(&backward);
    for (int i = 0; i < CHOICES; i++) {
        int all = i == ALL;
        choose(i);
        sound &= drive_run(&forward, cuda) && drive_run(&backward, cuda);
        int own_forward = all || strstr(choices[i], "forward"), own_data = all || strstr(choices[i], "data"),
            own_weights = all || strstr(choices[i], "weights");
        check(sound && same_result(&forward, "y", &forward_0) == !own_forward &&
                  same_result(&backward, "y", &backward_0) == !own_forward &&
                  same_result(&backward, "du", &backward_0) == !own_data &&
                  same_result(&backward, "dconv", &backward_0) == !own_weights,
              "PRUNET_CUDA_KERNELS=%s chooses forward %d, data %d, weights %d", choices[i], own_forward != 0,
              own_data != 0, own_weights != 0);
    }
    outputs_free(&forward_0);
    outputs_free(&backward_0);
    drive_free(&forward);
    drive_free(&backward);
}

/* A word with a width chooses for the branches of that width alone, and the description says so. */
static void test_widths(void)
{
    static const struct {
        const char *choice, *words;
        unsigned means[3]; /* 32, 64, 128 channels; forward is 1, data 2, weights 4 */
    } cases[] = {
        {"forward@32", "level 0 by hand: forward", {1, 0, 0}},
        {"forward@64", "level 0 by hand: none, of 64 channels: forward", {0, 1, 0}},
        {"data@128,weights@128", "level 0 by hand: none, of 128 channels: data,weights", {0, 0, 6}},
        {"weights@32,forward",
         "by hand: forward,weights, of 64 channels: forward, of 128 channels: forward",
         {5, 1, 1}},
        {"forward@64,forward@64,data@32", "level 0 by hand: data, of 64 channels: forward", {2, 1, 0}},
    };
    static const int channels[] = {30, 60, 120};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why, *end = NULL;
        int sound = start(cases[i].choice, &why) != NULL;
        for (int w = 0; w < 3; w++)
            sound &=
                own_kernels(PRECISION_BF16, (struct shape){1, channels[w], 8, 8, 8}) == cases[i].means[w] &&
                own_kernels(PRECISION_TF32, (struct shape){1, channels[w], 8, 8, 8}) == 0;
        end = strstr(cuda->description, cases[i].words);
        check(sound && end && !end[strlen(cases[i].words)], "PRUNET_CUDA_KERNELS=%s: %s", cases[i].choice,
              cuda->description);
    }
}

static void test_refusals(void)
{
    static const char *const wrong[] = {"2",          "yes",      "forward,", ",data",       "weight",
                                        "Forward",    "dataa",    "1,data",   "none",        "forward data",
                                        "forward@33", "forward@", "@64",      "forward@640", "data@64@64",
                                        "data @64",   "forward@6"};
    const char *why = NULL;
    choose(1);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int refused = !start(wrong[i], &why);
        check(refused && strstr(why, wrong[i]) && strstr(why, "forward, data and weights") &&
                  !strchr(why, '\n') && cuda->open() == why,
              "PRUNET_CUDA_KERNELS=%s is refused with one line of advice", wrong[i]);
        check(!kernels_find("cuda-fp32", (int[]){60}, 1, 2, &why), "at any precision");
    }
    check(start("", &why) && strstr(cuda->description, "by hand: none"), "an empty value chooses none");
}

/* PRUNET_CUDA_LEVEL0 is the variable's older name. */
static void test_older_name(void)
{
    const char *why;
    unsetenv("PRUNET_CUDA_KERNELS");
    setenv("PRUNET_CUDA_LEVEL0", "data", 1);
    check(kernels_find("cuda-bf16", (int[]){60}, 1, 2, &why) &&
              !strcmp(strstr(cuda->description, "by hand: "), "by hand: data"),
          "PRUNET_CUDA_LEVEL0 is understood, and means level 0 alone");
    setenv("PRUNET_CUDA_LEVEL0", "yes", 1);
    check(!kernels_find("cuda-bf16", (int[]){60}, 1, 2, &why) && strstr(why, "PRUNET_CUDA_LEVEL0 is \"yes\""),
          "and named when it is not valid");
    check(start("weights", &why) && strstr(cuda->description, "by hand: weights"),
          "PRUNET_CUDA_KERNELS counts before it");
    unsetenv("PRUNET_CUDA_LEVEL0");
}

static void test_description(void)
{
    const char *why;
    start("weights,forward", &why);
    check(strstr(cuda->description, "level 0 by hand: forward,weights") != NULL,
          "the description names the choice: %s", cuda->description);
    choose(ALL);
    check(strstr(cuda->description, "level 0 by hand: forward,data,weights") != NULL, "and all of it");
}

/* With own kernels for all of it no operand is written to memory, sums of the weights' gradient alone; a plan knows
 * before anything is opened. */
static void test_scratch(void)
{
    static const struct shape shapes[] = {{1, 30, 160, 192, 160}, {1, 60, 80, 96, 80}, {1, 120, 40, 48, 40}};
    for (size_t n = 0; n < sizeof shapes / sizeof shapes[0]; n++) {
        size_t matrix = cuda->tensor_bytes(shapes[n]), bytes[CHOICES];
        for (int i = 0; i < CHOICES; i++) {
            choose(i);
            bytes[i] = cuda->scratch_bytes(OPERATION_BRANCH, shapes[n], shapes[n]);
        }
        check(bytes[0] > matrix && bytes[ALL - 1] > matrix && bytes[ALL] < (size_t)60 << 20,
              "own kernels for all of %d channels need %zu MiB of scratch, cuDNN %zu", shapes[n].channels,
              bytes[ALL] >> 20, bytes[0] >> 20);
    }
}

/* Widths that the kernels are not written for: what it was. */
static void test_other_widths(void)
{
    static const int others[] = {1, 24, 33, 48, 65, 104, 129, 180, 240};
    for (size_t n = 0; n < sizeof others / sizeof others[0]; n++) {
        struct shape shape = {1, others[n], 16, 16, 16};
        size_t bytes[2];
        for (int i = 0; i < 2; i++) {
            choose(i * ALL);
            bytes[i] = cuda->scratch_bytes(OPERATION_BRANCH, shape, shape);
        }
        check(bytes[0] == bytes[1], "branches of %d channels take cuDNN", others[n]);
    }
}

int main(void)
{
    const char *why;
    cuda = start("0", &why);
    test_words();
    test_refusals();
    test_older_name();
    test_description();
    test_widths();
    test_scratch();
    test_other_widths();
    return check_exit();
}
