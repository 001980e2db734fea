#include "lib/metrics/visit.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/base/progress.h"
#include "lib/stream/reader.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_SIZE = 1024 };

/* Files ------------------------------------------------------------------------------------------------ */

/* One file as it was read. A message belongs to the thread that failed, and is copied for the one that
 * reports it. */
struct file_outcome {
    int status;
    char message[MESSAGE_SIZE];
    struct segmentation segmentation;
};

/* A pair that one thread has read and scored, for the part that goes in order. */
struct outcome {
    int status;
    struct segmentation prediction, reference; /* without voxels: for the warning */
};

/* Reads both files of a pair, at the same time where a single pair leaves a thread idle: inside a team of
 * several, OpenMP gives the inner loop one thread. */
static int read_both(const struct pair *pair, const struct visit_options *options, struct outcome *outcome)
{
    const char *paths[2] = {pair->prediction, pair->reference};
    struct file_outcome sides[2] = {0};
#pragma omp parallel for num_threads(options->threads < 2 ? 1 : 2)
    for (int side = SIDE_PREDICTION; side <= SIDE_REFERENCE; side++) {
        struct file_outcome *o = &sides[side];
        o->status =
            segmentation_read(paths[side], side, options->labels, options->max_bytes, &o->segmentation);
        if (o->status)
            snprintf(o->message, sizeof o->message, "%s", error_message());
    }
    outcome->prediction = sides[SIDE_PREDICTION].segmentation;
    outcome->reference = sides[SIDE_REFERENCE].segmentation;
    for (int side = SIDE_PREDICTION; side <= SIDE_REFERENCE; side++)
        if (sides[side].status)
            return fail(sides[side].status, "%s", sides[side].message);
    return STATUS_OK;
}

static struct outcome score_pair(const struct pair *pair, size_t index, const struct visit_options *options,
                                 const struct pair_visitor *visitor)
{
    struct outcome o = {0};
    o.status = read_both(pair, options, &o);
    if (!o.status)
        o.status = visitor->score(visitor->self, index, pair->case_name, &o.prediction, &o.reference);
    segmentation_drop_voxels(&o.prediction);
    segmentation_drop_voxels(&o.reference);
    return o;
}

static int finish_pair(const struct outcome *o, const char *case_name, size_t index,
                       const struct pair_visitor *visitor)
{
    if (o->status)
        return fail_in(o->status, "case %s", case_name);
    segmentation_warn(case_name, &o->prediction, &o->reference);
    return visitor->done ? visitor->done(visitor->self, index) : STATUS_OK;
}

int visit_files(const struct pairs *pairs, const struct visit_options *options,
                const struct pair_visitor *visitor)
{
    const int team = (int)size_min(pairs->count, (size_t)options->threads);
    char message[MESSAGE_SIZE] = "";
    struct progress progress;
    int status = visitor->reserve(visitor->self, pairs->count);
    if (status)
        return status;
    progress_start(&progress, "case", pairs->count);
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(team)
    for (size_t i = 0; i < pairs->count; i++) {
        struct outcome outcome = {0};
        int stop;
#pragma omp atomic read
        stop = status;
        if (!stop)
            outcome = score_pair(&pairs->items[i], i, options, visitor);
#pragma omp ordered
        if (!status) {
            int here = finish_pair(&outcome, pairs->items[i].case_name, i, visitor);
            if (here) {
                snprintf(message, sizeof message, "%s", error_message());
#pragma omp atomic write
                status = here;
            } else
                progress_advance(&progress, pairs->items[i].case_name, NULL);
        }
        segmentation_free(&outcome.prediction);
        segmentation_free(&outcome.reference);
    }
    progress_end(&progress);
    return status ? fail(status, "%s", message) : STATUS_OK;
}

/* A stream --------------------------------------------------------------------------------------------- */

struct case_name {
    char text[CASE_NAME_SIZE];
};

