/* Memory plans as tables: of one network, and of all rows of the paper's Table 1. */
#ifndef PRUNET_NETWORK_PLAN_TABLE_H
#define PRUNET_NETWORK_PLAN_TABLE_H

#include "kernels/kernels.h"
#include "lib/base/output.h"
#include "lib/network/architecture.h"
#include "lib/network/plan.h"

struct plan_table {
    struct output *output;
    bool json;    /* JSON Lines instead of tab-separated values */
    bool buffers; /* also every buffer and every event */
};

/* The header line of the table of one network; none with json. */
int plan_table_header(const struct plan_table *table);

/* Rows of one placed plan: run ("training", "inference"), item, name, bytes, MiB, offset, first and last
 * event. Items: `total`; `choice`, bytes of the kept inputs; `peak`, the buffers alive at the peak, largest
 * first, those below 1 MiB together; and with `buffers` also `resident`, `buffer` and `event`. */
int plan_table_print(const struct plan_table *table, const char *run, const struct plan *plan);

/* Rows of the run `paper`: the terms of equation 4, for a reversible network, and of equation 3. */
int plan_table_print_model(const struct plan_table *table, const struct architecture *architecture,
                           const int size[3]);

/* The rows of Table 1: the paper's MiB, the model of its equation, and ours, in MiB, with what explains the
 * difference. find: the backend for a network. */
typedef int kernels_finder(const struct kernels **kernels, const struct architecture *architecture);
int plan_table1_print(const struct plan_table *table, kernels_finder *find, bool header);

#endif
