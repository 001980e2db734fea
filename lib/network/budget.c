/* The plan of a network's run, and the choice of what it keeps within the budget of memory. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/network/body.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *const phase_names[PHASES] = {"input",
                                                "first conv",
                                                "down to",
                                                "encode",
                                                "decode",
                                                "up from",
                                                "head",
                                                "output",
                                                "head backward",
                                                "decode backward",
                                                "up backward from",
                                                "take off",
                                                "encode backward",
                                                "first conv again",
                                                "encode again",
                                                "down backward to",
                                                "first conv backward"};

struct shape network_shape(const struct network *n, int level, int streams, int channels)
{
    return (struct shape){.streams = streams,
                          .channels = channels,
                          .depth = n->size[2] >> level,
                          .height = n->size[1] >> level,
                          .width = n->size[0] >> level};
}

/* Events that happen once are stored as those of level 0. */
static int *scratch_slot(struct network *n, enum phase phase, int level)
{
    return &n->scratch[phase][level < 0 ? 0 : level];
}

void network_event(struct network *n, enum phase phase, int level, size_t scratch_bytes)
{
    plan_event(&n->plan, phase_names[phase], level);
    *scratch_slot(n, phase, level) = plan_temporary(&n->plan, "scratch", -1, scratch_bytes);
}

void *network_buffer(const struct network *n, int buffer)
{
    const struct plan_buffer *planned = &n->plan.buffers[buffer];
    return (planned->resident ? n->resident : n->activations) + planned->offset;
}

void *network_scratch(const struct network *n, enum phase phase, int level)
{
    return network_buffer(n, n->scratch[phase][level < 0 ? 0 : level]);
}

const float *network_weights(const struct network *n, const struct parameter *parameter)
{
    return n->vectors[STATE_WEIGHTS] + parameter->offset;
}

float *network_parameter_gradient(const struct network *n, const struct parameter *parameter)
{
    return n->training ? n->vectors[STATE_GRADIENT] + parameter->offset : NULL;
}

/* The state that stays while volumes come and go; always the first buffers of the plan. */
void network_plan_state(struct network *n)
{
    static const char *const names[] = {"weights", "Adam's mean", "Adam's mean square", "gradient"};
    plan_free(&n->plan);
    for (int v = 0; v <= STATE_GRADIENT; v++)
        if (v == STATE_WEIGHTS || n->training)
            n->vector_buffer[v] = plan_resident(&n->plan, names[v], n->table.floats * sizeof(float));
    if (n->training) {
        n->adam_buffer = plan_resident(&n->plan, "Adam's settings", sizeof(struct adam));
        n->ends.sums_buffer =
            plan_resident(&n->plan, "Dice sums", (size_t)n->architecture.outputs * sizeof(struct dice_sums));
    }
    n->functions->plan_resident(n);
}

int memory_budget_parse(struct memory_budget *budget, const char *text)
{
    *budget = (struct memory_budget){.least = !strcmp(text, "min")};
    if (budget->least || !strcmp(text, "default"))
        return STATUS_OK;
    if (bytes_parse(text, &budget->bytes) && budget->bytes)
        return STATUS_OK;
    return fail(STATUS_USAGE, "--memory: '%s' is neither a size such as 8G nor min nor default", text);
}

static void name_choice(struct network *n)
{
    char *choice = n->plan.choice;
    if (n->architecture.kind == NETWORK_BASELINE)
        snprintf(choice, PLAN_CHOICE_SIZE, "keep all");
    else if (n->rung > 0)
        snprintf(choice, PLAN_CHOICE_SIZE, "keep %d", n->rung);
    else
        snprintf(choice, PLAN_CHOICE_SIZE, "%s", n->rung < 0 ? "min" : "recompute");
}

static int plan_rung(struct network *n, int rung)
{
    n->rung = rung;
    network_plan_state(n);
    n->functions->plan(n);
    name_choice(n);
    return plan_place(&n->plan);
}

/* The highest rung within the budget; its plan stays. */
static int climb(struct network *n, int lowest, int highest)
{
    size_t least = SIZE_MAX;
    for (int rung = highest; rung >= lowest; rung--) {
        int status = plan_rung(n, rung);
        size_t bytes = n->plan.resident_bytes + n->plan.activation_bytes;
        if (status || bytes <= n->budget.bytes)
            return status;
        least = bytes < least ? bytes : least;
    }
    return fail(STATUS_FAILURE, "%zu MiB of memory are needed at least, %zu MiB are allowed",
                mebibytes(least), (size_t)n->budget.bytes >> 20);
}

int network_plan_run(struct network *n, const int size[3])
{
    int lowest, highest;
    memcpy(n->size, size, sizeof n->size);
    n->functions->rungs(n, &lowest, &highest);
    if (!n->training)
        return plan_rung(n, 0);
    return n->budget.bytes ? climb(n, lowest, highest) : plan_rung(n, n->budget.least ? lowest : 0);
}
