#include "lib/metrics/evaluation.h"
#include "lib/base/error.h"
#include "lib/base/progress.h"
#include "lib/metrics/evaluation_stream.h"
#include "lib/metrics/pairs.h"
#include "lib/metrics/score.h"
#include "lib/metrics/table.h"
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

static int check_options(const struct evaluation *e, int operands)
{
    if (operands > 2)
        return fail(STATUS_USAGE, "%d operands: a prediction and a reference, or a stream", operands);
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
    if (e->threads < 0)
        return fail(STATUS_USAGE, "--threads: %d", e->threads);
    return STATUS_OK;
}

static int thread_count(const struct evaluation *e)
{
    const char *variable = getenv("PRUNET_THREADS");
    int threads = e->threads ? e->threads : variable ? atoi(variable) : 0;
    return threads > 0 ? threads : omp_get_max_threads();
}

static int score_pair(const struct scoring *scoring, const struct pair *pair, struct case_scores *scores,
                      bool *looks_2023)
{
    struct segmentation prediction = {0}, reference = {0};
    int status = segmentation_read(pair->prediction, SIDE_PREDICTION, scoring->labels, &prediction);
    if (!status)
        status = segmentation_read(pair->reference, SIDE_REFERENCE, scoring->labels, &reference);
    if (!status)
        status = score_case(scoring, pair->case_name, &prediction, &reference, scores);
    *looks_2023 = prediction.looks_2023 || reference.looks_2023;
    segmentation_free(&prediction);
    segmentation_free(&reference);
    return status;
}

/* Scores all pairs, several at a time; rows come in the order of the list, as soon as all before them have
 * come. `table` NULL: no rows. The first failure in that order is the one that is reported. */
static int score_pairs(const struct scoring *scoring, const struct pairs *pairs, int threads,
                       const struct table *table, struct case_scores *scores)
{
    char message[1024] = "";
    int status = STATUS_OK;
    struct progress progress;
    progress_start(&progress, "case", pairs->count);
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < pairs->count; i++) {
        bool looks_2023 = false;
        int stop, here = STATUS_OK;
#pragma omp atomic read
        stop = status;
        if (!stop)
            here = score_pair(scoring, &pairs->items[i], &scores[i], &looks_2023);
#pragma omp ordered
        if (!status) {
            if (here)
                fail_in(here, "case %s", pairs->items[i].case_name);
            else if (table)
                here = table_case(table, &scores[i]);
            if (looks_2023)
                warn("case %s: label 3 and no 4: a map of 2023 needs --labels 2023",
                     pairs->items[i].case_name);
            if (here) {
                snprintf(message, sizeof message, "%s", error_message());
#pragma omp atomic write
                status = here;
            } else
                progress_advance(&progress, pairs->items[i].case_name, NULL);
        }
    }
    progress_end(&progress);
    return status ? fail(status, "%s", message) : STATUS_OK;
}

/* Reads and scores the pairs of one list; *scores is the caller's. */
static int score_list(const struct scoring *scoring, const struct evaluation *e, const char *path,
                      const struct table *table, struct case_scores **scores, size_t *count)
{
    struct pairs pairs;
    int status = pairs_read(path, e->expect, &pairs);
    if (status)
        return status;
    *count = pairs.count;
    *scores = calloc(pairs.count, sizeof **scores);
    status = *scores ? score_pairs(scoring, &pairs, thread_count(e), table, *scores)
                     : fail(STATUS_FAILURE, "out of memory for %zu cases", pairs.count);
    pairs_free(&pairs);
    return status;
}

static int score_single(const struct scoring *scoring, char *const *operands, const struct table *table,
                        struct case_scores **scores, size_t *count)
{
    struct pairs pairs;
    int status = pairs_single(operands[0], operands[1], &pairs);
    if (status)
        return status;
    *count = 1;
    *scores = calloc(1, sizeof **scores);
    status =
        *scores ? score_pairs(scoring, &pairs, 1, table, *scores) : fail(STATUS_FAILURE, "out of memory");
    pairs_free(&pairs);
    return status;
}

/* What comes after the cases. */
static int finish_table(const struct evaluation *e, const struct scoring *scoring, const struct table *table,
                        const struct case_scores *scores, size_t count, bool summary)
{
    const struct bootstrap bootstrap = {e->seed, e->draws};
    struct case_scores *second = NULL;
    size_t second_count = 0;
    if (e->submission)
        return table_submission(table->output, scores, count);
    if (!summary)
        return STATUS_OK;
    int status = STATUS_OK;
    if (e->against && !(status = score_list(scoring, e, e->against, NULL, &second, &second_count)))
        status = bootstrap_same_cases(scores, count, second, second_count);
    if (!status)
        status = table_summary(table, scores, count, e->draws ? &bootstrap : NULL, second);
    free(second);
    return status;
}

int evaluation_run(const struct evaluation *e, int count, char *const *operands)
{
    struct scoring scoring;
    struct output output;
    struct case_scores *scores = NULL;
    size_t cases = 0;
    int status = check_options(e, count);
    if (!status)
        status = choose_scoring(e, &scoring);
    if (!status)
        status = output_open(&output, e->output, false);
    if (status)
        return status;
    const struct table table = {&output,  scoring.convention->name, e->measures, e->measure_count, e->json,
                                e->header};
    const struct table *rows = e->submission ? NULL : &table;
    if (rows)
        status = table_begin(rows);
    if (status)
        ;
    else if (e->pairs)
        status = score_list(&scoring, e, e->pairs, rows, &scores, &cases);
    else if (count == 2)
        status = score_single(&scoring, operands, rows, &scores, &cases);
    else
        status = score_stream(&scoring, e->expect, count, operands, rows, &scores, &cases);
    const bool summary = e->pairs ? !e->no_summary : e->summary || e->draws > 0;
    if (!status)
        status = finish_table(e, &scoring, &table, scores, cases, summary);
    if (!status)
        status = output_commit(&output);
    output_discard(&output);
    free(scores);
    return status;
}
