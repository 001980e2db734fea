#include "lib/metrics/assignment.h"
#include "lib/base/error.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

static const double COST_APART = 1 + 1e-6;

struct row {
    size_t first; /* of its candidates */
    double u;     /* dual variable */
    int32_t column;
    bool seen; /* by the search that goes on */
};

struct column {
    double cost; /* of the row that is looked at */
    double v;
    double path;    /* length of the shortest path to this column */
    int32_t before; /* the row before it on that path */
    int32_t row;
    int32_t open; /* not of this column: a list of the columns whose path is not final */
    bool seen;
};

/* At most as many rows as columns. */
struct problem {
    int rows, columns;
    const struct candidate *candidates;
    struct row *row;       /* [rows + 1] */
    struct column *column; /* [columns] */
};

static void set_costs(const struct problem *p, int32_t row)
{
    for (int32_t j = 0; j < p->columns; j++)
        p->column[j].cost = COST_APART;
    for (size_t k = p->row[row].first; k < p->row[row + 1].first; k++)
        p->column[p->candidates[k].column].cost = 1 - p->candidates[k].gain;
}

/* Shortens the paths to the open columns by one that leads over `row`, itself `length` away, and returns
 * where in the list the nearest of them stands; among equals a column that has no row. */
static int32_t relax(struct problem *p, int32_t row, double length, int32_t open_count)
{
    double lowest = INFINITY;
    int32_t nearest = -1;
    set_costs(p, row);
    for (int32_t at = 0; at < open_count; at++) {
        struct column *c = &p->column[p->column[at].open];
        const double path = length + c->cost - p->row[row].u - c->v;
        if (path < c->path) {
            c->before = row;
            c->path = path;
        }
        if (c->path < lowest || (c->path == lowest && c->row < 0)) {
            lowest = c->path;
            nearest = at;
        }
    }
    return nearest;
}

/* The shortest path from a row that has no column to a column that has no row. */
static int32_t search(struct problem *p, int32_t row, double *length)
{
    int32_t open_count = p->columns;
    *length = 0;
    for (int32_t i = 0; i < p->rows; i++)
        p->row[i].seen = false;
    for (int32_t j = 0; j < p->columns; j++) {
        p->column[j].open = p->columns - 1 - j;
        p->column[j].path = INFINITY;
        p->column[j].seen = false;
    }
    for (;;) {
        p->row[row].seen = true;
        const int32_t at = relax(p, row, *length, open_count);
        const int32_t j = p->column[at].open;
        *length = p->column[j].path;
        p->column[j].seen = true;
        p->column[at].open = p->column[--open_count].open;
        if (p->column[j].row < 0)
            return j;
        row = p->column[j].row;
    }
}

/* Gives `start` a column, moving on the rows of the path that leads there. */
static void augment(struct problem *p, int32_t start)
{
    double length;
    int32_t j = search(p, start, &length);
    for (int32_t i = 0; i < p->rows; i++)
        if (i == start)
            p->row[i].u += length;
        else if (p->row[i].seen)
            p->row[i].u += length - p->column[p->row[i].column].path;
    for (int32_t k = 0; k < p->columns; k++)
        if (p->column[k].seen)
            p->column[k].v -= length - p->column[k].path;
    for (int32_t i = -1; i != start;) {
        i = p->column[j].before;
        const int32_t left = p->row[i].column;
        p->column[j].row = i;
        p->row[i].column = j;
        j = left;
    }
}

static int solve(struct problem *p, size_t count)
{
    p->row = calloc((size_t)p->rows + 1, sizeof *p->row);
    p->column = calloc((size_t)p->columns, sizeof *p->column);
    if (!p->row || !p->column)
        return fail(STATUS_FAILURE, "out of memory for %d lesions", p->columns);
    size_t k = 0;
    for (int32_t i = 0; i <= p->rows; i++) {
        while (k < count && p->candidates[k].row < i)
            k++;
        p->row[i].first = k;
        p->row[i].column = -1;
    }
    for (int32_t j = 0; j < p->columns; j++)
        p->column[j].row = -1;
    for (int32_t i = 0; i < p->rows; i++)
        augment(p, i);
    return STATUS_OK;
}

