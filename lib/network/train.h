/* Training: an epoch is one Adam step for each labelled case of a stream. It can be interrupted and goes on
 * where it stood; its steps are the rows of a table. */
#ifndef PRUNET_NETWORK_TRAIN_H
#define PRUNET_NETWORK_TRAIN_H

#include "lib/base/output.h"
#include "lib/network/network.h"
#include "lib/stream/record.h"
#include <stdatomic.h>

struct reader; /* lib/stream/reader.h */

struct epoch {
    struct network *network;
    struct training training; /* as a checkpoint written now would have it */
    struct adam adam;         /* rate and decay are the caller's; step is counted here */
    double loss_scale;
    uint64_t seen, seen_digest; /* cases of the stream so far, skipped ones included, and their digest */
    uint8_t *target;            /* region bits of the case that was put */
    size_t target_voxels;
    bool fill_missing;      /* modalities that a case lacks are 0, with a warning, instead of refused */
    bool settings_recorded; /* memory and backend have been compared with the state's */
};

/* Starts, or continues, the epoch after training->epoch. With training->average_decay D the average of the
 * weights moves after step t by the decay min(D, (1 + t) / (10 + t)), so that the first steps do not last.
 * Adam's other constants are beta 0.9 and 0.999, epsilon 1e-8. epoch_free is due afterwards. */
void epoch_begin(struct epoch *epoch, struct network *network, const struct training *training, double rate,
                 double decay, double loss_scale);

/* Sets *skipped when the stream's next case was done before the interruption: then it is only counted, not
 * trained on. After the last of these cases STATUS_DATA when they are not those that the state was trained
 * on. */
int epoch_skip(struct epoch *epoch, const char *case_name, bool *skipped);

/* Puts a case into the network: image (inputs, z, y, x) and labels of its scheme may be freed afterwards.
 * Where a case was prefetched it must be this one. STATUS_DATA and STATUS_FAILURE as network_resize and
 * region_bits_of_labels. */
int epoch_put(struct epoch *epoch, const int size[3], const float *image, const uint8_t *labels);

/* One step on the case that was put. Warns at the first when the state was trained with another choice of
 * memory or another backend. STATUS_FAILURE as network_gradient; the state is then unchanged. */
int epoch_step(struct epoch *epoch, const char *case_name, struct case_score *score);

/* Completes the epoch at the end of the stream. STATUS_DATA when the stream has fewer cases than were done
 * before the interruption. */
int epoch_complete(struct epoch *epoch);

void epoch_free(struct epoch *epoch);

/* A whole stream -------------------------------------------------------------------------------------- */

/* The table's header line for the regions of a scheme. */
int train_print_header(struct output *table, const struct label_scheme *scheme);

/* One step for each case until the end of the input, without those that were done before; during a step
 * the next case is read and prefetched. Writes a row after each step: epoch, step, case, loss, each
 * region's Dice, seconds of the step, seconds waiting for its input. STATUS_OK when the epoch is complete;
 * STATUS_RETRY when *stopping was set: the step under way is finished then, and epoch->training can be
 * saved. Messages name file and case. */
int train_stream(struct epoch *epoch, struct reader *reader, struct output *table,
                 const atomic_bool *stopping);

#endif
