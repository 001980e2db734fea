/* An epoch of training, case by case: an Adam step for each batch of labelled cases, of one case by default. It
 * can be interrupted between two steps and goes on where it stood.
 *
 *     epoch_begin; for each case epoch_skip, epoch_put, epoch_gradient;
 *     epoch_update where epoch_batch_is_full, and at the end where epoch_is_inside_batch;
 *     epoch_complete, epoch_free. */
#ifndef PRUNET_NETWORK_EPOCH_H
#define PRUNET_NETWORK_EPOCH_H

#include "lib/network/network.h"
#include "lib/network/network_case.h"
#include "lib/network/ranks.h"

struct epoch {
    struct network *network;
    struct training training; /* as a checkpoint written now would have it */
    struct adam adam;         /* rate and decay are the caller's; step is counted here */
    double loss_scale;
    uint64_t seen, seen_digest; /* cases of the stream so far, skipped ones included, and their digest */
    uint8_t *target;            /* region bits of the case that was put */
    size_t target_voxels;
    struct ranks ranks;     /* that train together; one alone by default */
    bool fill_missing;      /* modalities that a case lacks are 0, with a warning, instead of refused */
    bool settings_recorded; /* memory and backend have been compared with the state's */
};

/* Starts, or continues, the epoch after training->epoch, in batches of training->batch cases. With
 * training->average_decay D the average of the weights moves after step t by the decay
 * min(D, (1 + t) / (10 + t)), so that the first steps do not last.
 * Adam's other constants are beta 0.9 and 0.999, epsilon 1e-8. epoch_free is due afterwards. */
void epoch_begin(struct epoch *epoch, struct network *network, const struct training *training, double rate,
                 double decay, double loss_scale);

/* Sets *skipped when the stream's next case was done before the interruption: then it is only counted, not
 * trained on. After the last of these cases STATUS_DATA when they are not those that the state was trained
 * on. */
int epoch_skip(struct epoch *epoch, const char *case_name, bool *skipped);

/* Counts the stream's next case, done before the interruption or not: another rank trains on it. Errors as
 * epoch_skip. */
int epoch_pass(struct epoch *epoch, const char *case_name);

/* Puts a case into the network: image (inputs, z, y, x) and labels of its scheme may be freed afterwards.
 * Where a case was prefetched it must be this one. STATUS_DATA and STATUS_FAILURE as network_resize and
 * region_bits_of_labels. */
int epoch_put(struct epoch *epoch, const int size[3], const float *image, const uint8_t *labels);

/* The gradient of the case that was put; with training.batch above 1, in a network opened for BATCHES, it is
 * added to those of its batch. STATUS_FAILURE as network_gradient and network_accumulate; the weights are then
 * unchanged. */
int epoch_gradient(struct epoch *epoch, const char *case_name, struct case_score *score);

/* Whether the cases seen make whole batches; the last batch of an epoch may have fewer. */
bool epoch_batch_is_full(const struct epoch *epoch);

/* Whether there are gradients that no step was made with yet. */
bool epoch_is_inside_batch(const struct epoch *epoch);

/* One step with the mean of the gradients since the last, of all ranks. Warns at the first when the state was trained with
 * another choice of memory or another backend. STATUS_FAILURE when the backend failed. */
int epoch_update(struct epoch *epoch);

/* Completes the epoch at the end of the stream. STATUS_DATA when the stream has fewer cases than were done
 * before the interruption. */
int epoch_complete(struct epoch *epoch);

void epoch_free(struct epoch *epoch);

#endif