struct stream_visit {
    const struct visit_options *options;
    const struct pair_visitor *visitor;
    struct reader *reader;
    struct segmentation prediction; /* of the last case; voxels NULL once it is done */
    struct case_name *cases;        /* all that have begun */
    size_t count, capacity;
    struct progress progress;
};

static const char *last_case(const struct stream_visit *s)
{
    return s->count ? s->cases[s->count - 1].text : "";
}

static int begin_case(struct stream_visit *s, const char *name)
{
    if (case_name_reserved(name))
        return fail(STATUS_DATA, "a case cannot have the name of a row of the summary");
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->cases[i].text, name))
            return fail(STATUS_DATA, "the case comes more than once");
    int status = array_grow(&s->cases, &s->capacity, s->count + 1, sizeof *s->cases);
    if (status)
        return status;
    snprintf(s->cases[s->count++].text, CASE_NAME_SIZE, "%s", name);
    return STATUS_OK;
}

static int score_reference(struct stream_visit *s, const struct record *record)
{
    struct segmentation reference;
    if (record->role == ROLE_PROB)
        return fail(STATUS_DATA, "the reference is a prob record, not a label map");
    int status = segmentation_from_record(record, "reference", s->options->labels, &reference);
    if (status)
        return status;
    segmentation_warn(record->case_name, &s->prediction, &reference);
    const struct pair_visitor *visitor = s->visitor;
    status = visitor->reserve(visitor->self, s->count);
    if (!status)
        status = visitor->score(visitor->self, s->count - 1, record->case_name, &s->prediction, &reference);
    segmentation_free(&reference);
    segmentation_free(&s->prediction);
    if (!status && visitor->done)
        status = visitor->done(visitor->self, s->count - 1);
    if (!status)
        progress_advance(&s->progress, record->case_name, NULL);
    return status;
}

static int no_reference(const struct stream_visit *s)
{
    return fail(STATUS_DATA, "%s: case %s: no reference follows the prediction", reader_name(s->reader),
                last_case(s));
}

static int accept_record(struct stream_visit *s, const struct record *record)
{
    const bool same = !strcmp(record->case_name, last_case(s));
    int status = STATUS_OK;
    if (record->role == ROLE_IMAGE && !record->foreign)
        return STATUS_OK;
    if (s->prediction.voxels && !same)
        return no_reference(s);
    if (s->prediction.voxels)
        status = score_reference(s, record);
    else if (same)
        status = fail(STATUS_DATA, "a third record after the prediction and the reference");
    else if (!(status = begin_case(s, record->case_name)))
        status = segmentation_from_record(record, "prediction", s->options->labels, &s->prediction);
    return status ? fail_in(status, "%s: case %s", reader_name(s->reader), record->case_name) : STATUS_OK;
}

static int read_cases(struct stream_visit *s)
{
    int status = STATUS_OK;
    for (bool got = true; got && !status;) {
        struct record record = {0};
        status = reader_next(s->reader, &record, &got);
        if (!status && got)
            status = accept_record(s, &record);
        record_free(&record);
    }
    if (status)
        return status;
    if (s->prediction.voxels)
        return no_reference(s);
    return s->count ? STATUS_OK : fail(STATUS_DATA, "%s: no prediction to score", reader_name(s->reader));
}

int visit_stream(const struct visit_options *options, int count, char *const *paths,
                 const struct pair_visitor *visitor, size_t *cases)
{
    struct stream_visit s = {.options = options, .visitor = visitor};
    const struct reader_options reader_options = {.expect_path = options->expect,
                                                  .max_bytes = options->max_bytes};
    int status = reader_open(&s.reader, count, paths, &reader_options);
    if (status)
        return status;
    progress_start(&s.progress, "case", reader_cases_expected(s.reader));
    status = read_cases(&s);
    progress_end(&s.progress);
    *cases = s.count;
    segmentation_free(&s.prediction);
    free(s.cases);
    reader_close(s.reader);
    return status;
}
