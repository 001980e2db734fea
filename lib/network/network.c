#include "lib/network/network.h"
#include "lib/base/environment.h"
#include "lib/base/error.h"
#include "lib/base/threads.h"
#include "lib/network/kinds.h"
#include "lib/network/pass.h"
#include "lib/network/prefetch.h"
#include "lib/network/ranks.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Far above the weights of any network that learns, far below where sums of their products overflow. */
static const float DIVERGED = 1e8f;

enum { DEVICE_MAX = 1023 };

static int check_size(const struct architecture *a, const int size[3])
{
    int multiple = architecture_multiple(a);
    for (int axis = 0; axis < 3; axis++)
        if (size[axis] < 1 || size[axis] % multiple)
            return fail(STATUS_DATA,
                        "its size %dx%dx%d is no multiple of %d: crop or pad it first (crop --size)", size[0],
                        size[1], size[2], multiple);
    return STATUS_OK;
}

/* Opening and closing ------------------------------------------------------------------------------- */

struct network {
    struct architecture architecture;
    const struct label_scheme *scheme;
    struct parameter_table table;
    struct memory_budget budget;
    struct pass pass;
    struct prefetch prefetch;
    char *resident, *activations; /* the two blocks of the plan, in the backend's memory */
    size_t resident_bytes, activation_bytes;
    bool fresh;               /* it begins to train */
    char *state;              /* path of the checkpoint that was loaded; NULL: none */
    int size[3];              /* that the activations are for; 0 before the first network_resize */
    struct loss_weights loss; /* without the loss scale */
    struct recording recording;
    bool recorded; /* the recording holds a step, made with these factors of the losses */
    struct loss_weights recorded_loss;
    int accumulated; /* cases in the sum of the batch */
};

static const struct kernels *kernels_of(const struct network *n)
{
    return n->pass.kernels;
}

/* A network that owns no memory of the backend yet. */
static int make(struct network **network, const struct topology *topology,
                const struct architecture *architecture, const struct kernels *kernels, unsigned use)
{
    struct network *n = calloc(1, sizeof *n);
    if (!n)
        return fail(STATUS_FAILURE, "out of memory");
    n->architecture = *architecture;
    n->scheme = record_scheme;
    n->loss = (struct loss_weights){.dice = 1, .smooth = 1};
    n->fresh = use & FRESH;
    int status = topology->parameters(&n->table, architecture);
    if (!status)
        status = pass_open(&n->pass, topology, &n->architecture, &n->table, kernels, use);
    if (status)
        network_close(n);
    else
        *network = n;
    return status;
}

int network_plan(struct plan *plan, const struct architecture *architecture, const struct kernels *kernels,
                 unsigned use, const int size[3], const struct memory_budget *budget)
{
    struct network *n = NULL;
    int status = check_size(architecture, size);
    if (!status)
        status = make(&n, network_topology(architecture), architecture, kernels, use);
    if (status)
        return status;
    status = pass_plan(&n->pass, size, budget ? budget : &n->budget);
    if (!status) {
        *plan = n->pass.plan;
        n->pass.plan = (struct plan){0};
    }
    network_close(n);
    return status;
}

static int allocate(struct network *n, const char *what, size_t bytes, char **block, size_t *block_bytes)
{
    const struct kernels *kernels = kernels_of(n);
    *block = kernels->allocate(bytes);
    *block_bytes = bytes;
    if (*block)
        return STATUS_OK;
    char advice[MEMORY_ADVICE_SIZE];
    memory_advice(&n->pass, &n->budget, advice);
    const char *why = kernels->finish();
    return fail(STATUS_FAILURE, "%s: not enough memory for %zu MiB of %s%s%s%s", kernels->name,
                mebibytes(bytes), what, why ? ": " : "", why ? why : "", advice);
}

static int allocate_state(struct network *n)
{
    size_t bytes = n->pass.plan.resident_bytes;
    int status = allocate(n, "parameters", bytes, &n->resident, &n->resident_bytes);
    if (status)
        return status;
    kernels_of(n)->clear(n->resident, bytes);
    plan_bind(&n->pass.plan, n->resident, NULL);
    return STATUS_OK;
}

