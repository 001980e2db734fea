/* Tables (TSV) of a run, by the names of their columns. */
#ifndef PRUNET_REPORT_TABLE_H
#define PRUNET_REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

struct report_table {
    char *text;   /* the file, cut into cells */
    char **cells; /* (rows, columns); the first row is that of the names, where there is one */
    size_t rows, columns;
};

/* Reads a table whose rows have as many cells as the first; the last line may be without its end. A file that is not there
 * is a table without rows. STATUS_DATA, naming file and line, for a row of another length or one that holds a NUL. */
int report_table_read(const char *path, struct report_table *table);

/* The lines of a text as a table of one column. */
int report_lines_read(const char *path, struct report_table *table);
void report_table_free(struct report_table *table);

/* The column of a name in the first row; -1 for none. */
int report_column(const struct report_table *table, const char *name);

/* A cell; "" where there is no such row or column. Rows count from 0, that of the names. */
const char *report_cell(const struct report_table *table, size_t row, int column);

/* The same as a number; NaN for what is none. */
double report_number(const struct report_table *table, size_t row, int column);

/* Of a table of keys and values without names: the value of a key, or `otherwise`. */
const char *report_value(const struct report_table *table, const char *key, const char *otherwise);

/* A text as a finite number, "inf" or "nan"; NaN for anything else. */
double number_of(const char *text);

#endif
