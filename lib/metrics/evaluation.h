/* dice-eval, hd95 and brats-eval: one program under three names, from its command line to a table. They
 * differ in the measures that are a row's columns, and in the head of --help. */
#ifndef PRUNET_METRICS_EVALUATION_H
#define PRUNET_METRICS_EVALUATION_H

#include "lib/metrics/measure.h"
#include <stdbool.h>
#include <stddef.h>

struct evaluation_tool {
    const char *name;
    const char *summary; /* what the rows hold, ending where the sentence about files and streams begins */
    const char *example;
    const enum measure *measures; /* the columns, in order */
    size_t measure_count;
    bool statistics; /* --submission, --bootstrap and --against, too */
};

/* The tool's main. Two operands: prediction and reference files; one or none, without --pairs: a stream of
 * records. Messages of failures name file and case. */
int evaluation_main(const struct evaluation_tool *tool, int argc, char **argv);

#endif
