/* The memory plans of one network as a table. */
#ifndef PRUNET_NETWORK_MEMORY_REPORT_H
#define PRUNET_NETWORK_MEMORY_REPORT_H

#include "kernels/kernels.h"
#include "lib/base/output.h"
#include "lib/network/architecture.h"
#include "lib/network/plan.h"

struct memory_report {
    struct output *output;
    bool json;    /* JSON Lines instead of tab-separated values */
    bool buffers; /* also every buffer and every step */
};

/* Prints the header line; nothing with json. */
int memory_report_header(const struct memory_report *report);

/* Prints the rows of one placed plan: run ("training", "inference"), item, name, bytes, MiB, offset, first
 * and last step. Items: `total`; `choice`, bytes of the saved inputs; `peak`, the buffers alive at the
 * peak, largest first, those below 1 MiB together; and with `buffers` also `resident`, `buffer` and
 * `step`. */
int memory_report_plan(const struct memory_report *report, const char *run, const struct plan *plan);

/* One row of a size. */
int memory_report_row(const struct memory_report *report, const char *run, const char *item, const char *name,
                      size_t bytes);

/* Prints rows whose run is `paper`: the terms of equation 4 (paper_memory.h), for a reversible network,
 * and of equation 3. STATUS_FAILURE without memory. */
int memory_report_paper(const struct memory_report *report, const struct architecture *architecture,
                        const int size[3]);

#endif
