/* Networks: planned, opened, asked what they are; inference. */
#include "lib/api/network.h"
#include "lib/base/error.h"
#include "lib/base/threads.h"
#include "lib/network/backend_choice.h"
#include "lib/network/kinds.h"
#include "lib/network/network_state.h"
#include "lib/network/segment.h"
#include "lib/volume/channels.h"
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static_assert((int)OUTPUTS_MAX <= sizeof((struct prunet_score *)0)->dice / sizeof(double),
              "a score has room for each output");
static_assert(sizeof((struct prunet_memory *)0)->choice >= PLAN_CHOICE_SIZE, "a choice fits");

/* What is to be used, and how ------------------------------------------------------------------------- */

struct prunet_settings prunet_default_settings(int training)
{
    return (struct prunet_settings){.training = training,
                                    .memory = "default",
                                    .loss = "dice",
                                    .dice_weight = 1,
                                    .bce_weight = 1,
                                    .smooth = 1,
                                    .learning_rate = 1e-4,
                                    .weight_decay = 1e-5};
}

static int check_within(const char *name, double value, double least, double most)
{
    return value >= least && value <= most
               ? STATUS_OK
               : fail(STATUS_USAGE, "%s: %g is not within %g..%g", name, value, least, most);
}

int api_check_rate(double rate, double decay)
{
    if (!(rate > 0 && isfinite(rate)))
        return fail(STATUS_USAGE, "learning_rate: %g is not positive", rate);
    return check_within("weight_decay", decay, 0, 1);
}

/* The ranges are those of prunet-step. */
static int choose_use(struct use *use, const struct prunet_settings *s)
{
    *use = (struct use){.backend = {.name = s->backend, .threads = s->threads}, .settings = *s};
    if (!s->training)
        return STATUS_OK;
    int status = loss_parse(&use->use, s->loss ? s->loss : "dice");
    if (status || (status = memory_budget_parse(&use->budget, s->memory ? s->memory : "default")) ||
        (status = api_check_rate(s->learning_rate, s->weight_decay)) ||
        (status = check_within("dice_weight", s->dice_weight, 0, 1e6)) ||
        (status = check_within("bce_weight", s->bce_weight, 0, 1e6)) ||
        (status = check_within("smooth", s->smooth, 1e-6, 1e6)))
        return status;
    if (!(s->average_decay >= 0 && s->average_decay < 1))
        return fail(STATUS_USAGE, "average_decay: %g is not at least 0 and less than 1", s->average_decay);
    use->loss = (struct loss_weights){(float)s->dice_weight,
                                      use->use & CROSS_ENTROPY ? (float)s->bce_weight : 0, (float)s->smooth};
    use->use |= (s->average_decay > 0 ? AVERAGING : 0) | (s->fresh ? FRESH : 0);
    return STATUS_OK;
}

/* A network to be made. */
static int describe(const struct prunet_model *m, struct architecture *architecture,
                    const struct label_scheme **scheme)
{
    const struct architecture_options options = {.kind = m->kind,
                                                 .channels = m->channels,
                                                 .scheme = m->scheme,
                                                 .encoder_blocks = m->encoder_blocks,
                                                 .decoder_blocks = m->decoder_blocks,
                                                 .groups = m->groups,
                                                 .inputs = m->inputs,
                                                 .outputs = m->outputs};
    int status = check_within("output_bias", m->output_bias, -OUTPUT_BIAS_MAX, OUTPUT_BIAS_MAX);
    return status ? status : architecture_from_options(architecture, scheme, &options);
}

static int check_size(const int size[3])
{
    for (int axis = 0; axis < 3; axis++)
        if (size[axis] < 1 || size[axis] > RECORD_SIZE_MAX)
            return fail(STATUS_USAGE, "size %d is not within 1..%d", size[axis], RECORD_SIZE_MAX);
    return STATUS_OK;
}

/* Planning -------------------------------------------------------------------------------------------- */

static int find_architecture(const struct prunet_model *m, struct architecture *architecture)
{
    const struct label_scheme *scheme;
    struct checkpoint checkpoint;
    if (!m->path)
        return describe(m, architecture, &scheme);
    int status = checkpoint_open(&checkpoint, m->path);
    if (status)
        return status;
    *architecture = checkpoint.architecture;
    checkpoint_close(&checkpoint);
    return STATUS_OK;
}

static int plan(struct prunet_memory *memory, const struct prunet_model *model, const struct use *use,
                const int size[3])
{
    const struct kernels *kernels;
    struct architecture architecture;
    struct plan plan;
    int sizes[3] = {size[0], size[1], size[2]};
    int status = check_size(size);
    if (status || (status = find_architecture(model, &architecture)) ||
        (status = backend_find(&kernels, &use->backend, &architecture)))
        return status;
    const bool training = use->use & TRAINING;
    if (!training)
        segment_padded_size(&architecture, size, sizes);
    if ((status = network_plan(&plan, &architecture, kernels, use->use, sizes, &use->budget)))
        return status;
    *memory = (struct prunet_memory){.resident = plan.resident_bytes,
                                     .activations = plan.activation_bytes,
                                     .peak = plan.peak_bytes,
                                     .host = training ? 0 : segment_host_bytes(&architecture, size, NULL)};
    memcpy(memory->choice, plan.choice, sizeof plan.choice);
    plan_free(&plan);
    return STATUS_OK;
}

