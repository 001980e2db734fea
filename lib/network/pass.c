#include "lib/network/pass.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Steps --------------------------------------------------------------------------------------------- */

struct step step(struct pass *p, const char *name, int level)
{
    if (p->running) {
        const struct plan_step *planned = &p->plan.steps[p->current++];
        return (struct step){p, true, p->plan.buffers[planned->scratch].at};
    }
    plan_step(&p->plan, name, level);
    return (struct step){p, false, NULL};
}

void needs(struct step *s, enum operation operation, struct shape in, struct shape out)
{
    if (!s->run)
        plan_scratch(&s->pass->plan, s->pass->kernels->scratch_bytes(operation, in, out));
}

void reads(struct step *s, struct buffer *buffer)
{
    if (!s->run)
        plan_read(&s->pass->plan, buffer);
}

void writes(struct step *s, struct buffer *buffer)
{
    if (!s->run)
        plan_write(&s->pass->plan, buffer);
}

void updates(struct step *s, struct buffer *buffer)
{
    reads(s, buffer);
}

/* Operands ------------------------------------------------------------------------------------------ */

struct shape level_shape(const struct pass *p, int level, int streams, int channels)
{
    return (struct shape){.streams = streams,
                          .channels = channels,
                          .depth = p->size[2] >> level,
                          .height = p->size[1] >> level,
                          .width = p->size[0] >> level};
}

struct buffer stream_tensor(const struct pass *p, const char *name, int level, struct shape shape)
{
    return (struct buffer){name, level, p->kernels->stream_bytes(shape), shape, NULL};
}

struct buffer gradient_tensor(const struct pass *p, const char *name, int level, struct shape shape)
{
    return (struct buffer){name, level, p->kernels->gradient_bytes(shape), shape, NULL};
}

struct buffer tensor(const struct pass *p, const char *name, int level, struct shape shape)
{
    return (struct buffer){name, level, p->kernels->tensor_bytes(shape), shape, NULL};
}

static struct buffer plain(const char *name, size_t bytes)
{
    return (struct buffer){.name = name, .level = -1, .bytes = bytes};
}

/* A plain array [channels][D][H][W], as images are for every backend. */
static struct buffer volume(const struct pass *p, const char *name, int channels, size_t sample_bytes)
{
    struct shape shape = level_shape(p, 0, 1, channels);
    return (struct buffer){name, -1, (size_t)channels * shape_voxels(shape) * sample_bytes, shape, NULL};
}

const float *weights(const struct pass *p, const struct parameter *parameter)
{
    return (const float *)p->vectors[STATE_WEIGHTS].at + parameter->offset;
}

float *gradient(const struct pass *p, const struct parameter *parameter)
{
    return (float *)p->vectors[STATE_GRADIENT].at + parameter->offset;
}

size_t reserve_sums(struct pass *p, size_t channels)
{
    size_t reserved = p->channel_sums.bytes / sizeof(double);
    p->channel_sums.bytes += 2 * channels * sizeof(double);
    return reserved;
}

double *sums_at(const struct pass *p, size_t reserved)
{
    return (double *)p->channel_sums.at + reserved;
}

/* Describing ---------------------------------------------------------------------------------------- */

/* The state that stays while volumes come and go: the first buffers of every plan. */
static void plan_state(struct pass *p)
{
    plan_free(&p->plan);
    p->plan.alignment = p->kernels->alignment;
    for (int v = 0; v <= STATE_GRADIENT; v++)
        if (v == STATE_AVERAGE ? p->averaging : v == STATE_WEIGHTS || p->training)
            plan_resident(&p->plan, &p->vectors[v]);
    if (p->training) {
        plan_resident(&p->plan, &p->adam);
        plan_resident(&p->plan, &p->dice_sums);
    }
    if (p->cross_entropy)
        plan_resident(&p->plan, &p->bce_sums);
    if (p->batches) {
        plan_resident(&p->plan, &p->sum);
        plan_resident(&p->plan, &p->out_of_range);
    }
    plan_resident(&p->plan, &p->channel_sums);
}

int pass_open(struct pass *p, const struct topology *topology, const struct architecture *architecture,
              const struct parameter_table *parameters, const struct kernels *kernels, unsigned use)
{
    static const char *const names[] = {"weights", "Adam's mean", "Adam's mean square", "average",
                                        "gradient"};
    *p = (struct pass){.topology = topology,
                       .self = calloc(1, topology->bytes),
                       .architecture = architecture,
                       .parameters = parameters,
                       .kernels = kernels,
                       .training = use & TRAINING,
                       .cross_entropy = use & CROSS_ENTROPY,
                       .averaging = use & AVERAGING,
                       .batches = use & BATCHES};
    if (!p->self)
        return fail(STATUS_FAILURE, "out of memory");
    for (int v = 0; v <= STATE_GRADIENT; v++)
        p->vectors[v] = plain(names[v], parameters->floats * sizeof(float));
    p->adam = plain("Adam's settings", sizeof(struct adam));
    p->dice_sums = plain("Dice sums", (size_t)architecture->outputs * sizeof(struct dice_sums));
    p->bce_sums = plain("cross-entropy sums", (size_t)architecture->outputs * sizeof(double));
    p->channel_sums = plain("channel_sums", 0);
    p->sum = plain("sum", parameters->floats * sizeof(int64_t));
    p->out_of_range = plain("out of range", sizeof(int32_t));
    topology->open(p->self, p);
    plan_state(p);
    return plan_place(&p->plan);
}

