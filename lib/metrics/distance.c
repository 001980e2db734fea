#include "lib/metrics/distance.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <stdlib.h>

/* Columns (x, y) that hold a query, ordered by x, then y, and the queries of each, by z. */
struct columns {
    int low[2], size[2]; /* the rectangle of x and y that all points of both sets lie in */
    int widths;          /* different x among the columns */
    int32_t *x;          /* [widths], ascending, less low[0] */
    size_t *first_of_x;  /* [widths + 1]: columns of x[i] are first_of_x[i] .. first_of_x[i + 1] - 1 */
    int32_t *y;          /* [count], less low[1] */
    size_t *first_query; /* [count + 1] into query[] */
    uint32_t *query;     /* indices of `from` points */
    size_t count;
};

struct envelope {
    int32_t *apex; /* parabola that is lowest from start[] on */
    double *start;
    int32_t *position; /* [n], ascending: where the parabolas stand ... */
    double *height;    /* ... and their squared distances so far */
};

/* A slice or row of the sources: points first .. end - 1 in raster order. */
struct range {
    size_t first, end;
};

struct transform {
    struct columns columns;
    struct envelope envelope;
    double *row_squares; /* [widths][rows of one slice]: squared distance within a row */
    double *slices;      /* [columns.count][slices]: squared distance within a slice */
    int32_t *slice_z;
    int slice_count;
};

/* Keeps in apex[] and start[] the parabolas height[i] + scale (q - position[i])^2 that are lowest somewhere;
 * returns how many. */
static int build_envelope(struct envelope *e, int n, double scale)
{
    int top = 0;
    e->apex[0] = 0;
    e->start[0] = -1e30;
    for (int i = 1; i < n; i++) {
        double p = e->position[i], at;
        double own = e->height[i] + scale * p * p;
        for (;; top--) {
            double v = e->position[e->apex[top]];
            at = (own - (e->height[e->apex[top]] + scale * v * v)) / (2 * scale * (p - v));
            if (at > e->start[top] || top == 0)
                break;
        }
        e->apex[++top] = i;
        e->start[top] = at;
    }
    return top + 1;
}

/* The envelope's value at q; *at is the current parabola and moves on as q grows. */
static inline double envelope_value(const struct envelope *e, int parabolas, double scale, int q, int *at)
{
    while (*at + 1 < parabolas && e->start[*at + 1] < q)
        ++*at;
    double step = q - e->position[e->apex[*at]];
    return e->height[e->apex[*at]] + scale * step * step;
}

static void find_rectangle(const struct surface *from, const struct surface *to, struct columns *columns)
{
    int low[2] = {INT16_MAX, INT16_MAX}, high[2] = {0, 0};
    const struct surface *sets[2] = {from, to};
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; i < sets[s]->count; i++) {
            const int at[2] = {sets[s]->points[i].x, sets[s]->points[i].y};
            for (int axis = 0; axis < 2; axis++) {
                low[axis] = int_min(low[axis], at[axis]);
                high[axis] = int_max(high[axis], at[axis]);
            }
        }
    for (int axis = 0; axis < 2; axis++) {
        columns->low[axis] = low[axis];
        columns->size[axis] = high[axis] - low[axis] + 1;
    }
}

static size_t cell_of(const struct columns *c, struct point p)
{
    return (size_t)(p.x - c->low[0]) * c->size[1] + (p.y - c->low[1]);
}

/* Sorts the queries into their columns by counting; raster order keeps z ascending within each. */
static int build_columns(struct columns *c, const struct surface *from)
{
    const size_t cells = (size_t)c->size[0] * c->size[1];
    size_t *next = calloc(cells, sizeof *next); /* queries in a cell, then where its next one goes */
    c->x = malloc((size_t)c->size[0] * sizeof *c->x);
    c->first_of_x = malloc(((size_t)c->size[0] + 1) * sizeof *c->first_of_x);
    c->query = malloc(from->count * sizeof *c->query);
    if (!next || !c->x || !c->first_of_x || !c->query) {
        free(next);
        return STATUS_FAILURE;
    }
    for (size_t i = 0; i < from->count; i++)
        next[cell_of(c, from->points[i])]++;
    for (size_t cell = 0; cell < cells; cell++)
        c->count += next[cell] > 0;
    c->y = malloc(c->count * sizeof *c->y);
    c->first_query = malloc((c->count + 1) * sizeof *c->first_query);
    if (!c->y || !c->first_query) {
        free(next);
        return STATUS_FAILURE;
    }
    size_t column = 0, query = 0;
    for (int x = 0; x < c->size[0]; x++) {
        const size_t first = column;
        for (int y = 0; y < c->size[1]; y++) {
            size_t *cell = &next[(size_t)x * c->size[1] + y], queries = *cell;
            *cell = query;
            if (!queries)
                continue;
            c->y[column] = y;
            c->first_query[column++] = query;
            query += queries;
        }
        if (column == first)
            continue;
        c->x[c->widths] = x;
        c->first_of_x[c->widths++] = first;
    }
    c->first_of_x[c->widths] = column;
    c->first_query[column] = query;
    for (size_t i = 0; i < from->count; i++)
        c->query[next[cell_of(c, from->points[i])]++] = (uint32_t)i;
    free(next);
    return STATUS_OK;
}

