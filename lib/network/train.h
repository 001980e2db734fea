/* Training over a stream of labelled cases, with a table of its steps. */
#ifndef PRUNET_NETWORK_TRAIN_H
#define PRUNET_NETWORK_TRAIN_H

#include "lib/base/output.h"
#include "lib/network/epoch.h"
#include "lib/stream/record.h"
#include <signal.h>

struct reader; /* lib/stream/reader.h */

/* The table's header line. */
int train_print_header(struct output *table);

/* One step for each case until the end of the input, passing over those that were done before, while the
 * next case is read and brought to the device if there is one (prefetch.h); a row a step, written as the step
 * is finished: epoch, step, case, loss, the three regions' Dice, seconds of the step, seconds waiting for its
 * input. STATUS_OK when the epoch is complete; STATUS_RETRY when *stopping was set: the step under way is
 * finished then, and epoch->training can be saved. Messages name file and case. */
int train_stream(struct epoch *epoch, struct reader *reader, struct output *table,
                 const volatile sig_atomic_t *stopping);

#endif
