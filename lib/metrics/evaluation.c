#include "lib/metrics/evaluation.h"
#include "lib/base/error.h"
#include "lib/base/threads.h"
#include "lib/metrics/pairs.h"
#include "lib/metrics/score.h"
#include "lib/metrics/table.h"
#include "lib/metrics/visit.h"
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *evaluation_notes(void)
{
    static char text[4096];
    size_t length = 0;
    for (size_t i = 0; i <= convention_count && length < sizeof text; i++)
        length += (size_t)(i == 0 ? snprintf(text, sizeof text, "Conventions:\n")
                                  : snprintf(text + length, sizeof text - length, "  %-18s %s\n",
                                             conventions[i - 1].name, conventions[i - 1].about));
    if (length < sizeof text)
        snprintf(text + length, sizeof text - length,
                 "\n"
                 "Columns: case, region, the measures, both_empty, prediction_empty, reference_empty,\n"
                 "left_out, convention. Undefined values are nan (null in JSON); a mean leaves them out,\n"
                 "and the row \"counted\" says how many cases it is over.");
    return text;
}

static bool wants_distances(const struct evaluation *e)
{
    bool wanted = e->submission;
    for (size_t i = 0; i < e->measure_count; i++)
        wanted |= e->measures[i] >= MEASURE_HD95 && e->measures[i] <= MEASURE_ASSD;
    return wanted;
}

static int choose_scoring(const struct evaluation *e, struct scoring *scoring)
{
    scoring->convention = e->convention ? convention_find(e->convention) : &conventions[0];
    if (!scoring->convention)
        return fail(STATUS_USAGE, "--convention: there is none called '%s'", e->convention);
    if (e->mask && e->labels)
        return fail(STATUS_USAGE, "--mask and --labels exclude each other");
    if (e->labels && strcmp(e->labels, "2018") && strcmp(e->labels, "2023"))
        return fail(STATUS_USAGE, "--labels: '%s' is neither 2018 nor 2023", e->labels);
    scoring->labels = e->mask                                   ? LABELS_MASK
                      : e->labels && !strcmp(e->labels, "2023") ? LABELS_2023
                                                                : LABELS_2018;
    scoring->distances = wants_distances(e);
    return STATUS_OK;
}

static int check_options(const struct evaluation *e, int operands, char *const *operand)
{
    if (operands > 2)
        return fail(STATUS_USAGE, "%d operands: a prediction and a reference, or a stream", operands);
    if (operands == 2 && !strcmp(operand[0], "-") && !strcmp(operand[1], "-"))
        return fail(STATUS_USAGE, "prediction and reference cannot both be standard input");
    if (e->pairs && operands)
        return fail(STATUS_USAGE, "--pairs takes no operands");
    if (e->expect && operands == 2)
        return fail(STATUS_USAGE, "--expect goes with --pairs or a stream");
    if (e->summary && e->no_summary)
        return fail(STATUS_USAGE, "--summary and --no-summary exclude each other");
    if (e->against && (!e->pairs || !e->draws))
        return fail(STATUS_USAGE, "--against goes with --pairs and --bootstrap");
    if (e->draws < 0)
        return fail(STATUS_USAGE, "--bootstrap: %d draws", e->draws);
    if (e->submission && (e->json || e->draws || e->mask))
        return fail(STATUS_USAGE, "--submission takes neither --json, --mask nor --bootstrap");
    return threads_set(e->threads);
}

/* Scores as they come, and their rows. */
struct collection {
    const struct scoring *scoring;
    const struct table *table; /* NULL: no rows */
    struct case_scores *scores;
    size_t count, room;
};

static int reserve(void *self, size_t count)
{
    struct collection *c = self;
    if (count <= c->room)
        return STATUS_OK;
    size_t room = count < 2 * c->room ? 2 * c->room : count;
    struct case_scores *scores = realloc(c->scores, room * sizeof *scores);
    if (!scores)
        return fail(STATUS_FAILURE, "out of memory for %zu cases", room);
    c->scores = scores;
    c->room = room;
    return STATUS_OK;
}

static int look(void *self, size_t index, const char *case_name, const struct segmentation *prediction,
                const struct segmentation *reference)
{
    struct collection *c = self;
    return score_case(c->scoring, case_name, prediction, reference, &c->scores[index]);
}

static int done(void *self, size_t index)
{
    struct collection *c = self;
    int status = STATUS_OK;
    c->count = index + 1;
    if (c->table && !index) /* not before: what is refused at once leaves no header behind */
        status = table_begin(c->table);
    if (c->table && !status)
        status = table_case(c->table, &c->scores[index]);
    return status;
}

/* Reads and scores what the operands or a list (NULL: none) name. */
static int collect(struct collection *c, const struct evaluation *e, const char *list, int count,
                   char *const *operands)
{
    const struct pair_visitor visitor = {reserve, look, done, c};
    const enum label_set labels = c->scoring->labels;
    struct pairs pairs = {0};
    if (!list && count < 2)
        return visit_stream(e->expect, labels, count, operands, &visitor, &c->count);
    int status = list ? pairs_read(list, e->expect, &pairs) : pairs_single(operands[0], operands[1], &pairs);
    if (!status)
        status = visit_files(&pairs, labels, omp_get_max_threads(), &visitor);
    pairs_free(&pairs);
    return status;
}

/* What comes after the cases. */
static int finish(const struct evaluation *e, const struct table *table, const struct collection *first)
{
    const struct bootstrap bootstrap = {e->seed, e->draws};
    struct collection second = {.scoring = first->scoring};
    int status = STATUS_OK;
    if (e->submission)
        return table_submission(table->output, first->scores, first->count);
    if (!(e->pairs ? !e->no_summary : e->summary || e->draws))
        return STATUS_OK;
    if (e->against && !(status = collect(&second, e, e->against, 0, NULL)))
        status = bootstrap_same_cases(first->scores, first->count, second.scores, second.count);
    if (!status)
        status =
            table_summary(table, first->scores, first->count, e->draws ? &bootstrap : NULL, second.scores);
    free(second.scores);
    return status;
}

int evaluation_run(const struct evaluation *e, int count, char *const *operands)
{
    struct scoring scoring;
    struct output output;
    int status = check_options(e, count, operands);
    if (!status)
        status = choose_scoring(e, &scoring);
    if (!status)
        status = output_open(&output, e->output, false);
    if (status)
        return status;
    const struct table table = {&output,  scoring.convention->name, e->measures, e->measure_count, e->json,
                                e->header};
    struct collection collection = {.scoring = &scoring, .table = e->submission ? NULL : &table};
    status = collect(&collection, e, e->pairs, count, operands);
    if (!status)
        status = finish(e, &table, &collection);
    if (!status)
        status = output_commit(&output);
    output_discard(&output);
    free(collection.scores);
    return status;
}
