/* A training as it goes on, for a terminal: what its tables and its process say. */
#ifndef PRUNET_REPORT_WATCH_H
#define PRUNET_REPORT_WATCH_H

#include "lib/report/run_scheme.h"
#include <stdint.h>
#include <stdio.h>

struct watch {
    const char *run; /* the folder */
    struct report_table log, times;
    struct run_regions regions; /* of the log */
    size_t epochs;              /* complete */
    size_t goal;                /* epochs that are wanted; 0: not known */
    size_t cases;               /* of an epoch */
    size_t batch;               /* cases of a step */
    size_t steps;               /* cases done in the running epoch */
    double loss;                /* the mean of those; NaN without any */
    double waiting;             /* the share of the time that they waited for their input; NaN without any */
    double step;     /* seconds of a case, of the running epoch or else of the last one; NaN: not known */
    bool validating; /* all steps of the epoch are done */
    bool running;    /* a prunet-step of this run is at work on this host */
    uint64_t memory, memory_peak; /* bytes of that process */
    bool ended;                   /* the goal is reached, or training stopped early */
    char last_note[256];          /* of the journal */
};

enum { WATCH_COLUMNS = 80 };

/* Reads what there is. A table that is just being written is passed over; STATUS_FAILURE where the folder is no run. */
int watch_read(const char *run, struct watch *watch);
void watch_free(struct watch *watch);

/* The state in a few lines of at most `columns` columns, with sparklines of block letters or, without `utf8`, of ASCII.
 * Sets *lines to how many were written; STATUS_FAILURE, and none, where memory ends. */
int watch_draw(FILE *file, const struct watch *watch, int columns, bool utf8, int *lines);

/* One complete epoch in one line: epoch (from 1), loss, Dice. */
void watch_line(FILE *file, const struct watch *watch, size_t epoch);

#endif
