#include "lib/network/network.h"
#include "lib/base/error.h"
#include "lib/network/kinds.h"
#include "lib/network/opened.h"
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

const struct label_scheme *network_scheme(const struct network *n)
{
    return n->scheme;
}

int network_finish(const struct network *n)
{
    const char *failure = kernels_of(n)->finish(), *remark;
    while (kernels_of(n)->remark && (remark = kernels_of(n)->remark()))
        warn("%s: %s", kernels_of(n)->name, remark);
    return failure ? fail(STATUS_FAILURE, "%s: %s", kernels_of(n)->name, failure) : STATUS_OK;
}
