/* The frame of the record filters (crop, standardize, augment, regions): a stream in, a stream out. */
#ifndef PRUNET_VOLUME_FILTER_H
#define PRUNET_VOLUME_FILTER_H

#include "lib/base/options.h"
#include "lib/stream/storage.h"

struct filter {
    /* Changes one record in place; a failure's message need not name file and case. */
    int (*apply)(void *self, struct record *record);
    void *self;
    const char *output;           /* a path, or NULL: stdout */
    uint64_t max_bytes;           /* largest payload of a record; 0: the reader's default */
    struct storage_choice stored; /* how the records are written */
    const char *digests;          /* a table of the digests that the files must have, or NULL */
};

/* The options that every filter has, for `common` of struct tool. */
#define FILTER_OPTIONS(filter) .output = &(filter).output, .max_bytes = &(filter).max_bytes

/* Reads the records of the files (none: stdin), applies the filter and writes them; the output is committed
 * only after a complete end of input. Messages of failures name the file and the case. */
int filter_run(const struct filter *filter, int count, char *const *paths);

#endif
