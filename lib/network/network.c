#include "lib/network/network.h"
#include "lib/base/error.h"
#include "lib/network/body.h"
#include "lib/volume/labels.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Life ---------------------------------------------------------------------------------------------- */

/* A network that owns no memory of the backend yet. */
static int make(struct network **network, const struct architecture *architecture,
                const struct kernels *kernels, bool training)
{
    struct network *n = calloc(1, sizeof *n);
    if (!n)
        return fail(STATUS_FAILURE, "out of memory");
    n->architecture = *architecture;
    n->kernels = kernels;
    n->training = training;
    n->functions = architecture->kind == NETWORK_BASELINE ? &baseline_body : &unet_body;
    int status = parameter_table_make(&n->table, architecture);
    if (!status)
        status = n->functions->open(n);
    if (status) {
        network_close(n);
        return status;
    }
    n->ends.weight = parameter_find(&n->table, "lastConv.weight");
    n->ends.bias = parameter_find(&n->table, "lastConv.bias");
    *network = n;
    return STATUS_OK;
}

int network_plan(struct plan *plan, const struct architecture *architecture, const struct kernels *kernels,
                 bool training, const int size[3], const struct memory_budget *budget)
{
    struct network *n;
    int status = check_size(architecture, size);
    if (!status)
        status = make(&n, architecture, kernels, training);
    if (status)
        return status;
    if (budget)
        n->budget = *budget;
    status = network_plan_run(n, size);
    if (!status) {
        *plan = n->plan;
        n->plan = (struct plan){0};
    }
    network_close(n);
    return status;
}

static int allocate(struct network *n, const char *what, size_t bytes, char **block, size_t *block_bytes)
{
    *block = n->kernels->allocate(bytes);
    *block_bytes = bytes;
    if (*block)
        return STATUS_OK;
    char fitting[FITTING_SIZE];
    network_fitting(n, fitting);
    const char *why = n->kernels->finish();
    return fail(STATUS_FAILURE, "%s: not enough memory for %zu MiB of %s%s%s%s", n->kernels->name,
                mebibytes(bytes), what, why ? ": " : "", why ? why : "", fitting);
}

static int allocate_state(struct network *n)
{
    network_plan_state(n);
    int status = plan_place(&n->plan);
    if (!status)
        status = allocate(n, "parameters", n->plan.resident_bytes, &n->resident, &n->resident_bytes);
    if (status)
        return status;
    n->kernels->clear(n->resident, n->resident_bytes);
    for (int v = 0; v <= STATE_GRADIENT; v++)
        if (v == STATE_WEIGHTS || n->training)
            n->vectors[v] = network_buffer(n, n->vector_buffer[v]);
    return STATUS_OK;
}

int network_open(struct network **network, const struct architecture *architecture,
                 const struct kernels *kernels, bool training)
{
    const char *why = kernels->open();
    if (why)
        return fail(STATUS_FAILURE, "%s: %s", kernels->name, why);
    struct network *n;
    int status = make(&n, architecture, kernels, training);
    if (status)
        return status;
    if ((status = allocate_state(n)))
        network_close(n);
    else
        *network = n;
    return status;
}

static void release_activations(struct network *n)
{
    if (n->activations)
        n->kernels->release(n->activations, n->activation_bytes);
    prefetch_release(n);
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
        n->kernels->release(n->resident, n->resident_bytes);
    if (n->body)
        n->functions->close(n);
    plan_free(&n->plan);
    parameter_table_free(&n->table);
    free(n);
}

int network_resize(struct network *n, const int size[3])
{
    if (!memcmp(n->size, size, sizeof n->size))
        return STATUS_OK;
    int status = check_size(&n->architecture, size);
    if (status)
        return status;
    release_activations(n);
    status = network_plan_run(n, size);
    if (!status)
        status = allocate(n, "activations", n->plan.activation_bytes, &n->activations, &n->activation_bytes);
    if (status || (status = prefetch_allocate(n))) {
        release_activations(n);
        return status;
    }
    ends_bind(n);
    n->functions->bind(n);
    return STATUS_OK;
}

void network_set_budget(struct network *n, const struct memory_budget *budget)
{
    n->budget = *budget;
}

const struct architecture *network_architecture(const struct network *n)
{
    return &n->architecture;
}

const char *network_backend(const struct network *n)
{
    return n->kernels->description;
}

const struct plan *network_current_plan(const struct network *n)
{
    return &n->plan;
}

/* State --------------------------------------------------------------------------------------------- */

