/* A row of a table of numbers: cells between tabs or commas, or an object of JSON Lines, from the same
 * calls. Undefined numbers are "nan", infinite ones "inf"; null and "inf" in JSON. */
#ifndef PRUNET_METRICS_ROW_H
#define PRUNET_METRICS_ROW_H

#include "lib/base/output.h"
#include <stddef.h>

enum row_format { ROW_TSV, ROW_CSV, ROW_JSON };

struct row {
    enum row_format format;
    size_t length;
    char text[16384];
};

/* What follows fills it from the left. */
void row_begin(struct row *row, enum row_format format);

/* Keys are for JSON. Names are such that JSON need not escape them: those of cases, regions, measures and
 * conventions. */
void row_text(struct row *row, const char *key, const char *text);
void row_number(struct row *row, const char *key, double number); /* 9 digits */
void row_count(struct row *row, const char *key, size_t count);

/* Writes it with its line break. STATUS_FAILURE for a row that is too long. */
int row_end(struct row *row, struct output *output);

#endif
