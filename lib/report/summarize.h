/* Making the summaries of cases from predictions, references and images. */
#ifndef PRUNET_REPORT_SUMMARIZE_H
#define PRUNET_REPORT_SUMMARIZE_H

#include "lib/metrics/pairs.h"
#include "lib/metrics/visit.h"
#include "lib/report/case_summary.h"

struct summarize_options {
    const struct scoring *scoring;
    const char *images; /* a folder of records CASE.nrrd, for the pictures; NULL: they have a black ground */
    const char *assessments; /* a folder of CASE.tsv of prunet-infer --assess; NULL: none */
    uint64_t max_bytes;      /* largest record or volume; 0: 4 GiB */
    int threads;             /* cases at a time */
};

/* What a report's scores are of: a convention (NULL: brats), and labels as scoring_choose_labels. */
int summarize_scoring(const char *convention, const char *scheme, bool mask, struct scoring *scoring);

/* Reads and summarizes the pairs, in their order. A case without a record in `images` has a black ground. *summaries is to
 * be freed only on success. Errors as visit_files, and of a record that cannot be read. */
int summarize_pairs(const struct summarize_options *options, const struct pairs *pairs,
                    struct case_summaries *summaries);

#endif