/* Squared distance in x from every column's x to the nearest source of the row, by a merge of two sorted
 * lists; written with a stride of `rows`, so that the next pass reads along y. */
static void scan_row(const struct columns *c, const struct point *sources, struct range range, double scale,
                     int rows, double *squares)
{
    size_t at = range.first;
    for (int i = 0; i < c->widths; i++) {
        const int x = c->x[i] + c->low[0];
        while (at + 1 < range.end && abs(sources[at + 1].x - x) <= abs(sources[at].x - x))
            at++;
        double step = sources[at].x - x;
        squares[(size_t)i * rows] = scale * step * step;
    }
}

/* The points from `first` on that share its slice, or, with `rows`, its row. */
static struct range next_range(const struct surface *set, size_t first, size_t end, bool rows)
{
    struct range range = {first, first + 1};
    const struct point *p = set->points;
    while (range.end < end && p[range.end].z == p[first].z && (!rows || p[range.end].y == p[first].y))
        range.end++;
    return range;
}

/* Distances within one slice of sources, for all columns: rows, then along y. */
static void scan_slice(struct transform *t, const struct surface *to, struct range slice, int index,
                       const double spacing[3])
{
    const struct columns *c = &t->columns;
    const double x_scale = spacing[0] * spacing[0], y_scale = spacing[1] * spacing[1];
    int rows = 0;
    for (size_t at = slice.first; at < slice.end; rows++) {
        struct range row = next_range(to, at, slice.end, true);
        t->envelope.position[rows] = to->points[at].y - c->low[1];
        at = row.end;
    }
    for (size_t at = slice.first, row = 0; at < slice.end; row++) {
        struct range range = next_range(to, at, slice.end, true);
        scan_row(c, to->points, range, x_scale, rows, t->row_squares + row);
        at = range.end;
    }
    double *heights = t->envelope.height;
    for (int i = 0; i < c->widths; i++) {
        t->envelope.height = t->row_squares + (size_t)i * rows;
        int parabolas = build_envelope(&t->envelope, rows, y_scale), at = 0;
        for (size_t column = c->first_of_x[i]; column < c->first_of_x[i + 1]; column++)
            t->slices[column * t->slice_count + index] =
                envelope_value(&t->envelope, parabolas, y_scale, c->y[column], &at);
    }
    t->envelope.height = heights;
}

static void scan_columns(struct transform *t, const struct surface *from, double z_scale, double *squared)
{
    const struct columns *c = &t->columns;
    struct envelope along_z = t->envelope;
    along_z.position = t->slice_z;
    for (size_t column = 0; column < c->count; column++) {
        along_z.height = t->slices + column * t->slice_count;
        int parabolas = build_envelope(&along_z, t->slice_count, z_scale), at = 0;
        for (size_t i = c->first_query[column]; i < c->first_query[column + 1]; i++)
            squared[c->query[i]] =
                envelope_value(&along_z, parabolas, z_scale, from->points[c->query[i]].z, &at);
    }
}

static int allocate(struct transform *t, const struct surface *from, const struct surface *to)
{
    find_rectangle(from, to, &t->columns);
    for (size_t at = 0; at < to->count; t->slice_count++)
        at = next_range(to, at, to->count, false).end;
    if (build_columns(&t->columns, from))
        return STATUS_FAILURE;
    const size_t rows = (size_t)t->columns.size[1];
    const size_t longest = size_max(rows, (size_t)t->slice_count);
    t->envelope.apex = malloc(longest * sizeof *t->envelope.apex);
    t->envelope.start = malloc(longest * sizeof *t->envelope.start);
    t->envelope.position = malloc(longest * sizeof *t->envelope.position);
    t->row_squares = malloc((size_t)t->columns.widths * rows * sizeof *t->row_squares);
    t->slices = malloc(t->columns.count * (size_t)t->slice_count * sizeof *t->slices);
    t->slice_z = malloc((size_t)t->slice_count * sizeof *t->slice_z);
    return t->envelope.apex && t->envelope.start && t->envelope.position && t->row_squares && t->slices &&
                   t->slice_z
               ? STATUS_OK
               : STATUS_FAILURE;
}

static void release(struct transform *t)
{
    free(t->columns.x);
    free(t->columns.first_of_x);
    free(t->columns.y);
    free(t->columns.first_query);
    free(t->columns.query);
    free(t->envelope.apex);
    free(t->envelope.start);
    free(t->envelope.position);
    free(t->row_squares);
    free(t->slices);
    free(t->slice_z);
}

int distance_squared(const struct surface *from, const struct surface *to, const double spacing[3],
                     double *squared)
{
    struct transform t = {0};
    int status = allocate(&t, from, to);
    if (status) {
        release(&t);
        return fail(status, "out of memory for the distances of %zu points", from->count);
    }
    int index = 0;
    for (size_t at = 0; at < to->count; index++) {
        struct range slice = next_range(to, at, to->count, false);
        t.slice_z[index] = to->points[at].z;
        scan_slice(&t, to, slice, index, spacing);
        at = slice.end;
    }
    scan_columns(&t, from, spacing[2] * spacing[2], squared);
    release(&t);
    return STATUS_OK;
}
