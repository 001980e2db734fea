#include "lib/metrics/evaluation.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/threads.h"
#include "lib/metrics/columns.h"
#include "lib/metrics/pairs.h"
#include "lib/metrics/score.h"
#include "lib/metrics/table.h"
#include "lib/metrics/visit.h"
#include "lib/volume/scheme.h"
#include <omp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the command line says; zero is every default. */
struct evaluation {
    const struct evaluation_tool *tool;
    const char *convention; /* NULL: brats */
    const char *scheme;     /* NULL: 2018 */
    bool mask, outputs;
    const char *pairs, *expect, *output;
    bool summary, no_summary, json, no_header;
    int threads;
    uint64_t max_bytes;
    /* brats-eval only */
    const char *columns, *tolerance;
    bool submission;
    const char *against; /* a second list of pairs */
    int draws;           /* of the bootstrap, 0: none */
    uint64_t seed;
};

struct text {
    char text[8192];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void append(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (t->length < sizeof t->text)
        t->length += (size_t)vsnprintf(t->text + t->length, sizeof t->text - t->length, format, arguments);
    va_end(arguments);
}

/* The names of conventions, schemes and measures, for --help; static memory, the same text every time. */
static const char *notes(bool all_measures)
{
    enum { WIDTH = 92 };
    static struct text text;
    int width = WIDTH;
    text.length = 0;
    append(&text, "Conventions:\n");
    for (size_t i = 0; i < convention_count; i++)
        append(&text, "  %-18s %s\n", conventions[i].name, conventions[i].about);
    append(&text, "\nSchemes: %s.\n", label_set_names());
    if (all_measures)
        append(&text, "\nMeasures:");
    for (enum measure m = 0; m < MEASURE_COUNT && all_measures; m++) {
        const char *name = measure_name(m);
        const int length = (int)strlen(name) + 1;
        append(&text, width + length > WIDTH ? "\n  %s" : " %s", name);
        width = (width + length > WIDTH ? 1 : width) + length;
    }
    append(&text,
           "%s\n"
           "Columns: case, region, the measures, both_empty, prediction_empty, reference_empty,\n"
           "left_out, convention. Undefined values are nan (null in JSON); a mean leaves them out,\n"
           "and the row \"counted\" says how many cases it is over.",
           all_measures ? "\n" : "");
    return text.text;
}

/* The columns, and what they are measured with. */
static int choose_columns(const struct evaluation *e, struct scoring *scoring, struct columns *columns)
{
    const struct convention *convention = scoring->convention;
    const struct evaluation_tool *tool = e->tool;
    int status = STATUS_OK;
    if (tool->statistics)
        columns_of_convention(convention, tool->measures, tool->measure_count, columns);
    for (size_t i = 0; i < tool->measure_count && !tool->statistics; i++)
        columns_add(columns, tool->measures[i]);
    if (e->columns) {
        columns->count = 0;
        status = columns_parse(e->columns, columns);
    }
    if (!status && e->tolerance && convention->instances.counted)
        status = fail(STATUS_USAGE, "--tolerance: %s has its own", convention->name);
    if (!status && e->tolerance) {
        const struct scored_regions regions = scored_regions(scoring->labels);
        status = tolerances_parse(e->tolerance, &regions, scoring->tolerance);
        columns_add(columns, MEASURE_NSD);
    }
    for (size_t i = 0; i < columns->count; i++)
        scoring->wanted[columns->measures[i]] = true;
    if (!status && scoring->wanted[MEASURE_NSD] && !e->tolerance && !convention->instances.counted)
        status = fail(STATUS_USAGE, "--columns: nsd needs a --tolerance");
    scoring->wanted[MEASURE_HD95] |= e->submission;
    return status;
}

static int choose_scoring(const struct evaluation *e, struct scoring *scoring, struct columns *columns)
{
    *scoring =
        (struct scoring){.convention = e->convention ? convention_find(e->convention) : &conventions[0]};
    *columns = (struct columns){.count = 0};
    if (!scoring->convention)
        return fail(STATUS_USAGE, "--convention: '%s' is not known; --help lists the conventions",
                    e->convention);
    int status = scoring_choose_labels(scoring, e->scheme, e->mask);
    if (!status && e->outputs)
        label_set_outputs_alone();
    return status ? status : choose_columns(e, scoring, columns);
}

static int check_options(const struct evaluation *e, int operands, char *const *operand)
{
    if (operands > 2)
        return fail(STATUS_USAGE, "%d operands: expected are a prediction and a reference, or one stream",
                    operands);
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
        return fail(STATUS_USAGE, "--bootstrap: %d is not a number of draws", e->draws);
    if (e->submission && e->columns)
        return fail(STATUS_USAGE, "--submission has columns of its own");
    if (e->submission && (e->json || e->draws || e->mask))
        return fail(STATUS_USAGE, "--submission takes neither --json, --mask nor --bootstrap");
    return threads_set(e->threads);
}

/* Scores as they come, and their rows. */
struct collection {
    const struct scoring *scoring;
    const struct table *table; /* NULL: no rows */
    struct case_scores *scores;
    size_t count, capacity;
};

static int reserve(void *self, size_t count)
{
    struct collection *c = self;
    return array_grow(&c->scores, &c->capacity, count, sizeof *c->scores);
}

static int score(void *self, size_t index, const char *case_name, const struct segmentation *prediction,
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
    if (c->scores[index].exchanged)
        warn("case %s: core and oedema lie in each other's places: one of the maps seems to have the "
             "Decathlon's "
             "numbers (1 oedema, 2 core); nii2raw --scheme msd translates them",
             c->scores[index].case_name);
    if (c->table && !index) /* not before: what is refused at once leaves no header behind */
        status = table_begin(c->table);
    if (c->table && !status)
        status = table_case(c->table, &c->scores[index]);
    return status;
}

/* Reads and scores what the operands, or a list of pairs (else NULL), name. */
static int collect(struct collection *c, const struct evaluation *e, const char *list, int count,
                   char *const *operands)
{
    const struct pair_visitor visitor = {reserve, score, done, c};
    const struct visit_options options = {c->scoring->labels, e->expect, e->max_bytes, omp_get_max_threads()};
    struct pairs pairs = {0};
    if (!list && count < 2)
        return visit_stream(&options, count, operands, &visitor, &c->count);
    int status = list ? pairs_read(list, e->expect, &pairs) : pairs_single(operands[0], operands[1], &pairs);
    if (!status)
        status = visit_files(&pairs, &options, &visitor);
    pairs_free(&pairs);
    return status;
}

/* What the numbers of the references could mean besides what they are read as. */
static void warn_of_readings(const struct collection *c)
{
    char text[LABEL_READINGS_SIZE];
    struct label_readings all = {.maps = 0};
    for (size_t i = 0; i < c->count; i++)
        label_readings_join(&all, &c->scores[i].readings);
    if (scores_doubt(c->scoring, &all, text))
        warn("references: %s (--scheme)", text);
}

/* What comes after the cases. */
static int finish(const struct evaluation *e, const struct table *table, const struct collection *first)
{
    const struct bootstrap bootstrap = {e->seed, e->draws};
    struct collection second = {.scoring = first->scoring};
    int status = STATUS_OK;
    warn_of_readings(first);
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

static int run(const struct evaluation *e, int count, char *const *operands)
{
    struct scoring scoring;
    struct columns columns;
    struct output output;
    int status = check_options(e, count, operands);
    if (!status)
        status = choose_scoring(e, &scoring, &columns);
    if (!status)
        status = output_open(&output, e->output, false);
    if (status)
        return status;
    const struct table table = {.output = &output,
                                .convention = scoring.convention->name,
                                .measures = columns.measures,
                                .measure_count = columns.count,
                                .json = e->json,
                                .header = !e->no_header};
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

int evaluation_main(const struct evaluation_tool *tool, int argc, char **argv)
{
    struct evaluation e = {.tool = tool};
    const struct option_spec options[] = {
        {"convention", 'c', OPTION_TEXT, &e.convention, "NAME", "whose definitions, see below (brats)"},
        {"scheme", 0, OPTION_TEXT, &e.scheme, "NAME",
         "labels and regions: a name below, or a file (the convention's, brats-2018)"},
        OLDER_NAME("labels", "scheme"),
        {"mask", 0, OPTION_FLAG, &e.mask, NULL, "one region, mask: all voxels that are not 0"},
        {"outputs", 0, OPTION_FLAG, &e.outputs, NULL,
         "the regions of the network's outputs alone, not what a scheme only scores"},
        {"pairs", 'p', OPTION_TEXT, &e.pairs, "FILE", "lines of [CASE] PREDICTION REFERENCE, tabs between"},
        {"summary", 0, OPTION_FLAG, &e.summary, NULL, "mean, sd, ... after the cases of a stream, too"},
        {"no-summary", 0, OPTION_FLAG, &e.no_summary, NULL, "not even after the cases of --pairs"},
        {.kind = OPTION_SECTION, .help = "Challenge and statistics:"},
        {"columns", 0, OPTION_TEXT, &e.columns, "NAME,NAME", "these measures, see below, in this order"},
        {"tolerance", 0, OPTION_TEXT, &e.tolerance, "MM",
         "a column nsd: DeepMind's surface Dice; or ET=MM,WT=MM,..."},
        {"submission", 0, OPTION_FLAG, &e.submission, NULL, "the CSV layout of the BraTS platform"},
        {"bootstrap", 0, OPTION_INTEGER, &e.draws, "N",
         "95 % intervals of the means, by N draws of the cases"},
        {"against", 0, OPTION_TEXT, &e.against, "FILE",
         "--pairs of other predictions, to subtract case by case"},
    };
    size_t count = 0; /* all rows, or those before the section */
    while (count < OPTION_COUNT(options) && (tool->statistics || options[count].kind != OPTION_SECTION))
        count++;
    char summary[1024];
    snprintf(
        summary, sizeof summary,
        "%s\n\n"
        "Files are NIfTI or records; a stream holds for each case the prediction (prob, taken\n"
        "> 0.5 channel by channel, or label) and the reference label map, as prunet-infer\n"
        "--pass-label writes them. --scheme brats-2018 (2018): 4 is the enhancing tumour; brats-2023\n"
        "(2023): 3 or 4; any other: its own labels and regions; a challenge's name (goat, gli, ...): its\n"
        "labels since 2024 and the regions that it scores.",
        tool->summary);
    const struct tool command = {
        .name = tool->name,
        .usage = "[OPTION...] PREDICTION REFERENCE\n[OPTION...] --pairs FILE\n[OPTION...] [STREAM]",
        .summary = summary,
        .options = options,
        .count = count,
        .common = {.output = &e.output,
                   .expect = &e.expect,
                   .seed = tool->statistics ? &e.seed : NULL,
                   .threads = &e.threads,
                   .max_bytes = &e.max_bytes,
                   .json = &e.json,
                   .no_header = &e.no_header},
        .notes = notes(tool->statistics),
        .example = tool->example,
    };
    const int first = options_parse(&command, argc, argv);
    const int status = run(&e, argc - first, argv + first);
    return status ? report(status) : STATUS_OK;
}
