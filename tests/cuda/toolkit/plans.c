/* Asks cuDNN, without a GPU, for the plan of every convolution of every row of the paper's Table 1, on the
 * card that a JSON file describes: each must have a deterministic one within the workspace, and the same when
 * asked again, and when it is made of its engine's number and knobs, as those of chosen_plans.h are.
 *
 *     plans DEVICE.json PRECISION...
 *
 * All convolutions of the precisions named, TF32 or bf16, must use tensor cores. */
#include "kernels/cuda/convolution_plan.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/operand.h"
#include "tests/check.h"

enum { LEVELS = 5 };

/* Of the plans of one row at one precision. */
static struct tally {
    int plans, refused, changed, lost, plain;
    size_t most_workspace;
} tally;

static void ask(struct convolution problem)
{
    struct convolution_plan plan, again;
    const char *why = convolution_plan_make(problem, 0, &plan);
    tally.plans++;
    if (why) {
        fprintf(stderr, "%s\n", why);
        tally.refused++;
        return;
    }
    tally.plain += !plan.tensor_cores;
    if (plan.workspace > tally.most_workspace)
        tally.most_workspace = plan.workspace;
    why = convolution_plan_make(problem, 0, &again);
    tally.changed += why || again.choice.engine != plan.choice.engine || again.workspace != plan.workspace;
    convolution_plan_release(&again);
    tally.lost += !convolution_plan_make_chosen(problem, &plan.choice, &again) ||
                  again.workspace != plan.workspace || again.tensor_cores != plan.tensor_cores;
    convolution_plan_release(&again);
    convolution_plan_release(&plan);
}

/* Forward, data and weight gradient; `add` where the forward pass adds into its result. */
static void convolution(enum precision precision, bool add, int in, int out, const int size[3], int level)
{
    struct convolution p = {.bf16 = precision == PRECISION_BF16,
                            .tf32 = precision == PRECISION_TF32,
                            .in = padded(in),
                            .out = padded(out),
                            .depth = size[2] >> level,
                            .height = size[1] >> level,
                            .width = size[0] >> level};
    for (p.kind = CONVOLUTION_FORWARD; p.kind <= CONVOLUTION_WEIGHTS; p.kind++) {
        p.add = p.kind == CONVOLUTION_FORWARD && add && precision != PRECISION_BF16;
        ask(p);
    }
}

static void reversible(enum precision precision, const int size[3])
{
    static const int halves[LEVELS] = {30, 60, 120, 180, 240};
    for (int level = 0; level < LEVELS; level++)
        convolution(precision, true, halves[level], halves[level], size, level);
}

static void baseline(enum precision precision, const int size[3])
{
    static const int channels[LEVELS] = {30, 60, 120, 240, 480};
    for (int level = 0; level < LEVELS; level++) {
        convolution(precision, false, channels[level], channels[level], size, level);
        if (level > 0) {
            convolution(precision, false, channels[level - 1], channels[level], size, level);
            convolution(precision, false, channels[level], channels[level - 1], size, level);
        }
    }
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"TF32", "fp32", "bf16"};
    static const struct {
        const char *name;
        void (*ask)(enum precision, const int[3]);
        int size[3];
    } rows[] = {
        {"baseline 128^3", baseline, {128, 128, 128}},
        {"reversible 128^3", reversible, {128, 128, 128}},
        {"reversible, full field of view, any depth", reversible, {160, 192, 160}},
    };
    char json[8192] = "";
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!file || fread(json, 1, sizeof json - 1, file) == 0) {
        fprintf(stderr, "usage: plans DEVICE.json PRECISION...\n");
        return 2;
    }
    fclose(file);
    const char *why = convolution_plan_open_without_device(json);
    if (!check(!why, "cuDNN takes the description of a card%s%s", why ? ": " : "", why ? why : ""))
        return 1;
    for (int precision = PRECISION_TF32; precision <= PRECISION_BF16; precision++) {
        bool tensor_cores = false;
        for (int i = 2; i < argc; i++)
            tensor_cores |= !strcmp(argv[i], names[precision]);
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            tally = (struct tally){.plans = 0};
            rows[i].ask((enum precision)precision, rows[i].size);
            check(!tally.refused && !tally.changed && tally.most_workspace <= CONVOLUTION_PLAN_WORKSPACE,
                  "%s, %s: %d convolutions, each with its deterministic plan; at most %.1f MiB of workspace",
                  rows[i].name, names[precision], tally.plans, (double)tally.most_workspace / (1 << 20));
            check(!tally.lost, "%s, %s: and each is made again from its engine's number and knobs",
                  rows[i].name, names[precision]);
            check(!tensor_cores || !tally.plain, "%s, %s: %d of them without tensor cores", rows[i].name,
                  names[precision], tally.plain);
        }
    }
    return check_exit();
}
