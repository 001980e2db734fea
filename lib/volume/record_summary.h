/* What a record holds, in numbers: for people who look at a stream. */
#ifndef PRUNET_VOLUME_RECORD_SUMMARY_H
#define PRUNET_VOLUME_RECORD_SUMMARY_H

#include "lib/stream/record.h"

enum { CHECKS_SIZE = 128 };

struct record_summary {
    double min, max, mean; /* of all finite samples of all channels; 0 without any */
    size_t non_finite;
    size_t other_labels; /* finite samples of a label record that are not labels of records */
};

void record_summarize(const struct record *record, struct record_summary *summary);

/* What is remarkable, in words with commas between: foreign, no-grid, misplaced, resampled, non-finite:N, labels:N,
 * empty (all samples 0); "ok" when nothing is. */
void record_checks(const struct record *record, const struct record_summary *summary,
                   char checks[CHECKS_SIZE]);

#endif
