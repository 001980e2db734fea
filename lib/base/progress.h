/* Progress of long work on stderr: one line that rewrites itself on a terminal (count, case, percent, rate,
 * time left), elsewhere a line for each with -v; nothing with -q. */
#ifndef PRUNET_BASE_PROGRESS_H
#define PRUNET_BASE_PROGRESS_H

#include <stddef.h>

struct progress {
    const char *unit; /* "step", "case": what is counted */
    size_t total;     /* 0 when unknown */
    size_t done;
    double started; /* clock_seconds at progress_start */
    double shown;   /* at the last rewriting; 0: no line is there */
};

void progress_start(struct progress *progress, const char *unit, size_t total);

/* One more unit is finished; `name` is the case, `detail` a few words such as "loss 0.412", or NULL. */
void progress_advance(struct progress *progress, const char *name, const char *detail);

/* Clears the rewritten line, so that what follows starts at column one. */
void progress_end(struct progress *progress);

/* Seconds on the monotonic clock. */
double clock_seconds(void);

#endif
