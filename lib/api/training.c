/* Training: targets, gradients, steps, epochs; and the tensors of the state. */
#include "lib/api/network.h"
#include "lib/base/error.h"
#include "lib/base/threads.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include <assert.h>
#include <string.h>

static_assert((int)PRUNET_WEIGHTS == STATE_WEIGHTS && (int)PRUNET_EXP_AVG == STATE_EXP_AVG &&
                  (int)PRUNET_EXP_AVG_SQ == STATE_EXP_AVG_SQ && (int)PRUNET_AVERAGE == STATE_AVERAGE &&
                  (int)PRUNET_GRADIENT == STATE_GRADIENT,
              "vectors are those of lib/network/parameters.h");

static int check_training(const struct prunet_network *n)
{
    return n->use & TRAINING ? STATUS_OK : fail(STATUS_USAGE, "the network was opened for inference alone");
}

int prunet_target(const struct prunet_network *n, const uint8_t *labels, size_t voxels, uint8_t *target)
{
    const struct label_scheme *scheme = network_scheme(n->network);
    const int outputs = network_architecture(n->network)->outputs;
    if (outputs != scheme->region_count)
        return fail(STATUS_DATA, "%d outputs; labels of scheme %s have %d regions", outputs, scheme->name,
                    scheme->region_count);
    return region_bits_of_labels(scheme, labels, voxels, target);
}

/* Steps ----------------------------------------------------------------------------------------------- */

static int put_case(struct prunet_network *n, const int size[3], const float *image, const uint8_t *target)
{
    int status = network_resize(n->network, size);
    if (status)
        return status;
    network_put_image(n->network, image);
    network_put_target(n->network, target);
    return STATUS_OK;
}

static void tell(struct prunet_score *score, const struct case_score *of, int outputs)
{
    *score = (struct prunet_score){.loss = of->loss};
    memcpy(score->dice, of->dice, (size_t)outputs * sizeof of->dice[0]);
}

int prunet_gradient(struct prunet_network *n, const int size[3], const float *image, const uint8_t *target,
                    struct prunet_score *score)
{
    struct case_score found;
    int status = check_training(n);
    if (status)
        return status;
    const int threads = threads_exchange(n->threads);
    status = put_case(n, size, image, target);
    if (!status && !(status = network_gradient(n->network, 1, &found)))
        tell(score, &found, network_architecture(n->network)->outputs);
    threads_exchange(threads);
    return status;
}

static int take_step(struct prunet_network *n, const char *case_name, const int size[3], const float *image,
                     const uint8_t *target, struct prunet_score *score)
{
    struct case_score found;
    bool skipped;
    int status = epoch_skip(&n->epoch, case_name, &skipped);
    if (!status && skipped)
        *score = (struct prunet_score){.skipped = 1};
    if (status || skipped)
        return status;
    status = put_case(n, size, image, target);
    if (!status && !(status = epoch_gradient(&n->epoch, case_name, &found)) &&
        !(status = epoch_update(&n->epoch)))
        tell(score, &found, network_architecture(n->network)->outputs);
    return status;
}

int prunet_step(struct prunet_network *n, const char *case_name, const int size[3], const float *image,
                const uint8_t *target, struct prunet_score *score)
{
    int status = check_training(n);
    if (status)
        return status;
    const int threads = threads_exchange(n->threads);
    status = take_step(n, case_name, size, image, target, score);
    threads_exchange(threads);
    return status ? fail_in(status, "case %s", case_name) : STATUS_OK;
}

int prunet_set_rate(struct prunet_network *n, double learning_rate, double weight_decay)
{
    int status = check_training(n);
    if (status || (status = api_check_rate(learning_rate, weight_decay)))
        return status;
    n->epoch.adam.rate = learning_rate;
    n->epoch.adam.decay = weight_decay;
    return STATUS_OK;
}

int prunet_epoch_end(struct prunet_network *n)
{
    int status = check_training(n);
    if (status || (status = epoch_complete(&n->epoch)))
        return status;
    const struct training training = n->epoch.training;
    const struct adam adam = n->epoch.adam;
    epoch_begin(&n->epoch, n->network, &training, adam.rate, adam.decay, 1);
    return STATUS_OK;
}

int prunet_save(struct prunet_network *n, const char *path)
{
    int status = check_training(n);
    return status ? status : network_save(n->network, &n->epoch.training, path);
}

/* Tensors --------------------------------------------------------------------------------------------- */

/* NULL, with a message, where there is none. */
static const struct parameter *find_tensor(const struct prunet_network *n, int index)
{
    if (index >= 0 && (size_t)index < n->table.count)
        return &n->table.parameters[index];
    fail(STATUS_USAGE, "there is no tensor %d: there are %zu, from 0", index, n->table.count);
    return NULL;
}

static int check_vector(const struct prunet_network *n, enum prunet_vector vector)
{
    const bool there =
        vector == PRUNET_WEIGHTS || ((unsigned)vector <= PRUNET_GRADIENT && n->use & TRAINING &&
                                     (vector != PRUNET_AVERAGE || n->use & AVERAGING));
    return there ? STATUS_OK : fail(STATUS_USAGE, "the network has no vector %d", (int)vector);
}

int prunet_tensor_describe(const struct prunet_network *n, int index, struct prunet_tensor *tensor)
{
    const struct parameter *p = find_tensor(n, index);
    if (!p)
        return STATUS_USAGE;
    *tensor = (struct prunet_tensor){.name = p->name, .dimensions = p->dimensions, .count = p->count};
    memcpy(tensor->size, p->size, sizeof tensor->size);
    return STATUS_OK;
}

int prunet_tensor_get(const struct prunet_network *n, enum prunet_vector vector, int index, float *values)
{
    const struct parameter *p = find_tensor(n, index);
    int status = p ? check_vector(n, vector) : STATUS_USAGE;
    if (status)
        return status;
    network_get(n->network, (int)vector, p, values);
    return STATUS_OK;
}

int prunet_tensor_set(struct prunet_network *n, enum prunet_vector vector, int index, const float *values)
{
    const struct parameter *p = find_tensor(n, index);
    int status = p ? check_vector(n, vector) : STATUS_USAGE;
    if (!status && vector == PRUNET_GRADIENT)
        status = fail(STATUS_USAGE, "the gradient is only read");
    if (status)
        return status;
    network_put(n->network, (int)vector, p, values);
    return STATUS_OK;
}
