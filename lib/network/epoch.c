/* An epoch, case by case: see epoch.h. */
#include "lib/network/epoch.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/network/network_case.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void epoch_begin(struct epoch *epoch, struct network *network, const struct training *training, double rate,
                 double decay, double loss_scale)
{
    *epoch =
        (struct epoch){.network = network,
                       .training = *training,
                       .adam = {.rate = rate, .decay = decay, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
                       .loss_scale = loss_scale,
                       .ranks = {.count = 1}};
}

static void count_case(struct epoch *epoch, const char *case_name)
{
    epoch->seen_digest = cases_digest(epoch->seen_digest, case_name);
    epoch->seen++;
}

int epoch_skip(struct epoch *epoch, const char *case_name, bool *skipped)
{
    const struct training *done = &epoch->training;
    *skipped = epoch->seen < done->cases_done;
    if (!*skipped)
        return STATUS_OK;
    count_case(epoch, case_name);
    if (epoch->seen == done->cases_done && epoch->seen_digest != done->cases_digest)
        return fail(STATUS_DATA,
                    "the first %" PRIu64 " cases are not those that the interrupted epoch began with",
                    epoch->seen);
    return STATUS_OK;
}

int epoch_pass(struct epoch *epoch, const char *case_name)
{
    bool skipped;
    int status = epoch_skip(epoch, case_name, &skipped);
    if (!status && !skipped)
        count_case(epoch, case_name);
    return status;
}

static int put_labels(struct epoch *epoch, const int size[3], const uint8_t *labels)
{
    const size_t voxels = grid_voxels(size);
    if (voxels != epoch->target_voxels) {
        free(epoch->target);
        epoch->target = malloc(voxels);
        epoch->target_voxels = epoch->target ? voxels : 0;
    }
    if (!epoch->target)
        return fail(STATUS_FAILURE, "out of memory");
    int status = region_bits_of_labels(network_scheme(epoch->network), labels, voxels, epoch->target);
    if (!status)
        network_put_target(epoch->network, epoch->target);
    return status;
}

/* The last bits of results depend on what is recomputed and on the backend: warns when one has changed. */
static void record_setting(char *before, size_t size, const char *now, const char *of_what, bool warns)
{
    if (warns && *before && strcmp(before, now))
        warn("the state was trained with %s '%s', now it is '%s': results may differ in their last bits",
             of_what, before, now);
    snprintf(before, size, "%s", now);
}

static void record_settings(struct epoch *epoch)
{
    struct training *t = &epoch->training;
    record_setting(t->memory, sizeof t->memory, network_current_plan(epoch->network)->choice, "memory",
                   !epoch->settings_recorded);
    record_setting(t->backend, sizeof t->backend, network_backend(epoch->network), "backend",
                   !epoch->settings_recorded);
    epoch->settings_recorded = true;
}

int epoch_put(struct epoch *epoch, const int size[3], const float *image, const uint8_t *labels)
{
    int status = network_resize(epoch->network, size);
    if (status || network_put_prefetched(epoch->network))
        return status;
    if (!(status = put_labels(epoch, size, labels)))
        network_put_image(epoch->network, image);
    return status;
}

/* As TensorFlow's ExponentialMovingAverage with num_updates. */
static double decay_of_step(double decay, double step)
{
    return fmin(decay, (1 + step) / (10 + step));
}

int epoch_gradient(struct epoch *epoch, const char *case_name, struct case_score *score)
{
    int status = network_gradient(epoch->network, epoch->loss_scale, score);
    if (!status && epoch->training.batch > 1)
        status = network_accumulate(epoch->network);
    if (!status)
        count_case(epoch, case_name);
    return status;
}

bool epoch_batch_is_full(const struct epoch *epoch)
{
    return epoch->training.batch < 2 || epoch->seen % (uint64_t)epoch->training.batch == 0;
}

bool epoch_is_inside_batch(const struct epoch *epoch)
{
    return epoch->seen > epoch->training.cases_done;
}

int epoch_update(struct epoch *epoch)
{
    int status = STATUS_OK;
    epoch->adam.step = (double)(epoch->training.step + 1);
    if (epoch->training.batch > 1)
        status = network_join_ranks(epoch->network, (int)(epoch->seen - epoch->training.cases_done));
    if (status || (status = network_update(epoch->network, &epoch->adam)))
        return status;
    const double decay = epoch->training.average_decay;
    if (decay > 0 && (status = network_average(epoch->network, decay_of_step(decay, epoch->adam.step))))
        return status;
    record_settings(epoch);
    epoch->training.step++;
    epoch->training.cases_done = epoch->seen;
    epoch->training.cases_digest = epoch->seen_digest;
    return STATUS_OK;
}

int epoch_complete(struct epoch *epoch)
{
    struct training *training = &epoch->training;
    if (epoch->seen < training->cases_done)
        return fail(STATUS_DATA,
                    "the input ends after %" PRIu64 " cases, the interrupted epoch had done %" PRIu64,
                    epoch->seen, training->cases_done);
    training->epoch++;
    training->cases_done = training->cases_digest = 0;
    return STATUS_OK;
}

void epoch_free(struct epoch *epoch)
{
    free(epoch->target);
    *epoch = (struct epoch){0};
}
