/* Progress of long work on stderr: one line that rewrites itself on a terminal (record, case, percent, rate,
 * time left), a line a record with -v otherwise, nothing with -q. */
#ifndef PRUNET_BASE_PROGRESS_H
#define PRUNET_BASE_PROGRESS_H

#include <stddef.h>

struct progress {
    const char *unit; /* "step", "case": what is counted */
    size_t total;     /* 0 when unknown */
    size_t done;
    double started; /* seconds, monotonic */
    double shown;
};

void progress_start(struct progress *progress, const char *unit, size_t total);

/* One more unit is finished; `name` is the case, `detail` a few words such as "loss 0.412", or NULL. */
void progress_advance(struct progress *progress, const char *name, const char *detail);

/* Clears the rewritten line, so that what follows starts at column one. */
void progress_end(struct progress *progress);

/* Seconds on the monotonic clock. */
double clock_seconds(void);

#endif