int network_open_topology(struct network **network, const struct topology *topology,
                          const struct architecture *architecture, const struct kernels *kernels,
                          unsigned use)
{
    const char *why = kernels->open();
    if (why)
        return fail(STATUS_FAILURE, "%s: %s", kernels->name, why);
    struct network *n = NULL;
    int status = make(&n, topology, architecture, kernels, use);
    if (status)
        return status;
    if ((status = allocate_state(n)))
        network_close(n);
    else
        *network = n;
    return status;
}

int network_open(struct network **network, const struct architecture *architecture,
                 const struct kernels *kernels, unsigned use)
{
    return network_open_topology(network, network_topology(architecture), architecture, kernels, use);
}

static void release_activations(struct network *n)
{
    if (n->activations) {
        kernels_of(n)->record_release(&n->recording);
        kernels_of(n)->release(n->activations, n->activation_bytes);
    }
    prefetch_close(&n->prefetch, kernels_of(n));
    n->activations = NULL;
    n->recorded = false;
    memset(n->size, 0, sizeof n->size);
}

void network_close(struct network *n)
{
    if (!n)
        return;
    release_activations(n);
    if (n->resident)
        kernels_of(n)->release(n->resident, n->resident_bytes);
    pass_close(&n->pass);
    parameter_table_free(&n->table);
    free(n->state);
    free(n);
}

static int allocate_activations(struct network *n)
{
    int status =
        allocate(n, "activations", n->pass.plan.activation_bytes, &n->activations, &n->activation_bytes);
    return status ? status : prefetch_open(&n->prefetch, &n->pass);
}

int network_resize(struct network *n, const int size[3])
{
    if (!memcmp(n->size, size, sizeof n->size))
        return STATUS_OK;
    int status = check_size(&n->architecture, size);
    if (status)
        return status;
    release_activations(n);
    if (!(status = pass_plan(&n->pass, size, &n->budget)))
        status = allocate_activations(n);
    if (status) {
        release_activations(n);
        return status;
    }
    memcpy(n->size, size, sizeof n->size);
    plan_bind(&n->pass.plan, n->resident, n->activations);
    return STATUS_OK;
}

void network_set_budget(struct network *n, const struct memory_budget *budget)
{
    n->budget = *budget;
}

void network_set_loss(struct network *n, struct loss_weights loss)
{
    n->loss = loss;
}

int loss_parse(unsigned *use, const char *text)
{
    *use = !strcmp(text, "dice+bce") ? TRAINING | CROSS_ENTROPY : TRAINING;
    return *use & CROSS_ENTROPY || !strcmp(text, "dice")
               ? STATUS_OK
               : fail(STATUS_USAGE, "--loss: '%s' is neither dice nor dice+bce", text);
}

const struct architecture *network_architecture(const struct network *n)
{
    return &n->architecture;
}

const char *network_backend(const struct network *n)
{
    return kernels_of(n)->description;
}

const struct plan *network_current_plan(const struct network *n)
{
    return &n->pass.plan;
}

/* State --------------------------------------------------------------------------------------------- */

static float *values_of(const struct network *n, int vector, const struct parameter *p)
{
    return (float *)n->pass.vectors[vector].at + p->offset;
}

void network_get(const struct network *n, int vector, const struct parameter *p, float *values)
{
    kernels_of(n)->download(values, values_of(n, vector, p), p->count * sizeof *values);
}

void network_put(struct network *n, int vector, const struct parameter *p, const void *values)
{
    kernels_of(n)->upload(values_of(n, vector, p), values, p->count * sizeof(float));
}

static int finish(const struct network *n)
{
    const char *failure = kernels_of(n)->finish();
    return failure ? fail(STATUS_FAILURE, "%s: %s", kernels_of(n)->name, failure) : STATUS_OK;
}

/* A vector of the network becomes that of the checkpoint. */
static int load_vector(struct network *n, enum state_vector vector, const struct checkpoint *checkpoint,
                       enum state_vector from)
{
    int status = checkpoint_check_finite(checkpoint, from);
    for (size_t i = 0; !status && i < n->table.count; i++) {
        const struct parameter *p = &n->table.parameters[i];
        network_put(n, (int)vector, p, checkpoint_values(checkpoint, from, p));
    }
    return status;
}

/* The average begins as the weights. */
static void average_weights(struct network *n)
{
    kernels_of(n)->copy(n->pass.vectors[STATE_AVERAGE].at, n->pass.vectors[STATE_WEIGHTS].at,
                        n->table.floats * sizeof(float));
}

