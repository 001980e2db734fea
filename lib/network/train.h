/* Training on a stream of labelled cases: an epoch whose cases are the rows of a table. */
#ifndef PRUNET_NETWORK_TRAIN_H
#define PRUNET_NETWORK_TRAIN_H

#include "lib/base/output.h"
#include "lib/network/epoch.h"
#include "lib/stream/record.h"
#include <stdatomic.h>

struct reader; /* lib/stream/reader.h */

/* The table's header line for the regions of a scheme. */
int train_print_header(struct output *table, const struct label_scheme *scheme);

/* One step for each batch of cases until the end of the input, without those that were done before; during a
 * case the next one is read and prefetched. Writes after each step a row for each of its cases: epoch, step,
 * case, loss, each region's Dice, seconds of the case (of a batch's last one those of the step, too), seconds
 * waiting for its input. STATUS_OK when the epoch is complete; STATUS_RETRY when *stopping was set: the case
 * under way is finished then, and its batch dropped unless that was its last one; epoch->training can be saved.
 * Messages name file and case.
 *
 * With several epoch->ranks the reader has a share of the cases that it expects; all ranks return the same, unless one
 * fails: then ranks_abort is due. The first rank alone writes rows, of all cases. *stopping of one is for all, and
 * their batch is dropped. */
int train_stream(struct epoch *epoch, struct reader *reader, struct output *table,
                 const atomic_bool *stopping);

#endif
