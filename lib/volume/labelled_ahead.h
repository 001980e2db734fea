/* Labelled cases read by a thread of their own, one ahead of whoever uses them: a pipe then moves its data
 * while the case before is worked on. */
#ifndef PRUNET_VOLUME_LABELLED_AHEAD_H
#define PRUNET_VOLUME_LABELLED_AHEAD_H

#include "lib/volume/labelled.h"

struct labelled_ahead; /* opaque */

/* What else can be done with a case by the thread that has read it. */
typedef void labelled_prepare(void *self, const struct labelled_case *labelled);

/* Starts to read; the reader is not the caller's again until labelled_ahead_close. prepare: NULL is nothing.
 * *ahead is set only on success. */
int labelled_ahead_open(struct labelled_ahead **ahead, struct reader *reader, labelled_prepare *prepare,
                        void *self);

/* As labelled_next, in the same order with the same errors; the thread rests until labelled_ahead_proceed.
 * *name is the file that the case came from, for messages. After an error or the end there is no further
 * call. */
int labelled_ahead_next(struct labelled_ahead *ahead, struct labelled_case *labelled, const char **name,
                        bool *got);

/* The case after the one got last is read, and prepared. */
void labelled_ahead_proceed(struct labelled_ahead *ahead);

/* Ends the reading and drops what nobody asked for. Where a reader waits for a pipe that is silent, its stop
 * descriptor must be readable, or this waits too: see stop_waiting of lib/base/stop.h. */
void labelled_ahead_close(struct labelled_ahead *ahead);

#endif
