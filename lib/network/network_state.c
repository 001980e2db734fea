#include "lib/network/network_state.h"
#include "lib/base/error.h"
#include "lib/network/opened.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Far above the weights of any network that learns, far below where sums of their products overflow. */
static const float DIVERGED = 1e8f;

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
    return network_finish(n);
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
    return status ? status : network_finish(n);
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
    int status = network_finish(n);
    if (!status && largest_weight(n) >= DIVERGED)
        status = fail(STATUS_FAILURE,
                      "%s: not written: weights reach %g: training has diverged; go on from an earlier state "
                      "with a smaller learning rate or weight decay",
                      path, (double)largest_weight(n));
    struct training now = *training;
    now.scheme = n->scheme;
    return status ? status : checkpoint_save(path, &n->architecture, &n->table, &now, downloaded, n);
}
