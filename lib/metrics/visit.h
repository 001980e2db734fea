/* Going through predictions and their references, whether they come in files or in a stream. */
#ifndef PRUNET_METRICS_VISIT_H
#define PRUNET_METRICS_VISIT_H

#include "lib/metrics/pairs.h"
#include "lib/metrics/segmentation.h"

/* What is done with each case. A failure's message need not name file and case. */
struct pair_visitor {
    /* Makes room for cases 0 .. count-1; called alone. */
    int (*reserve)(void *self, size_t count);
    /* Looks at case `index`; several at a time, of different indices, where the pairs are files. */
    int (*look)(void *self, size_t index, const char *case_name, const struct segmentation *prediction,
                const struct segmentation *reference);
    /* Case `index` and all before it have been looked at; called alone and in order. NULL: nothing. */
    int (*done)(void *self, size_t index);
    void *self;
};

/* Reads the files of every pair, `threads` pairs at a time. The first failure in the order of the list is the
 * one that is reported, and none after it is done. */
int visit_files(const struct pairs *pairs, enum label_set labels, int threads,
                const struct pair_visitor *visitor);

/* Reads the records of the files (none: stdin). Of each case the first record that is no image is the
 * prediction (prob, label or mask), the second the reference (label or mask); a case without both, with more,
 * or that comes twice, and a stream without a case are STATUS_DATA. `expect_path` as for reader_open. Sets
 * *cases. */
int visit_stream(const char *expect_path, enum label_set labels, int count, char *const *paths,
                 const struct pair_visitor *visitor, size_t *cases);

#endif
