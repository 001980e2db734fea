#include "lib/network/epoch.h"
#include "lib/base/error.h"
#include "lib/network/prefetch.h"
#include <inttypes.h>
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
                       .loss_scale = loss_scale};
}

static void see(struct epoch *epoch, const char *case_name)
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
    see(epoch, case_name);
    if (epoch->seen == done->cases_done && epoch->seen_digest != done->cases_digest)
        return fail(STATUS_DATA,
                    "the first %" PRIu64 " cases are not those that the interrupted epoch began with",
                    epoch->seen);
    return STATUS_OK;
}

static int put_labels(struct epoch *epoch, const int size[3], const uint8_t *labels)
{
    size_t voxels = (size_t)size[0] * (size_t)size[1] * (size_t)size[2];
    if (voxels != epoch->target_voxels) {
        free(epoch->target);
        epoch->target = malloc(voxels);
        epoch->target_voxels = epoch->target ? voxels : 0;
    }
    if (!epoch->target)
        return fail(STATUS_FAILURE, "out of memory");
    int status = target_from_labels(voxels, labels, epoch->target);
    if (!status)
        network_put_target(epoch->network, epoch->target);
    return status;
}

/* A run should not change its mind: what is kept or recomputed, and what computes, decides the last bits. */
static void note(char *before, size_t size, const char *now, const char *of_what, bool warns)
{
    if (warns && *before && strcmp(before, now))
        warn("the state was trained with %s '%s', now it is '%s': results may differ in their last bits",
             of_what, before, now);
    snprintf(before, size, "%s", now);
}

static void note_circumstances(struct epoch *epoch)
{
    struct training *t = &epoch->training;
    note(t->memory, sizeof t->memory, network_current_plan(epoch->network)->choice, "memory", !epoch->noted);
    note(t->backend, sizeof t->backend, network_backend(epoch->network), "backend", !epoch->noted);
    epoch->noted = true;
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

int epoch_step(struct epoch *epoch, const char *case_name, struct case_score *score)
{
    int status = network_gradient(epoch->network, epoch->loss_scale, score);
    if (status)
        return status;
    epoch->adam.step = (double)(epoch->training.step + 1);
    if ((status = network_update(epoch->network, &epoch->adam)))
        return status;
    note_circumstances(epoch);
    see(epoch, case_name);
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
