#include "lib/base/aligned.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/base/progress.h"
#include <stdlib.h>
#include <string.h>

static const double WAITED = 0.5; /* seconds between rows that do not come at once */
enum { GAP = 2, HELD_MAX = 1 << 20 };

/* The end of the cell that begins at `cell`, in a line that ends at `end`. */
static const char *cell_end(const char *cell, const char *end)
{
    const char *tab = memchr(cell, '\t', (size_t)(end - cell));
    return tab ? tab : end;
}

/* Characters of UTF-8. */
static int characters(const char *cell, const char *end)
{
    int count = 0;
    for (; cell < end; cell++)
        count += (*cell & 0xc0) != 0x80;
    return count;
}

/* A number, or "-", "nan", "inf", which stand for one. */
static bool is_number(const char *cell, const char *end)
{
    char text[32] = "", *rest;
    const size_t length = (size_t)(end - cell);
    if (length >= sizeof text)
        return false;
    memcpy(text, cell, length);
    strtod(text, &rest);
    return !*rest || !strcmp(text, "-");
}

static void measure(struct aligned *table, const char *line, const char *end)
{
    int column = 0;
    for (const char *cell = line, *after; column < ALIGNED_COLUMNS; cell = after + 1, column++) {
        after = cell_end(cell, end);
        table->width[column] = int_max(table->width[column], characters(cell, after));
        if (table->names_seen && !is_number(cell, after))
            table->is_text[column] = true;
        if (after == end)
            break;
    }
    table->names_seen = true;
}

static int write_blanks(int count, aligned_write write, void *self)
{
    static const char blanks[] = "                                                                ";
    int status = STATUS_OK;
    for (; count > 0 && !status; count -= (int)sizeof blanks - 1)
        status = write(self, blanks, (size_t)int_min(count, (int)sizeof blanks - 1));
    return status;
}

/* One line without its end; the last cell has no blanks behind it. */
static int write_cells(const struct aligned *table, const char *line, const char *end, aligned_write write,
                       void *self)
{
    int status = STATUS_OK, column = 0;
    for (const char *cell = line, *after; !status; cell = after + 1, column++) {
        after = cell_end(cell, end);
        const int blanks = column < ALIGNED_COLUMNS ? table->width[column] - characters(cell, after) : 0;
        const bool right = column < ALIGNED_COLUMNS && !table->is_text[column];
        if (right)
            status = write_blanks(blanks, write, self);
        if (!status)
            status = write(self, cell, (size_t)(after - cell));
        if (after == end)
            break;
        if (!status)
            status = write_blanks(GAP + (right ? 0 : blanks), write, self);
    }
    return status;
}

/* Passes on the lines that end before `limit`. */
static int pass_on(struct aligned *table, size_t limit, aligned_write write, void *self)
{
    const char *const text = table->text, *const stop = text + limit;
    int status = STATUS_OK;
    for (const char *line = text, *end; line < stop; line = end + 1) {
        end = memchr(line, '\n', (size_t)(stop - line));
        if (memchr(line, '\t', (size_t)(end - line)))
            measure(table, line, end);
    }
    for (const char *line = text, *end; line < stop && !status; line = end + 1) {
        end = memchr(line, '\n', (size_t)(stop - line));
        status = memchr(line, '\t', (size_t)(end - line)) ? write_cells(table, line, end, write, self)
                                                          : write(self, line, (size_t)(end - line));
        if (!status)
            status = write(self, "\n", 1);
    }
    table->length -= limit;
    memmove(table->text, stop, table->length);
    return status;
}

/* The bytes up to the end of the last whole line. */
static size_t whole_lines(const struct aligned *table)
{
    const char *end = table->length ? memrchr(table->text, '\n', table->length) : NULL;
    return end ? (size_t)(end - table->text) + 1 : 0;
}

int aligned_add(struct aligned *table, const void *bytes, size_t count, aligned_write write, void *self)
{
    const double now = clock_seconds();
    if (table->last > 0 && now - table->last > WAITED)
        table->passes = true;
    table->last = now;
    int status = array_grow(&table->text, &table->capacity, table->length + count, 1);
    if (status)
        return status;
    memcpy(table->text + table->length, bytes, count);
    table->length += count;
    const size_t limit = whole_lines(table);
    return limit && (table->passes || table->length > HELD_MAX) ? pass_on(table, limit, write, self)
                                                                : STATUS_OK;
}

int aligned_end(struct aligned *table, aligned_write write, void *self)
{
    int status = STATUS_OK;
    const size_t limit = whole_lines(table);
    if (limit)
        status = pass_on(table, limit, write, self);
    if (!status && table->length)
        status = write(self, table->text, table->length);
    free(table->text);
    *table = (struct aligned){0};
    return status;
}