/* Adam has seen nothing. */
static void clear_adam(struct network *n)
{
    for (int v = STATE_EXP_AVG; n->pass.training && v <= STATE_EXP_AVG_SQ; v++)
        kernels_of(n)->clear(n->pass.vectors[v].at, n->table.floats * sizeof(float));
}

/* Weights to begin with, or to segment with, and a state of Adam's that has seen nothing. */
static int load_model(struct network *n, const struct checkpoint *checkpoint)
{
    clear_adam(n);
    return load_vector(n, STATE_WEIGHTS, checkpoint, checkpoint_model(checkpoint));
}

int network_initialise(struct network *n, const struct label_scheme *scheme, uint64_t seed,
                       double output_bias)
{
    n->scheme = scheme;
    for (size_t i = 0; i < n->table.count; i++) {
        const struct parameter *p = &n->table.parameters[i];
        float *values = malloc(p->count * sizeof *values);
        if (!values)
            return fail(STATUS_FAILURE, "out of memory");
        parameter_begin(p, seed, output_bias, values);
        network_put(n, STATE_WEIGHTS, p, values);
        free(values);
    }
    clear_adam(n);
    if (n->pass.averaging)
        average_weights(n);
    return finish(n);
}

static int load_state(struct network *n, const struct checkpoint *checkpoint)
{
    int status = STATUS_OK;
    if (!checkpoint->has[STATE_EXP_AVG])
        return fail(STATUS_DATA,
                    "%s: is a model to segment with, without an optimizer's state: training goes on "
                    "from a state, and begins anew from a model with --fresh-optimizer",
                    checkpoint->path);
    for (int v = STATE_WEIGHTS; !status && v <= STATE_EXP_AVG_SQ; v++)
        status = load_vector(n, (enum state_vector)v, checkpoint, (enum state_vector)v);
    return status;
}

int network_load(struct network *n, const struct checkpoint *checkpoint)
{
    free(n->state);
    if (!(n->state = strdup(checkpoint->path)))
        return fail(STATUS_FAILURE, "%s: out of memory", checkpoint->path);
    n->scheme = checkpoint_scheme(checkpoint);
    const bool goes_on = n->pass.training && !n->fresh;
    int status = goes_on ? load_state(n, checkpoint) : load_model(n, checkpoint);
    if (!status && n->pass.averaging && goes_on && checkpoint->has[STATE_AVERAGE])
        status = load_vector(n, STATE_AVERAGE, checkpoint, STATE_AVERAGE);
    else if (!status && n->pass.averaging)
        average_weights(n);
    return status ? status : finish(n);
}

/* The largest absolute weight; INFINITY where one is not finite, or there is no memory to copy them to. */
static float largest_weight(const struct network *n)
{
    float largest = 0;
    for (size_t i = 0; i < n->table.count; i++) {
        const struct parameter *p = &n->table.parameters[i];
        float *values = malloc(p->count * sizeof *values);
        if (!values)
            return INFINITY;
        network_get(n, STATE_WEIGHTS, p, values);
        for (size_t k = 0; k < p->count; k++)
            largest = fabsf(values[k]) <= largest ? largest : isnan(values[k]) ? INFINITY : fabsf(values[k]);
        free(values);
    }
    return largest;
}

int network_fail_not_finite(const struct network *n, int status, const char *what)
{
    const float largest = largest_weight(n);
    if (largest < DIVERGED)
        return fail(status, "%s not finite: neither can the image be", what);
    return fail(status,
                "%s not finite: weights that began as %s reach %g, so training has diverged; go back to an "
                "earlier state, with a smaller learning rate",
                what, n->state ? n->state : "a new network", (double)largest);
}

static int downloaded(void *self, enum state_vector vector, const struct parameter *parameter, float *values)
{
    network_get(self, (int)vector, parameter, values);
    return STATUS_OK;
}

int network_save(struct network *n, const struct training *training, const char *path)
{
    int status = finish(n);
    if (!status && largest_weight(n) >= DIVERGED)
        status = fail(STATUS_FAILURE,
                      "%s: not written: weights reach %g: training has diverged; go on from an earlier state "
                      "with a smaller learning rate or weight decay",
                      path, (double)largest_weight(n));
    struct training now = *training;
    now.scheme = n->scheme;
    return status ? status : checkpoint_save(path, &n->architecture, &n->table, &now, downloaded, n);
}