void pass_close(struct pass *p)
{
    plan_free(&p->plan);
    free(p->self);
}

/* What the host writes: the case, and during its step the next one. */
static void describe_input(struct pass *p)
{
    struct step s = step(p, "input", -1);
    writes(&s, &p->image);
    if (p->training)
        writes(&s, &p->target);
    if (p->next_case.bytes)
        plan_write_to_end(&p->plan, &p->next_case);
}

static void describe(struct pass *p)
{
    p->running = false;
    p->image = volume(p, "image", p->architecture->inputs, sizeof(float));
    p->target = volume(p, "target", 1, 1);
    if (p->training && p->kernels->overlaps)
        p->next_case = plain("next case", target_offset(p) + p->target.bytes);
    p->probabilities = volume(p, "probabilities", p->architecture->outputs, sizeof(float));
    p->topology->declare(p->self, p);
    describe_input(p);
    p->topology->forward(p->self, p);
    if (p->training)
        p->topology->backward(p->self, p);
}

/* Running ------------------------------------------------------------------------------------------- */

void pass_forward(struct pass *p)
{
    p->running = true;
    p->current = 1; /* behind the input */
    p->topology->forward(p->self, p);
}

void pass_backward(struct pass *p)
{
    p->topology->backward(p->self, p);
}

/* Levels of checkpointing --------------------------------------------------------------------------- */

/* The words are those of the checkpoints' prunet.memory. */
static void name_choice(struct pass *p)
{
    char *choice = p->plan.choice;
    if (!p->topology->checkpointing)
        snprintf(choice, PLAN_CHOICE_SIZE, "keep all");
    else if (p->checkpointing > 0)
        snprintf(choice, PLAN_CHOICE_SIZE, "keep %d", p->checkpointing);
    else
        snprintf(choice, PLAN_CHOICE_SIZE, "%s", p->checkpointing < 0 ? "min" : "recompute");
}

static int plan_level(struct pass *p, int checkpointing)
{
    p->checkpointing = checkpointing;
    plan_state(p);
    describe(p);
    name_choice(p);
    return plan_place(&p->plan);
}

static size_t allocated(const struct plan *plan)
{
    return plan->resident_bytes + plan->activation_bytes;
}

/* The highest level within the budget; its plan stays. */
static int plan_within(struct pass *p, uint64_t budget, int lowest, int highest)
{
    size_t smallest = SIZE_MAX;
    for (int level = highest; level >= lowest; level--) {
        int status = plan_level(p, level);
        size_t bytes = allocated(&p->plan);
        if (status || bytes <= budget)
            return status;
        smallest = size_min(smallest, bytes);
    }
    return fail(STATUS_FAILURE, "%zu MiB of memory are needed at least, %zu MiB are allowed",
                mebibytes(smallest), (size_t)budget >> 20);
}

int pass_plan(struct pass *p, const int size[3], const struct memory_budget *budget)
{
    int lowest = 0, highest = 0;
    memcpy(p->size, size, sizeof p->size);
    if (p->training && p->topology->checkpointing)
        p->topology->checkpointing(p->architecture, &lowest, &highest);
    if (p->training && budget->bytes)
        return plan_within(p, budget->bytes, lowest, highest);
    return plan_level(p, budget->min ? lowest : 0);
}

/* Advice -------------------------------------------------------------------------------------------- */

static bool fits(struct pass *p, const int size[3], const struct memory_budget *budget, size_t available)
{
    return !pass_plan(p, size, budget) && p->plan.activation_bytes <= available;
}

/* Of the free bytes those that are advised to be used: libraries load the code of their kernels when they first need it,
 * into what is left. Below 8 GiB it is a 32nd. */
static size_t usable(size_t available)
{
    const size_t margin = (size_t)256 << 20;
    return available - (available / 32 < margin ? available / 32 : margin);
}

/* Shortens the longest axis until it fits; false when nothing does. */
static bool shrink(struct pass *p, int size[3], const struct memory_budget *budget, size_t available)
{
    int multiple = architecture_multiple(p->architecture);
    do {
        int longest = 0;
        for (int axis = 1; axis < 3; axis++)
            longest = size[axis] > size[longest] ? axis : longest;
        size[longest] -= multiple;
        if (size[longest] < multiple)
            return false;
    } while (!fits(p, size, budget, available));
    return true;
}

void memory_advice(struct pass *p, const struct memory_budget *budget, char text[MEMORY_ADVICE_SIZE])
{
    const size_t there = p->kernels->available(), available = usable(there);
    const struct memory_budget left = {.bytes = (p->plan.resident_bytes + available) >> 20 << 20};
    int size[3] = {p->size[0], p->size[1], p->size[2]};
    text[0] = 0;
    if (there == SIZE_MAX || !size[0])
        return;
    if (p->training && p->topology->checkpointing && fits(p, size, &left, available))
        snprintf(text, MEMORY_ADVICE_SIZE, "; --memory %zuM would fit", (size_t)left.bytes >> 20);
    else if (shrink(p, size, budget, available))
        snprintf(text, MEMORY_ADVICE_SIZE, "; volumes of %dx%dx%d would fit (crop --size)", size[0], size[1],
                 size[2]);
    else
        snprintf(text, MEMORY_ADVICE_SIZE, "; no size would fit");
}
