/* The memory budget: whatever is saved or recomputed, loss and gradient are the same; the run allocates no
 * more than it was allowed, and says how much the least is. */
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "tests/lib/network/golden.h"

static size_t planned(const struct plan *plan)
{
    return plan->resident_bytes + plan->activation_bytes;
}

static float *gradient_of(const struct network *network, const struct golden *golden)
{
    float *gradient = calloc(golden->table.floats, sizeof *gradient);
    for (size_t i = 0; i < golden->table.count; i++)
        network_get(network, STATE_GRADIENT, &golden->table.parameters[i],
                    gradient + golden->table.parameters[i].offset);
    return gradient;
}

struct outcome {
    double loss;
    float *gradient;
    size_t bytes;
    char choice[PLAN_CHOICE_SIZE];
};

/* Two steps with the same buffers, so that what the first left behind would show in the second. */
static struct outcome run(const struct golden *golden, const struct kernels *kernels,
                          const struct memory_budget *budget)
{
    struct network *network = opened_within(golden, kernels, true, budget);
    struct case_score score = {0};
    int status = 0;
    for (int i = 0; i < 2; i++) {
        put_case(network, golden, true);
        status |= network_gradient(network, 1, &score);
    }
    const struct plan *plan = network_current_plan(network);
    struct outcome outcome = {status ? NAN : score.loss, gradient_of(network, golden), planned(plan), ""};
    memcpy(outcome.choice, plan->choice, sizeof outcome.choice);
    network_close(network);
    return outcome;
}

static void compare(const struct golden *golden, const struct kernels *kernels, const char *file,
                    const struct outcome *expected, const struct memory_budget *budget)
{
    struct outcome outcome = run(golden, kernels, budget);
    double error = relative_error(golden->table.floats, outcome.gradient, expected->gradient);
    check(fabs(outcome.loss - expected->loss) < 1e-5 + kernels->rounding && error < 1e-5 + kernels->rounding,
          "%s, %s, %s: the same loss, and the gradient within %.1e", kernels->name, file, outcome.choice,
          error);
    check(budget->min || outcome.bytes <= budget->bytes, "%s, %s, %s: within its budget", kernels->name, file,
          outcome.choice);
    free(outcome.gradient);
}

/* Down the levels of checkpointing: from a budget for all to one byte less than the last choice takes,
 * until nothing fits. Of all the choices that are planned, every `stride`th is run. */
static void test_levels(const struct golden *golden, const struct kernels *kernels, const char *file,
                        int stride)
{
    struct outcome expected = run(golden, kernels, &(struct memory_budget){0});
    check(!strcmp(expected.choice, "recompute"), "%s, %s: recomputing is the default", kernels->name, file);
    compare(golden, kernels, file, &expected, &(struct memory_budget){.min = true});
    struct memory_budget budget = {.bytes = 1 << 30};
    struct plan plan;
    size_t least = 0;
    int choices = 0, falls = 1;
    while (!network_plan(&plan, &golden->architecture, kernels, TRAINING, golden->size, &budget)) {
        if (choices++ % stride == 0)
            compare(golden, kernels, file, &expected, &budget);
        falls &= !least || planned(&plan) < least;
        least = planned(&plan);
        budget.bytes = least - 1;
        plan_free(&plan);
    }
    /* Where scratch fills the peak of so small a network, saving all costs nothing and is the only choice. */
    check(choices > (kernels == &kernels_reference ? 5 : 0) && falls, "%s, %s: %d choices, each takes less",
          kernels->name, file, choices);
    char needed[32];
    snprintf(needed, sizeof needed, "%zu MiB", (least + (1 << 20) - 1) >> 20);
    check(strstr(error_message(), needed) != NULL, "%s, %s: less than the least is refused: %s",
          kernels->name, file, error_message());
    struct network *network;
    int status = network_open(&network, &golden->architecture, kernels, TRAINING);
    network_set_budget(network, &budget);
    check(!status && network_resize(network, golden->size) == STATUS_FAILURE, "%s, %s: and not run",
          kernels->name, file);
    network_close(network);
    free(expected.gradient);
}

static void test_baseline(void)
{
    struct architecture a = architecture_paper(NETWORK_BASELINE);
    const int size[3] = {32, 32, 32};
    const struct memory_budget budgets[] = {{0}, {.min = true}, {.bytes = (uint64_t)1 << 40}};
    size_t bytes[3];
    for (int i = 0; i < 3; i++) {
        struct plan plan;
        if (network_plan(&plan, &a, &kernels_reference, TRAINING, size, &budgets[i]))
            exit(1);
        check(!strcmp(plan.choice, "keep all"), "the baseline keeps all, whatever the budget");
        bytes[i] = planned(&plan);
        plan_free(&plan);
    }
    check(bytes[0] == bytes[1] && bytes[1] == bytes[2], "and takes the same");
}

static void test_words(void)
{
    struct memory_budget budget;
    check(!memory_budget_parse(&budget, "min") && budget.min, "min");
    check(!memory_budget_parse(&budget, "default") && !budget.min && !budget.bytes, "default");
    check(!memory_budget_parse(&budget, "3G") && budget.bytes == (uint64_t)3 << 30, "3G");
    static const char *const bad[] = {"", "much", "0", "-1G", "3X", "minimum"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check(memory_budget_parse(&budget, bad[i]) == STATUS_USAGE && strstr(error_message(), bad[i]),
              "'%s' is no budget", bad[i]);
}

int main(void)
{
    static const char *const files[] = {"reversible_1_1", "reversible_3_1"};
    test_words();
    test_baseline();
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int f = 0; f < 2; f++) {
        struct golden golden = {0};
        char path[128];
        snprintf(path, sizeof path, "tests/golden/%s.safetensors", files[f]);
        open_golden(&golden, path);
        for (int i = 0; i < count; i++)
            test_levels(&golden, list[i], files[f], i == count - 1 ? 1 : 5);
        close_golden(&golden);
    }
    return check_exit();
}
