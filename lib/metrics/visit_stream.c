#include "lib/base/error.h"
#include "lib/base/progress.h"
#include "lib/metrics/visit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct case_name {
    char text[CASE_NAME_SIZE];
};

struct stream {
    enum label_set labels;
    const struct pair_visitor *visitor;
    struct reader *reader;
    struct segmentation prediction; /* of the last case; voxels NULL once it is done */
    struct case_name *cases;        /* all that have begun */
    size_t count;
    struct progress progress;
};

static const char *last_case(const struct stream *s)
{
    return s->count ? s->cases[s->count - 1].text : "";
}

static int begin_case(struct stream *s, const char *name)
{
    if (case_name_reserved(name))
        return fail(STATUS_DATA, "a row of the summary has this name");
    for (size_t i = 0; i < s->count; i++)
        if (!strcmp(s->cases[i].text, name))
            return fail(STATUS_DATA, "comes more than once");
    if ((s->count & (s->count - 1)) == 0) { /* full at 0, 1, 2, 4, 8 ... */
        size_t room = s->count ? 2 * s->count : 1;
        struct case_name *cases = realloc(s->cases, room * sizeof *cases);
        if (!cases)
            return fail(STATUS_FAILURE, "out of memory for %zu cases", room);
        s->cases = cases;
    }
    snprintf(s->cases[s->count++].text, CASE_NAME_SIZE, "%s", name);
    return STATUS_OK;
}

static int take_reference(struct stream *s, const struct record *record)
{
    struct segmentation reference;
    if (record->role == ROLE_PROB)
        return fail(STATUS_DATA, "the reference is a prob record");
    int status = segmentation_from_record(record, "reference", s->labels, &reference);
    if (status)
        return status;
    segmentation_warn(record->case_name, &s->prediction, &reference);
    const struct pair_visitor *visitor = s->visitor;
    status = visitor->reserve(visitor->self, s->count);
    if (!status)
        status = visitor->look(visitor->self, s->count - 1, record->case_name, &s->prediction, &reference);
    segmentation_free(&reference);
    segmentation_free(&s->prediction);
    if (!status && visitor->done)
        status = visitor->done(visitor->self, s->count - 1);
    if (!status)
        progress_advance(&s->progress, record->case_name, NULL);
    return status;
}

static int no_reference(const struct stream *s)
{
    return fail(STATUS_DATA, "%s: case %s: no reference follows the prediction", reader_name(s->reader),
                last_case(s));
}

static int take(struct stream *s, const struct record *record)
{
    const bool same = !strcmp(record->case_name, last_case(s));
    int status = STATUS_OK;
    if (record->role == ROLE_IMAGE && !record->foreign)
        return STATUS_OK;
    if (s->prediction.voxels && !same)
        return no_reference(s);
    if (s->prediction.voxels)
        status = take_reference(s, record);
    else if (same)
        status = fail(STATUS_DATA, "a record after the prediction and the reference");
    else if (!(status = begin_case(s, record->case_name)))
        status = segmentation_from_record(record, "prediction", s->labels, &s->prediction);
    return status ? fail_in(status, "%s: case %s", reader_name(s->reader), record->case_name) : STATUS_OK;
}

static int take_all(struct stream *s)
{
    int status = STATUS_OK;
    for (bool got = true; got && !status;) {
        struct record record = {0};
        status = reader_next(s->reader, &record, &got);
        if (!status && got)
            status = take(s, &record);
        record_free(&record);
    }
    if (status)
        return status;
    if (s->prediction.voxels)
        return no_reference(s);
    return s->count ? STATUS_OK : fail(STATUS_DATA, "%s: no prediction to score", reader_name(s->reader));
}

int visit_stream(const char *expect_path, enum label_set labels, int count, char *const *paths,
                 const struct pair_visitor *visitor, size_t *cases)
{
    struct stream s = {.labels = labels, .visitor = visitor};
    const struct reader_options options = {.expect_path = expect_path};
    int status = reader_open(&s.reader, count, paths, &options);
    if (status)
        return status;
    progress_start(&s.progress, "case", reader_cases_expected(s.reader));
    status = take_all(&s);
    progress_end(&s.progress);
    *cases = s.count;
    segmentation_free(&s.prediction);
    free(s.cases);
    reader_close(s.reader);
    return status;
}
