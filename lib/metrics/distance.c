#include "lib/metrics/distance.h"
#include "lib/base/error.h"
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

/* Slices and rows of the sources: consecutive points of the raster order. */
struct run {
    size_t first, end;
};

struct work {
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
                low[axis] = at[axis] < low[axis] ? at[axis] : low[axis];
                high[axis] = at[axis] > high[axis] ? at[axis] : high[axis];
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
static void scan_row(const struct columns *c, const struct point *sources, struct run run, double scale,
                     int rows, double *squares)
{
    size_t at = run.first;
    for (int i = 0; i < c->widths; i++) {
        const int x = c->x[i] + c->low[0];
        while (at + 1 < run.end && abs(sources[at + 1].x - x) <= abs(sources[at].x - x))
            at++;
        double step = sources[at].x - x;
        squares[(size_t)i * rows] = scale * step * step;
    }
}

static struct run next_run(const struct surface *set, size_t first, size_t end, bool rows)
{
    struct run run = {first, first + 1};
    const struct point *p = set->points;
    while (run.end < end && p[run.end].z == p[first].z && (!rows || p[run.end].y == p[first].y))
        run.end++;
    return run;
}

/* Distances within one slice of sources, for all columns: rows, then along y. */
static void scan_slice(struct work *w, const struct surface *to, struct run slice, int index,
                       const double spacing[3])
{
    const struct columns *c = &w->columns;
    const double x_scale = spacing[0] * spacing[0], y_scale = spacing[1] * spacing[1];
    int rows = 0;
    for (size_t at = slice.first; at < slice.end; rows++) {
        struct run row = next_run(to, at, slice.end, true);
        w->envelope.position[rows] = to->points[at].y - c->low[1];
        at = row.end;
    }
    for (size_t at = slice.first, row = 0; at < slice.end; row++) {
        struct run run = next_run(to, at, slice.end, true);
        scan_row(c, to->points, run, x_scale, rows, w->row_squares + row);
        at = run.end;
    }
    double *heights = w->envelope.height;
    for (int i = 0; i < c->widths; i++) {
        w->envelope.height = w->row_squares + (size_t)i * rows;
        int parabolas = build_envelope(&w->envelope, rows, y_scale), at = 0;
        for (size_t column = c->first_of_x[i]; column < c->first_of_x[i + 1]; column++)
            w->slices[column * w->slice_count + index] =
                envelope_value(&w->envelope, parabolas, y_scale, c->y[column], &at);
    }
    w->envelope.height = heights;
}

static void scan_columns(struct work *w, const struct surface *from, double z_scale, double *squared)
{
    const struct columns *c = &w->columns;
    struct envelope along_z = w->envelope;
    along_z.position = w->slice_z;
    for (size_t column = 0; column < c->count; column++) {
        along_z.height = w->slices + column * w->slice_count;
        int parabolas = build_envelope(&along_z, w->slice_count, z_scale), at = 0;
        for (size_t i = c->first_query[column]; i < c->first_query[column + 1]; i++)
            squared[c->query[i]] =
                envelope_value(&along_z, parabolas, z_scale, from->points[c->query[i]].z, &at);
    }
}

static int allocate(struct work *w, const struct surface *from, const struct surface *to)
{
    find_rectangle(from, to, &w->columns);
    for (size_t at = 0; at < to->count; w->slice_count++)
        at = next_run(to, at, to->count, false).end;
    if (build_columns(&w->columns, from))
        return STATUS_FAILURE;
    const size_t rows = (size_t)w->columns.size[1];
    const size_t longest = rows > (size_t)w->slice_count ? rows : (size_t)w->slice_count;
    w->envelope.apex = malloc(longest * sizeof *w->envelope.apex);
    w->envelope.start = malloc(longest * sizeof *w->envelope.start);
    w->envelope.position = malloc(longest * sizeof *w->envelope.position);
    w->row_squares = malloc((size_t)w->columns.widths * rows * sizeof *w->row_squares);
    w->slices = malloc(w->columns.count * (size_t)w->slice_count * sizeof *w->slices);
    w->slice_z = malloc((size_t)w->slice_count * sizeof *w->slice_z);
    return w->envelope.apex && w->envelope.start && w->envelope.position && w->row_squares && w->slices &&
                   w->slice_z
               ? STATUS_OK
               : STATUS_FAILURE;
}

static void release(struct work *w)
{
    free(w->columns.x);
    free(w->columns.first_of_x);
    free(w->columns.y);
    free(w->columns.first_query);
    free(w->columns.query);
    free(w->envelope.apex);
    free(w->envelope.start);
    free(w->envelope.position);
    free(w->row_squares);
    free(w->slices);
    free(w->slice_z);
}

int distance_squared(const struct surface *from, const struct surface *to, const double spacing[3],
                     double *squared)
{
    struct work w = {0};
    int status = allocate(&w, from, to);
    if (status) {
        release(&w);
        return fail(status, "out of memory for the distances of %zu points", from->count);
    }
    int index = 0;
    for (size_t at = 0; at < to->count; index++) {
        struct run slice = next_run(to, at, to->count, false);
        w.slice_z[index] = to->points[at].z;
        scan_slice(&w, to, slice, index, spacing);
        at = slice.end;
    }
    scan_columns(&w, from, spacing[2] * spacing[2], squared);
    release(&w);
    return STATUS_OK;
}