static int by_row(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return x->row != y->row ? (x->row > y->row) - (x->row < y->row)
                            : (x->column > y->column) - (x->column < y->column);
}

/* Solves with rows and columns exchanged where there are more rows. Reorders the candidates. */
static int solve_oriented(int rows, int columns, struct candidate *candidates, size_t count,
                          int32_t *column_of)
{
    const bool turned = rows > columns;
    for (size_t k = 0; k < count && turned; k++)
        candidates[k] = (struct candidate){candidates[k].column, candidates[k].row, candidates[k].gain};
    if (turned && count)
        qsort(candidates, count, sizeof *candidates, by_row);
    struct problem p = {turned ? columns : rows, turned ? rows : columns, candidates, NULL, NULL};
    const int status = solve(&p, count);
    for (int i = 0; i < rows; i++)
        column_of[i] = -1;
    for (size_t k = 0; k < count && !status; k++) { /* what is no candidate is no pair */
        const struct candidate *c = &candidates[k];
        if (p.row[c->row].column == c->column)
            column_of[turned ? c->column : c->row] = turned ? c->row : c->column;
    }
    free(p.row);
    free(p.column);
    return status;
}

/* Numbers those that some candidate names from 0, in order: number[i] for i < count, -1 for the others. */
static int number_named(int32_t *number, int count)
{
    int named = 0;
    for (int i = 0; i < count; i++)
        number[i] = number[i] ? named++ : -1;
    return named;
}

/* Solves without the rows and columns that no candidate names. */
static int solve_named(int rows, int columns, struct candidate *candidates, size_t count, int32_t *column_of)
{
    int32_t *row_number = calloc((size_t)rows, sizeof *row_number);
    int32_t *column_number = calloc((size_t)columns, sizeof *column_number);
    int32_t *named = malloc((size_t)rows * sizeof *named);
    int status = row_number && column_number && named
                     ? STATUS_OK
                     : fail(STATUS_FAILURE, "out of memory for %d lesions", rows + columns);
    for (size_t k = 0; k < count && !status; k++)
        row_number[candidates[k].row] = column_number[candidates[k].column] = 1;
    if (!status) {
        const int rows_left = number_named(row_number, rows);
        const int columns_left = number_named(column_number, columns);
        for (size_t k = 0; k < count; k++) {
            candidates[k].row = row_number[candidates[k].row];
            candidates[k].column = column_number[candidates[k].column];
        }
        status = count ? solve_oriented(rows_left, columns_left, candidates, count, named) : STATUS_OK;
    }
    /* Back to the old numbers: column_number's inverse goes where row_number's own numbers are read from. */
    for (int j = 0, at = 0; j < columns && !status; j++)
        if (column_number[j] >= 0)
            column_number[at++] = j;
    for (int i = 0; i < rows && !status; i++) {
        const int32_t column = row_number[i] < 0 ? -1 : named[row_number[i]];
        column_of[i] = column < 0 ? -1 : column_number[column];
    }
    free(row_number);
    free(column_number);
    free(named);
    return status;
}

int assignment_solve(int rows, int columns, const struct candidate *candidates, size_t count,
                     int32_t *column_of)
{
    if (!rows || !columns || !count) {
        for (int i = 0; i < rows; i++)
            column_of[i] = -1;
        return STATUS_OK;
    }
    struct candidate *own = malloc(count * sizeof *own);
    if (!own)
        return fail(STATUS_FAILURE, "out of memory for %zu pairs of lesions", count);
    for (size_t k = 0; k < count; k++)
        own[k] = candidates[k];
    const bool whole = (int64_t)rows * columns <= ASSIGNMENT_WHOLE;
    const int status = whole ? solve_oriented(rows, columns, own, count, column_of)
                             : solve_named(rows, columns, own, count, column_of);
    free(own);
    return status;
}