/* A case -------------------------------------------------------------------------------------------- */

void network_put_image(struct network *n, const float *image)
{
    kernels_of(n)->upload(n->pass.image.at, image, n->pass.image.bytes);
}

void network_put_target(struct network *n, const uint8_t *target)
{
    kernels_of(n)->upload(n->pass.target.at, target, n->pass.target.bytes);
}

const struct label_scheme *network_scheme(const struct network *n)
{
    return n->scheme;
}

float *network_prefetch_destination(const struct network *n, int channels, const int size[3])
{
    bool fits = channels == n->architecture.inputs && !memcmp(size, n->size, sizeof n->size);
    return fits ? prefetch_slot(&n->prefetch) : NULL;
}

void network_prefetch_start(struct network *n, int channels, const int size[3], const float *image,
                            const uint8_t *labels)
{
    float *slot = network_prefetch_destination(n, channels, size);
    if (!slot || region_bits_of_labels(n->scheme, labels, n->pass.target.bytes,
                                       (uint8_t *)slot + target_offset(&n->pass)))
        return;
    if (image != slot)
        memcpy(slot, image, n->pass.image.bytes);
    prefetch_start(&n->prefetch, &n->pass);
}

bool network_put_prefetched(struct network *n)
{
    return prefetch_put(&n->prefetch, &n->pass);
}

/* Another network of the process may have computed by another table meanwhile. */
static int take_turn(const struct network *n)
{
    const char *why = kernels_of(n)->open();
    return why ? fail(STATUS_FAILURE, "%s: %s", kernels_of(n)->name, why) : STATUS_OK;
}

int network_infer(struct network *n, float *probabilities)
{
    int status = take_turn(n);
    if (status)
        return status;
    pass_forward(&n->pass);
    status = finish(n);
    if (!status)
        kernels_of(n)->download(probabilities, n->pass.probabilities.at, n->pass.probabilities.bytes);
    return status;
}

/* The sum of the regions' mean cross-entropy over the voxels; 0 where the loss has none. */
static double cross_entropy(const struct network *n)
{
    double sums[OUTPUTS_MAX], total = 0;
    if (!n->pass.cross_entropy)
        return 0;
    kernels_of(n)->download(sums, n->pass.bce_sums.at, (size_t)n->architecture.outputs * sizeof sums[0]);
    for (int k = 0; k < n->architecture.outputs; k++)
        total += sums[k] / (double)shape_voxels(n->pass.probabilities.shape);
    return total;
}

static void score_case(const struct network *n, double loss_scale, struct case_score *score)
{
    struct dice_sums sums[OUTPUTS_MAX];
    const double smooth = n->loss.smooth;
    kernels_of(n)->download(sums, n->pass.dice_sums.at, (size_t)n->architecture.outputs * sizeof sums[0]);
    *score = (struct case_score){.loss = loss_scale * (double)n->loss.bce * cross_entropy(n)};
    for (int k = 0; k < n->architecture.outputs; k++) {
        const struct dice_sums *s = &sums[k];
        double hard = s->hard_probability + s->target, scale = loss_scale * (double)n->loss.dice;
        score->loss += scale * (1 - (2 * s->intersection + smooth) / (s->probability + s->target + smooth));
        score->dice[k] = hard > 0 ? 2 * s->hard_intersection / hard : 1;
    }
}

static void call_gradient_kernels(struct network *n)
{
    pass_forward(&n->pass);
    kernels_of(n)->clear(n->pass.vectors[STATE_GRADIENT].at, n->table.floats * sizeof(float));
    pass_backward(&n->pass);
}

static bool same_loss(struct loss_weights a, struct loss_weights b)
{
    return a.dice == b.dice && a.bce == b.bce && a.smooth == b.smooth;
}

/* Every step calls the same operations on the same buffers: a backend may record and replay them. */
static void run_gradient(struct network *n)
{
    if (!n->recorded || !same_loss(n->recorded_loss, n->pass.loss)) {
        n->recorded = kernels_of(n)->record_begin(&n->recording);
        n->recorded_loss = n->pass.loss;
        call_gradient_kernels(n);
        if (n->recorded)
            kernels_of(n)->record_end(&n->recording);
    }
    if (n->recorded)
        kernels_of(n)->replay(&n->recording);
}

