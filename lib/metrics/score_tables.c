#include "lib/metrics/score_tables.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/metrics/pairs.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_MAX = 64 };

/* Where a table's header has what is asked for. */
struct places {
    size_t cells; /* of a line */
    size_t case_name, region, both_empty, convention;
    size_t measure[MEASURE_COUNT];
};

struct score_row {
    char *name;    /* "CASE\tREGION" */
    double *value; /* [columns] */
};

struct score_table {
    const char *path;
    struct score_row *rows;
    size_t count, capacity;
    char *convention;
};

static void table_free(struct score_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->rows[i].name);
        free(t->rows[i].value);
    }
    free(t->rows);
    free(t->convention);
    *t = (struct score_table){0};
}

/* Cuts a line at its tabs. */
static size_t cut(char *line, char *cells[CELLS_MAX])
{
    size_t count = 0;
    line[strcspn(line, "\n")] = 0;
    for (char *rest = line; rest && count < CELLS_MAX;)
        cells[count++] = strsep(&rest, "\t");
    return count;
}

static int find_cell(char *const *cells, size_t count, const char *name, size_t *place)
{
    for (*place = 0; *place < count; ++*place)
        if (!strcmp(cells[*place], name))
            return STATUS_OK;
    return fail(STATUS_DATA, "line 1: there is no column '%s'", name);
}

static int read_header(char *line, const struct columns *columns, struct places *places)
{
    char *cells[CELLS_MAX];
    const struct {
        const char *name;
        size_t *place;
    } wanted[] = {{"case", &places->case_name},
                  {"region", &places->region},
                  {"both_empty", &places->both_empty},
                  {"convention", &places->convention}};
    int status = STATUS_OK;
    places->cells = cut(line, cells);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0] && !status; i++)
        status = find_cell(cells, places->cells, wanted[i].name, wanted[i].place);
    for (size_t i = 0; i < columns->count && !status; i++)
        status = find_cell(cells, places->cells, measure_name(columns->measures[i]), &places->measure[i]);
    return status;
}

/* A number of a table as a value of a contest. */
static bool contest_value(const char *text, enum measure measure, bool both_empty, double *value)
{
    char *end;
    *value = strtod(text, &end);
    if (!*text || *end)
        return false;
    *value = isnan(*value) ? (both_empty ? INFINITY : -INFINITY) : measure_direction(measure) * *value;
    return true;
}

static int read_row(struct score_table *t, char *const *cells, const struct columns *columns,
                    const struct places *places)
{
    const bool both_empty = !strcmp(cells[places->both_empty], "1");
    int status = array_grow(&t->rows, &t->capacity, t->count + 1, sizeof *t->rows);
    if (status)
        return status;
    struct score_row *row = &t->rows[t->count++];
    *row = (struct score_row){NULL, malloc(columns->count * sizeof *row->value)};
    if (!row->value || asprintf(&row->name, "%s\t%s", cells[places->case_name], cells[places->region]) < 0) {
        row->name = NULL;
        return fail(STATUS_FAILURE, "out of memory");
    }
    if (!t->convention && !(t->convention = strdup(cells[places->convention])))
        return fail(STATUS_FAILURE, "out of memory");
    if (strcmp(t->convention, cells[places->convention]))
        return fail(STATUS_DATA, "conventions %s and %s", t->convention, cells[places->convention]);
    for (size_t i = 0; i < columns->count; i++)
        if (!contest_value(cells[places->measure[i]], columns->measures[i], both_empty, &row->value[i]))
            return fail(STATUS_DATA, "'%s' is not a number", cells[places->measure[i]]);
    return STATUS_OK;
}

static int read_lines(struct score_table *t, FILE *file, const struct columns *columns)
{
    struct places places;
    char *line = NULL, *cells[CELLS_MAX];
    size_t room = 0, number = 0;
    int status = STATUS_OK;
    while (!status && getline(&line, &room, file) >= 0) {
        if (!number++) {
            status = read_header(line, columns, &places);
            continue;
        }
        if (cut(line, cells) != places.cells)
            status = fail(STATUS_DATA, "line %zu has not as many cells as the header", number);
        else if (!case_name_reserved(cells[places.case_name]) &&
                 (status = read_row(t, cells, columns, &places)))
            fail_in(status, "line %zu", number);
    }
    if (!status && ferror(file))
        status = fail_errno(STATUS_FAILURE, "cannot read");
    if (!status && !t->count)
        status = fail(STATUS_DATA, "no case has scores");
    free(line);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct score_row *)a)->name, ((const struct score_row *)b)->name);
}

