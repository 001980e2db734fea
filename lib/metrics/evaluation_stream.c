#include "lib/metrics/evaluation_stream.h"
#include "lib/base/error.h"
#include "lib/base/progress.h"
#include "lib/metrics/pairs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stream {
    const struct scoring *scoring;
    const struct table *table;
    struct reader *reader;
    struct segmentation prediction; /* of the case being read; voxels NULL before it has come */
    char case_name[CASE_NAME_SIZE]; /* of the last record that is no image */
    bool scored;                    /* that case is done */
    struct case_scores **scores;
    size_t *cases;
    struct progress progress;
};

/* Checks the name of a case that begins and makes room for its scores. */
static int begin_case(struct stream *s, const char *name)
{
    if (case_name_reserved(name))
        return fail(STATUS_DATA, "a row of the summary has this name");
    for (size_t i = 0; i < *s->cases; i++)
        if (!strcmp((*s->scores)[i].case_name, name))
            return fail(STATUS_DATA, "comes more than once");
    if ((*s->cases & (*s->cases - 1)) == 0) { /* full at 0, 1, 2, 4, 8 ... */
        size_t room = *s->cases ? 2 * *s->cases : 1;
        struct case_scores *scores = realloc(*s->scores, room * sizeof *scores);
        if (!scores)
            return fail(STATUS_FAILURE, "out of memory for %zu cases", room);
        *s->scores = scores;
    }
    snprintf(s->case_name, sizeof s->case_name, "%s", name);
    s->scored = false;
    return STATUS_OK;
}

static int take_prediction(struct stream *s, const struct record *record)
{
    int status = begin_case(s, record->case_name);
    return status ? status
                  : segmentation_from_record(record, "prediction", s->scoring->labels, &s->prediction);
}

static int take_reference(struct stream *s, const struct record *record)
{
    struct segmentation reference;
    if (record->role == ROLE_PROB)
        return fail(STATUS_DATA, "the reference is a prob record");
    int status = segmentation_from_record(record, "reference", s->scoring->labels, &reference);
    if (status)
        return status;
    struct case_scores *scores = &(*s->scores)[*s->cases];
    status = score_case(s->scoring, s->case_name, &s->prediction, &reference, scores);
    if (!status && (s->prediction.looks_2023 || reference.looks_2023))
        warn("case %s: label 3 and no 4: a map of 2023 needs --labels 2023", s->case_name);
    segmentation_free(&reference);
    segmentation_free(&s->prediction);
    if (status)
        return status;
    ++*s->cases;
    s->scored = true;
    progress_advance(&s->progress, s->case_name, NULL);
    return s->table ? table_case(s->table, scores) : STATUS_OK;
}

static int take(struct stream *s, const struct record *record)
{
    const bool same = !strcmp(record->case_name, s->case_name);
    int status = STATUS_OK;
    if (record->role == ROLE_IMAGE && !record->foreign)
        return STATUS_OK;
    if (s->prediction.voxels && !same)
        return fail_in(fail(STATUS_DATA, "no reference follows the prediction"), "%s: case %s",
                       reader_name(s->reader), s->case_name);
    if (s->prediction.voxels)
        status = take_reference(s, record);
    else if (same && s->scored)
        status = fail(STATUS_DATA, "a record after the prediction and the reference");
    else
        status = take_prediction(s, record);
    return status ? fail_in(status, "%s: case %s", reader_name(s->reader), record->case_name) : STATUS_OK;
}

static int read_all(struct stream *s)
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
        return fail(STATUS_DATA, "%s: case %s: no reference follows the prediction", reader_name(s->reader),
                    s->case_name);
    return *s->cases ? STATUS_OK : fail(STATUS_DATA, "%s: no prediction to score", reader_name(s->reader));
}

int score_stream(const struct scoring *scoring, const char *expect_path, int count, char *const *paths,
                 const struct table *table, struct case_scores **scores, size_t *cases)
{
    struct stream s = {.scoring = scoring, .table = table, .scores = scores, .cases = cases};
    const struct reader_options options = {.expect_path = expect_path};
    int status = reader_open(&s.reader, count, paths, &options);
    if (status)
        return status;
    progress_start(&s.progress, "case", reader_cases_expected(s.reader));
    status = read_all(&s);
    progress_end(&s.progress);
    segmentation_free(&s.prediction);
    reader_close(s.reader);
    return status;
}