int network_gradient(struct network *n, double loss_scale, struct case_score *score)
{
    n->pass.loss = (struct loss_weights){(float)(loss_scale * (double)n->loss.dice),
                                         (float)(loss_scale * (double)n->loss.bce), n->loss.smooth};
    int status = take_turn(n);
    if (status)
        return status;
    run_gradient(n);
    if ((status = finish(n)))
        return status;
    score_case(n, loss_scale, score);
    return isfinite(score->loss) ? STATUS_OK : network_fail_not_finite(n, STATUS_FAILURE, "the loss is");
}

static void begin_sum(const struct pass *p)
{
    p->kernels->clear(p->sum.at, p->sum.bytes);
    p->kernels->clear(p->out_of_range.at, p->out_of_range.bytes);
}

int network_accumulate(struct network *n)
{
    const struct pass *p = &n->pass;
    int32_t out_of_range;
    if (!n->accumulated++)
        begin_sum(p);
    p->kernels->fixed_add(n->table.floats, p->vectors[STATE_GRADIENT].at, p->sum.at, p->out_of_range.at);
    int status = finish(n);
    if (status)
        return status;
    p->kernels->download(&out_of_range, p->out_of_range.at, sizeof out_of_range);
    return out_of_range ? fail(STATUS_FAILURE,
                               "its gradient has values that are not finite or not below %g in "
                               "size: no batch is summed of those; a larger --loss-divisor makes "
                               "them smaller",
                               FIXED_LIMIT)
                        : STATUS_OK;
}

int network_join_ranks(struct network *n, int cases)
{
    const struct pass *p = &n->pass;
    if (!n->accumulated)
        begin_sum(p);
    n->accumulated = cases;
    int status = finish(n);
    return status ? status : ranks_sum(p->kernels, p->sum.at, n->table.floats);
}

int network_update(struct network *n, const struct adam *adam)
{
    const struct pass *p = &n->pass;
    if (p->batches)
        p->kernels->fixed_mean(n->table.floats, p->sum.at, n->accumulated, p->vectors[STATE_GRADIENT].at);
    n->accumulated = 0;
    p->kernels->upload(p->adam.at, adam, sizeof *adam);
    p->kernels->adam(n->table.floats, p->adam.at, p->vectors[STATE_GRADIENT].at, p->vectors[STATE_WEIGHTS].at,
                     p->vectors[STATE_EXP_AVG].at, p->vectors[STATE_EXP_AVG_SQ].at);
    return finish(n);
}

int network_average(struct network *n, double decay)
{
    const struct pass *p = &n->pass;
    p->kernels->average(n->table.floats, decay, p->vectors[STATE_WEIGHTS].at, p->vectors[STATE_AVERAGE].at);
    return finish(n);
}

/* Backends ------------------------------------------------------------------------------------------ */

/* Heeds --device, else PRUNET_DEVICE. */
static int choose_device(const char *option)
{
    const char *text = option ? option : environment_value("PRUNET_DEVICE");
    char *end = NULL;
    const long device = text ? strtol(text, &end, 10) : 0;
    if (text && (end == text || *end || device < 0 || device > DEVICE_MAX))
        return fail(STATUS_USAGE, "%s: '%s' is not the number of a GPU, which count from 0",
                    option ? "--device" : "PRUNET_DEVICE", text);
    kernels_set_device((int)device);
    return STATUS_OK;
}

int backend_find(const struct kernels **kernels, const struct backend_choice *choice,
                 const struct architecture *architecture)
{
    const char *name = choice->name ? choice->name : environment_value("PRUNET_BACKEND"), *why;
    int streams = network_kind_streams(architecture->kind);
    if (choose_device(choice->device))
        return STATUS_USAGE;
    *kernels = kernels_find(name && *name ? name : "cpu", architecture->channels, architecture->levels,
                            streams, &why);
    return *kernels ? threads_set(choice->threads) : fail(STATUS_USAGE, "%s", why);
}

int backend_open_network(struct network **network, const struct backend_choice *choice,
                         const struct checkpoint *checkpoint, unsigned use)
{
    const struct kernels *kernels;
    struct network *opened;
    int status = backend_find(&kernels, choice, &checkpoint->architecture);
    if (!status)
        status = network_open(&opened, &checkpoint->architecture, kernels, use);
    if (status)
        return status;
    if ((status = network_load(opened, checkpoint)))
        network_close(opened);
    else
        *network = opened;
    return status;
}
