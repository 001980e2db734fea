#include "lib/report/table.h"
#include "lib/base/error.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The whole file with a NUL behind it. */
static int read_text(const char *path, char **text, size_t *length)
{
    FILE *file = fopen(path, "re");
    size_t capacity = 0;
    *text = NULL;
    *length = 0;
    if (!file)
        return errno == ENOENT ? STATUS_OK : fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    for (size_t got = 1; got;) {
        if (capacity - *length < 2) {
            char *more = realloc(*text, capacity = 2 * capacity + 65536);
            if (!more) {
                fclose(file);
                return fail(STATUS_FAILURE, "%s: out of memory", path);
            }
            *text = more;
        }
        got = fread(*text + *length, 1, capacity - *length - 1, file);
        *length += got;
    }
    const bool failed = ferror(file);
    (*text)[*length] = 0;
    fclose(file);
    return failed ? fail_errno(STATUS_FAILURE, "%s: cannot read", path) : STATUS_OK;
}

/* How often a character is in the first line, or in the whole text. */
static size_t count_in(const char *text, size_t length, char character, bool line)
{
    size_t count = 0;
    for (size_t i = 0; i < length && !(line && text[i] == '\n'); i++)
        count += text[i] == character;
    return count;
}

static int cut(const char *path, struct report_table *table, size_t length, bool lines)
{
    char *at = table->text, *end = at + length;
    while (at < end) {
        char *newline = memchr(at, '\n', (size_t)(end - at)), *stop = newline ? newline : end;
        *stop = 0;
        for (size_t c = 0; c < table->columns; c++) {
            char *tab = lines ? NULL : memchr(at, '\t', (size_t)(stop - at));
            if ((c + 1 < table->columns) != (tab != NULL))
                return fail(STATUS_DATA, "%s: line %zu has not %zu cells", path, table->rows + 1,
                            table->columns);
            table->cells[table->rows * table->columns + c] = at;
            if (tab)
                *tab = 0;
            at = tab ? tab + 1 : at;
        }
        table->rows++;
        at = stop + 1;
    }
    return STATUS_OK;
}

static int read_cells(const char *path, struct report_table *table, bool lines)
{
    size_t length;
    *table = (struct report_table){0};
    int status = read_text(path, &table->text, &length);
    if (!status && length && memchr(table->text, 0, length))
        status = fail(STATUS_DATA, "%s: is no text: it holds a NUL", path);
    if (!status && length) {
        const size_t count = count_in(table->text, length, '\n', false) + 1;
        table->columns = lines ? 1 : count_in(table->text, length, '\t', true) + 1;
        table->cells = calloc(count, table->columns * sizeof *table->cells);
        status =
            table->cells ? cut(path, table, length, lines) : fail(STATUS_FAILURE, "%s: out of memory", path);
    }
    if (status)
        report_table_free(table);
    return status;
}

int report_table_read(const char *path, struct report_table *table)
{
    return read_cells(path, table, false);
}

int report_lines_read(const char *path, struct report_table *table)
{
    return read_cells(path, table, true);
}

void report_table_free(struct report_table *table)
{
    free(table->text);
    free(table->cells);
    *table = (struct report_table){0};
}

const char *report_cell(const struct report_table *table, size_t row, int column)
{
    const bool there = row < table->rows && column >= 0 && (size_t)column < table->columns;
    return there ? table->cells[row * table->columns + (size_t)column] : "";
}

int report_column(const struct report_table *table, const char *name)
{
    for (size_t c = 0; table->rows && c < table->columns; c++)
        if (!strcmp(report_cell(table, 0, (int)c), name))
            return (int)c;
    return -1;
}

double number_of(const char *text)
{
    char *end;
    const double value = strtod(text, &end);
    return end == text || *end ? NAN : value;
}

double report_number(const struct report_table *table, size_t row, int column)
{
    return number_of(report_cell(table, row, column));
}

const char *report_value(const struct report_table *table, const char *key, const char *otherwise)
{
    for (size_t row = 0; row < table->rows; row++)
        if (!strcmp(report_cell(table, row, 0), key) && *report_cell(table, row, 1))
            return report_cell(table, row, 1);
    return otherwise;
}
