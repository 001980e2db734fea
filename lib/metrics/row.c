#include "lib/metrics/row.h"
#include "lib/base/error.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 2, 3))) static void append(struct row *row, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (row->length < sizeof row->text)
        row->length +=
            (size_t)vsnprintf(row->text + row->length, sizeof row->text - row->length, format, arguments);
    va_end(arguments);
}

void row_begin(struct row *row, enum row_format format)
{
    row->format = format;
    row->length = 0;
}

/* What comes before a value. */
static void append_key(struct row *row, const char *key)
{
    if (row->format == ROW_JSON)
        append(row, "%s\"%s\":", row->length ? "," : "{", key);
    else if (row->length)
        append(row, row->format == ROW_CSV ? "," : "\t");
}

void row_text(struct row *row, const char *key, const char *text)
{
    append_key(row, key);
    append(row, row->format == ROW_JSON ? "\"%s\"" : "%s", text);
}

void row_number(struct row *row, const char *key, double number)
{
    append_key(row, key);
    if (isnan(number)) /* "nan" without a sign */
        append(row, row->format == ROW_JSON ? "null" : "nan");
    else if (isinf(number))
        append(row, row->format == ROW_JSON ? "\"%s\"" : "%s", number > 0 ? "inf" : "-inf");
    else
        append(row, "%.9g", number);
}

void row_count(struct row *row, const char *key, size_t count)
{
    append_key(row, key);
    append(row, "%zu", count);
}

int row_end(struct row *row, struct output *output)
{
    append(row, row->format == ROW_JSON ? "}\n" : "\n");
    if (row->length >= sizeof row->text)
        return fail(STATUS_FAILURE, "a row of a table is longer than %zu bytes", sizeof row->text);
    return output_write(output, row->text, row->length);
}
