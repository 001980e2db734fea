/* The work that dice-eval, hd95 and brats-eval share: from command line operands to a table. */
#ifndef PRUNET_METRICS_EVALUATION_H
#define PRUNET_METRICS_EVALUATION_H

#include "lib/base/options.h"
#include "lib/metrics/measure.h"

/* What the command line says; zero is every default but the header, which is on. */
struct evaluation {
    const enum measure *measures; /* the tool's columns */
    size_t measure_count;
    const char *convention; /* NULL: brats */
    const char *labels;     /* NULL: 2018 */
    bool mask;
    const char *pairs, *expect, *output;
    bool summary, no_summary, json, header;
    int threads; /* 0: PRUNET_THREADS, else OMP_NUM_THREADS, else all */
    /* brats-eval only */
    bool submission;
    const char *against; /* a second set of pairs */
    int draws;           /* of the bootstrap, 0: none */
    uint64_t seed;
};

#define EVALUATION_USAGE "[OPTION...] PREDICTION REFERENCE\n[OPTION...] --pairs FILE\n[OPTION...] [STREAM]"

#define EVALUATION_OPTIONS(e)                                                                                  \
    {"convention", 'c', OPTION_TEXT, &(e).convention, "NAME", "whose definitions, see below (brats)"},         \
        {"labels", 0, OPTION_TEXT, &(e).labels, "YEAR", "2018: enhancing tumour is 4; 2023: 3 or 4 (2018)"},   \
        {"mask", 0, OPTION_FLAG, &(e).mask, NULL, "one region, mask: all voxels that are not 0"},              \
        {"pairs", 'p', OPTION_TEXT, &(e).pairs, "FILE", "lines of [CASE] PREDICTION REFERENCE, tabs between"}, \
        {"expect", 0, OPTION_TEXT, &(e).expect, "FILE", "names of the cases that must come, in order"},        \
        {"summary", 0, OPTION_FLAG, &(e).summary, NULL, "mean, sd, ... after the cases of a stream, too"},     \
        {"no-summary", 0, OPTION_FLAG, &(e).no_summary, NULL, "nor after those of --pairs"},                   \
        {"json", 0, OPTION_FLAG, &(e).json, NULL, "JSON Lines instead of TSV"},                                \
        {"no-header", 0, OPTION_NO, &(e).header, NULL, "no header line"},                                      \
        {"threads", 't', OPTION_INTEGER, &(e).threads, "N", "cases of --pairs at a time (all cores)"},         \
    {                                                                                                          \
        "output", 'o', OPTION_TEXT, &(e).output, "FILE", "write to FILE, whole or not at all (stdout)"         \
    }

/* The conventions' names and what they are, for --help; static memory, the same text every time. */
const char *evaluation_notes(void);

/* Two operands: prediction and reference files. One or none, without pairs: a stream of records. Messages of
 * failures name file and case. */
int evaluation_run(const struct evaluation *evaluation, int count, char *const *operands);

#endif
