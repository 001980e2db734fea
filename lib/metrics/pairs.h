/* Lists of predictions and references to compare. */
#ifndef PRUNET_METRICS_PAIRS_H
#define PRUNET_METRICS_PAIRS_H

#include "lib/stream/case_names.h"
#include <stdbool.h>
#include <stddef.h>

struct pair {
    char case_name[CASE_NAME_SIZE];
    char *prediction, *reference; /* paths */
};

struct pairs {
    struct pair *items;
    size_t count, capacity;
};

/* Reads a table without header, a line a case: "CASE PREDICTION REFERENCE" or "PREDICTION REFERENCE",
 * separated by tabs, or by spaces where the line has no tab; empty lines and those that start with # are
 * skipped, "-" is stdin. Without CASE the name is that of the prediction's file. STATUS_DATA for a malformed
 * line, a bad, repeated or reserved name, or no case at all; `expect_path` (or NULL) is a list of the names
 * that must be there, in order. */
int pairs_read(const char *path, const char *expect_path, struct pairs *pairs);

/* One pair; the case is named after the prediction's file. */
int pairs_single(const char *prediction, const char *reference, struct pairs *pairs);

void pairs_free(struct pairs *pairs);

/* Whether a table's summary has a row of this name, which no case can have then: "mean", "median" ... */
bool case_name_reserved(const char *name);

#endif