int prunet_plan(struct prunet_memory *memory, const struct prunet_model *model,
                const struct prunet_settings *settings, const int size[3])
{
    struct use use;
    api_begin();
    int status = choose_use(&use, settings);
    const int threads = threads_exchange(0);
    if (!status)
        status = plan(memory, model, &use, size);
    threads_exchange(threads);
    return status;
}

/* Opening --------------------------------------------------------------------------------------------- */

/* Where training begins anew, or goes on, and with an average or without. */
static struct training training_of(const struct checkpoint *checkpoint, const struct prunet_settings *s)
{
    struct training t = checkpoint->training;
    if (s->fresh)
        t = (struct training){.seed = checkpoint->training.seed};
    if (s->training && !s->fresh && checkpoint->has[STATE_AVERAGE] && !(s->average_decay > 0))
        warn("%s: its average of the weights is not gone on with: average_decay would", checkpoint->path);
    t.average_decay = s->average_decay;
    return t;
}

static int open_file(struct prunet_network *n, const char *path, const struct use *use,
                     struct training *training)
{
    struct checkpoint checkpoint;
    int status = checkpoint_open(&checkpoint, path);
    if (status)
        return status;
    *training = training_of(&checkpoint, &use->settings);
    if (use->use & TRAINING && training->cases_done && training->batch > 1)
        status = fail(STATUS_DATA, "%s: was stopped inside an epoch in batches of %d", path, training->batch);
    training->batch = 1;
    if (!status)
        status = backend_open_network(&n->network, &use->backend, &checkpoint, use->use);
    checkpoint_close(&checkpoint);
    return status;
}

static int open_new(struct prunet_network *n, const struct prunet_model *m, const struct use *use,
                    struct training *training)
{
    const struct kernels *kernels;
    const struct label_scheme *scheme;
    struct architecture architecture;
    int status = describe(m, &architecture, &scheme);
    if (status || (status = backend_find(&kernels, &use->backend, &architecture)) ||
        (status = network_open(&n->network, &architecture, kernels, use->use)))
        return status;
    *training =
        (struct training){.seed = m->seed, .scheme = scheme, .average_decay = use->settings.average_decay};
    return network_initialise(n->network, scheme, m->seed, m->output_bias);
}

static int open_network(struct prunet_network *n, const struct prunet_model *m, const struct use *use)
{
    struct training training;
    int status = m->path ? open_file(n, m->path, use, &training) : open_new(n, m, use, &training);
    if (!status)
        status = parameter_table_make(&n->table, network_architecture(n->network));
    if (status || !(use->use & TRAINING))
        return status;
    n->use = use->use;
    network_set_budget(n->network, &use->budget);
    network_set_loss(n->network, use->loss);
    epoch_begin(&n->epoch, n->network, &training, use->settings.learning_rate, use->settings.weight_decay, 1);
    return STATUS_OK;
}

int prunet_network_open(struct prunet_network **network, const struct prunet_model *model,
                        const struct prunet_settings *settings)
{
    struct use use;
    api_begin();
    int status = choose_use(&use, settings);
    if (status)
        return status;
    struct prunet_network *n = calloc(1, sizeof *n);
    if (!n)
        return fail(STATUS_FAILURE, "out of memory");
    const int threads = threads_exchange(0);
    threads_bound();
    status = open_network(n, model, &use);
    n->threads = threads_exchange(threads);
    if (status)
        prunet_network_close(n);
    else
        *network = n;
    return status;
}

void prunet_network_close(struct prunet_network *n)
{
    if (!n)
        return;
    epoch_free(&n->epoch);
    network_close(n->network);
    parameter_table_free(&n->table);
    free(n);
}

void prunet_network_describe(const struct prunet_network *n, struct prunet_network_info *info)
{
    const struct architecture *a = network_architecture(n->network);
    *info = (struct prunet_network_info){.inputs = a->inputs,
                                         .outputs = a->outputs,
                                         .multiple = architecture_multiple(a),
                                         .parameters = n->table.total,
                                         .tensors = (int)n->table.count,
                                         .scheme = network_scheme(n->network)->name,
                                         .backend = network_backend(n->network),
                                         .epoch = n->epoch.training.epoch,
                                         .step = n->epoch.training.step,
                                         .cases_done = n->epoch.training.cases_done};
}

/* Inference ------------------------------------------------------------------------------------------- */

int prunet_record_arrange(struct prunet_record *image, const struct prunet_network *n, int fill)
{
    int status = channels_arrange(&image->record, network_scheme(n->network),
                                  network_architecture(n->network)->inputs, fill);
    return status ? status : prunet_record_to_float(image);
}

int prunet_infer(struct prunet_network *n, const int size[3], const float *image, float *probabilities)
{
    int status = check_size(size);
    if (status)
        return status;
    const int threads = threads_exchange(n->threads);
    status = segment_put(n->network, size, image);
    if (!status)
        status = segment_run(n->network, size, probabilities);
    threads_exchange(threads);
    return status;
}

int prunet_infer_record(struct prunet_network *n, struct prunet_record *image, int fill,
                        struct prunet_record **result)
{
    struct record probabilities;
    const int threads = threads_exchange(n->threads);
    int status =
        image->record.role == ROLE_IMAGE
            ? segment_record(n->network, &image->record, fill, &probabilities)
            : fail(STATUS_DATA, "a %s record where an image is expected", role_name(image->record.role));
    threads_exchange(threads);
    if (status)
        fail_in(status, "case %s", image->record.case_name);
    prunet_record_free(image);
    if (status)
        return status;
    probabilities.last = true;
    return api_wrap(result, &probabilities);
}
