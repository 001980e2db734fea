/* Labelled cases read ahead: a thread of its own reads the next case while the present one is used, so
 * that a pipe moves its data meanwhile. */
#ifndef PRUNET_VOLUME_LABELLED_AHEAD_H
#define PRUNET_VOLUME_LABELLED_AHEAD_H

#include "lib/volume/labelled.h"

struct labelled_ahead; /* opaque */

/* What else can be done with a case by the thread that has read it. */
typedef void labelled_prepare(void *self, const struct labelled_case *labelled);

/* Starts to read; the caller must not use the reader again until labelled_ahead_close. `prepare` may be
 * NULL. *ahead is set only on success. */
int labelled_ahead_open(struct labelled_ahead **ahead, struct reader *reader, labelled_prepare *prepare,
                        void *self);

/* As labelled_next, in the same order with the same errors; the thread waits until labelled_ahead_proceed.
 * *name is the file that the case came from, for messages. It is not called again after an error or
 * the end. */
int labelled_ahead_next(struct labelled_ahead *ahead, struct labelled_case *labelled, const char **name,
                        bool *got);

/* Lets the thread read, and prepare, the case after the one that was got last. */
void labelled_ahead_proceed(struct labelled_ahead *ahead);

/* Ends the reading and frees a case that was read but not asked for. Where the reader waits for a pipe,
 * its stop descriptor must be readable, or this waits too: see stop_waiting of lib/base/stop.h. */
void labelled_ahead_close(struct labelled_ahead *ahead);

#endif