void network_get(const struct network *n, int vector, const struct parameter *p, float *values)
{
    n->kernels->download(values, n->vectors[vector] + p->offset, p->count * sizeof *values);
}

void network_put(struct network *n, int vector, const struct parameter *p, const void *values)
{
    n->kernels->upload(n->vectors[vector] + p->offset, values, p->count * sizeof(float));
}

static int finish(const struct network *n)
{
    const char *failure = n->kernels->finish();
    return failure ? fail(STATUS_FAILURE, "%s: %s", n->kernels->name, failure) : STATUS_OK;
}

int network_load(struct network *n, const struct checkpoint *checkpoint)
{
    for (int v = 0; v < (n->training ? STATE_VECTORS : 1); v++)
        for (size_t i = 0; i < n->table.count; i++) {
            const struct parameter *p = &n->table.parameters[i];
            network_put(n, v, p, checkpoint_values(checkpoint, (enum state_vector)v, p));
        }
    return finish(n);
}

static int downloaded(void *self, enum state_vector vector, const struct parameter *parameter, float *values)
{
    network_get(self, (int)vector, parameter, values);
    return STATUS_OK;
}

int network_save(struct network *n, const struct training *training, const char *path)
{
    int status = finish(n);
    return status ? status : checkpoint_save(path, &n->architecture, &n->table, training, downloaded, n);
}

/* A case -------------------------------------------------------------------------------------------- */

static size_t voxels(const struct network *n)
{
    return shape_voxels(network_shape(n, 0, 1, 1));
}

void network_put_image(struct network *n, const float *image)
{
    n->kernels->upload(n->ends.image, image, (size_t)n->architecture.inputs * voxels(n) * sizeof *image);
}

void network_put_target(struct network *n, const uint8_t *target)
{
    n->kernels->upload(n->ends.target, target, voxels(n));
}

int target_from_labels(size_t count, const uint8_t *labels, uint8_t *target)
{
    return region_bits_of_labels(record_scheme, labels, count, target);
}

int network_infer(struct network *n, float *probabilities)
{
    n->functions->forward(n);
    int status = finish(n);
    if (!status)
        n->kernels->download(probabilities, n->ends.probabilities,
                             (size_t)n->architecture.outputs * voxels(n) * sizeof *probabilities);
    return status;
}

static void score_case(const struct network *n, double loss_scale, struct case_score *score)
{
    struct dice_sums sums[OUTPUTS_MAX];
    n->kernels->download(sums, n->ends.sums, (size_t)n->architecture.outputs * sizeof sums[0]);
    *score = (struct case_score){0};
    for (int k = 0; k < n->architecture.outputs; k++) {
        const struct dice_sums *s = &sums[k];
        double hard = s->hard_probability + s->target;
        score->loss += loss_scale * (1 - (2 * s->intersection + 1) / (s->probability + s->target + 1));
        score->dice[k] = hard > 0 ? 2 * s->hard_intersection / hard : 1;
    }
}

static void ask_for_gradient(struct network *n, float loss_scale)
{
    n->functions->forward(n);
    n->kernels->clear(n->vectors[STATE_GRADIENT], n->table.floats * sizeof(float));
    n->functions->backward(n, loss_scale);
}

/* Every step asks for the same operations on the same buffers, which a backend may keep as a recording. */
static void run_gradient(struct network *n, float loss_scale)
{
    if (!n->recorded || n->recorded_scale != loss_scale) {
        n->recorded = n->kernels->record_begin();
        n->recorded_scale = loss_scale;
        ask_for_gradient(n, loss_scale);
        if (n->recorded)
            n->kernels->record_end();
    }
    if (n->recorded)
        n->kernels->replay();
}

int network_gradient(struct network *n, double loss_scale, struct case_score *score)
{
    run_gradient(n, (float)loss_scale);
    int status = finish(n);
    if (status)
        return status;
    score_case(n, loss_scale, score);
    return isfinite(score->loss) ? STATUS_OK : fail(STATUS_FAILURE, "the loss is not finite");
}

int network_update(struct network *n, const struct adam *adam)
{
    struct adam *settings = network_buffer(n, n->adam_buffer);
    n->kernels->upload(settings, adam, sizeof *adam);
    n->kernels->adam(n->table.floats, settings, n->vectors[STATE_GRADIENT], n->vectors[STATE_WEIGHTS],
                     n->vectors[STATE_EXP_AVG], n->vectors[STATE_EXP_AVG_SQ]);
    return finish(n);
}
