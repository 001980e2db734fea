/* Scoring a record stream as `prunet-infer --pass-label` writes it. */
#ifndef PRUNET_METRICS_EVALUATION_STREAM_H
#define PRUNET_METRICS_EVALUATION_STREAM_H

#include "lib/metrics/score.h"
#include "lib/metrics/table.h"

/* Reads the records of the files (none: stdin). Of each case the first record that is no image is the
 * prediction (prob, label or mask), the second the reference (label or mask); a case without both, with more,
 * or that comes twice is STATUS_DATA. A row a case goes to `table` (NULL: none) as it is scored; *scores, all
 * cases, is the caller's to free, also after a failure. `expect_path` as for reader_open. */
int score_stream(const struct scoring *scoring, const char *expect_path, int count, char *const *paths,
                 const struct table *table, struct case_scores **scores, size_t *cases);

#endif