static int read_table(struct score_table *t, const char *path, const struct columns *columns)
{
    const bool standard = !strcmp(path, "-");
    FILE *file = standard ? stdin : fopen(path, "re");
    t->path = path;
    if (!file)
        return fail_errno(STATUS_FAILURE, "%s: cannot open", path);
    int status = read_lines(t, file, columns);
    if (!standard)
        fclose(file);
    if (!status)
        qsort(t->rows, t->count, sizeof *t->rows, by_name);
    for (size_t i = 1; i < t->count && !status; i++)
        if (!by_name(&t->rows[i - 1], &t->rows[i]))
            status = fail(STATUS_DATA, "case %s comes twice", t->rows[i].name);
    return status ? fail_in(status, "%s", path) : STATUS_OK;
}

/* STATUS_DATA unless both have the same rows. */
static int compare_tables(const struct score_table *a, const struct score_table *b)
{
    if (strcmp(a->convention, b->convention))
        return fail(STATUS_DATA, "%s is of convention %s, %s of %s", a->path, a->convention, b->path,
                    b->convention);
    for (size_t i = 0; i < a->count || i < b->count; i++) {
        const int order = i == a->count ? 1 : i == b->count ? -1 : by_name(&a->rows[i], &b->rows[i]);
        if (order)
            return fail(STATUS_DATA, "case %s is in %s only", order < 0 ? a->rows[i].name : b->rows[i].name,
                        order < 0 ? a->path : b->path);
    }
    return STATUS_OK;
}

static bool same_case(const struct score_row *a, const struct score_row *b)
{
    const size_t length = strcspn(a->name, "\t");
    return length == strcspn(b->name, "\t") && !memcmp(a->name, b->name, length);
}

/* How many regions a case has; STATUS_DATA unless all have as many. */
static int count_regions(const struct score_table *t, size_t *regions)
{
    size_t here = 0;
    *regions = 0;
    for (size_t i = 0; i < t->count; i++) {
        here++;
        if (i + 1 < t->count && same_case(&t->rows[i], &t->rows[i + 1]))
            continue;
        if (*regions && here != *regions)
            return fail(STATUS_DATA, "%s: case %s has not as many regions as the first", t->path,
                        t->rows[i].name);
        *regions = here;
        here = 0;
    }
    return STATUS_OK;
}

static int line_up(const struct score_table *tables, size_t sets, const struct columns *columns,
                   struct contest *contest)
{
    size_t regions;
    int status = count_regions(&tables[0], &regions);
    for (size_t s = 1; s < sets && !status; s++)
        status = compare_tables(&tables[0], &tables[s]);
    if (status)
        return status;
    *contest = (struct contest){sets, tables[0].count / regions, regions * columns->count, NULL};
    contest->value = malloc(tables[0].count * columns->count * sets * sizeof *contest->value);
    if (!contest->value)
        return fail(STATUS_FAILURE, "out of memory for %zu rows", tables[0].count);
    double *to = contest->value;
    for (size_t i = 0; i < tables[0].count; i++)
        for (size_t c = 0; c < columns->count; c++)
            for (size_t s = 0; s < sets; s++)
                *to++ = tables[s].rows[i].value[c];
    return STATUS_OK;
}

int score_tables_read(char *const *paths, size_t sets, const struct columns *columns, struct contest *contest)
{
    struct score_table *tables = calloc(sets, sizeof *tables);
    int status = tables ? STATUS_OK : fail(STATUS_FAILURE, "out of memory for %zu tables", sets);
    for (size_t s = 0; s < sets && !status; s++)
        status = read_table(&tables[s], paths[s], columns);
    if (!status)
        status = line_up(tables, sets, columns, contest);
    for (size_t s = 0; s < sets && tables; s++)
        table_free(&tables[s]);
    free(tables);
    return status;
}
