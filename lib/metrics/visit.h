/* Going through predictions and their references, whether they come in files or in a stream. */
#ifndef PRUNET_METRICS_VISIT_H
#define PRUNET_METRICS_VISIT_H

#include "lib/metrics/pairs.h"
#include "lib/metrics/segmentation.h"

/* How predictions and references are read. */
struct visit_options {
    enum label_set labels;
    const char *expect; /* a stream: file of the case names that must be there, in order; or NULL */
    uint64_t max_bytes; /* largest record or volume; 0: 4 GiB */
    int threads;        /* files: pairs at a time; at least 1 */
};

/* What is done with each case. A failure's message need not name file and case. */
struct pair_visitor {
    /* Allocates for cases 0 .. count-1; called alone. */
    int (*reserve)(void *self, size_t count);
    /* Scores case `index`; several at a time, of different indices, where the pairs are files. */
    int (*score)(void *self, size_t index, const char *case_name, const struct segmentation *prediction,
                 const struct segmentation *reference);
    /* Case `index` and all before it have been scored; called alone and in order. NULL: nothing. */
    int (*done)(void *self, size_t index);
    void *self;
};

/* Reads the files of every pair. The first failure in the order of the list is the one that is reported, and
 * no case after it is done. */
int visit_files(const struct pairs *pairs, const struct visit_options *options,
                const struct pair_visitor *visitor);

/* Reads the records of the files (none: stdin). Of each case the first record that is no image is the
 * prediction (prob, label or mask), the second the reference (label or mask); a case without both, with more,
 * or that comes twice, and a stream without a case are STATUS_DATA. Sets *cases. */
int visit_stream(const struct visit_options *options, int count, char *const *paths,
                 const struct pair_visitor *visitor, size_t *cases);

#endif
