#include "lib/network/train.h"
#include "lib/base/error.h"
#include "lib/base/progress.h"
#include "lib/base/stop.h"
#include "lib/network/network_case.h"
#include "lib/stream/case_names.h"
#include "lib/volume/channels.h"
#include "lib/volume/labelled_ahead.h"
#include "lib/volume/scheme.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int train_print_header(struct output *table, const struct label_scheme *scheme)
{
    char columns[SCHEME_REGIONS_MAX * (SCHEME_NAME_SIZE + 8)];
    int length = 0;
    for (int r = 0; r < scheme->region_count; r++)
        length += snprintf(columns + length, sizeof columns - (size_t)length, "\tdice_%s",
                           scheme->regions[r].column);
    return output_print(table, "epoch\tstep\tcase\tloss%s\tseconds\twaiting\n", columns);
}

/* What is said of a case once its batch's step is made; numbers alone, as ranks share them. */
struct row {
    double loss, dice[OUTPUTS_MAX], seconds, waiting;
};

/* An epoch under way on a stream. */
struct stepping {
    struct epoch *epoch;
    struct labelled_ahead *ahead;
    const struct names *expected; /* the epoch's cases, where several ranks share them */
    struct share share;
    struct output *table;
    struct progress progress;
    const atomic_bool *stopping;
    bool stopped;      /* one of the ranks was told to stop */
    bool input_failed; /* what failed is the input */

    /* Of the batch so far: those of the cases of other ranks are 0. What all ranks share is these doubles. */
    struct shared_rows {
        struct row of[FIXED_COUNT_MAX];
        double wish; /* to stop: above 0 */
    } rows;
    char names[FIXED_COUNT_MAX][CASE_NAME_SIZE];
};

/* Cases of the present batch that were seen. */
static int in_batch(const struct epoch *epoch)
{
    return (int)(epoch->seen - epoch->training.cases_done);
}

static int print_row(struct output *table, const struct epoch *epoch, const char *name, const struct row *row)
{
    char dice[SCHEME_REGIONS_MAX * 16];
    int length = 0;
    for (int r = 0; r < network_architecture(epoch->network)->outputs; r++)
        length += snprintf(dice + length, sizeof dice - (size_t)length, "\t%.6f", row->dice[r]);
    return output_print(table, "%" PRIu64 "\t%" PRIu64 "\t%s\t%.9g%s\t%.3f\t%.3f\n",
                        epoch->training.epoch + 1, epoch->training.step, name, row->loss, dice, row->seconds,
                        row->waiting);
}

/* The image's channels become the network's inputs, and the labels must be of its regions. */
static int adapt_case(const struct epoch *epoch, struct labelled_case *labelled)
{
    const struct label_scheme *wanted = network_scheme(epoch->network), *own;
    int status = scheme_of_record(&labelled->label, &own);
    if (!status && !scheme_same_regions(own, wanted))
        status = fail(STATUS_DATA, "its labels are of scheme %s, the network's regions of %s", own->name,
                      wanted->name);
    return status ? status
                  : channels_arrange(&labelled->image, wanted, network_architecture(epoch->network)->inputs,
                                     epoch->fill_missing);
}

static int put_case(struct epoch *epoch, struct labelled_case *labelled)
{
    const struct record *image = &labelled->image;
    int status = adapt_case(epoch, labelled);
    return status ? status : epoch_put(epoch, image->size, image->data, labelled->label.data);
}

/* All ranks meet here after each batch and once at the end, or where one was told to stop: then all stop. */
static void meet(struct stepping *s)
{
    if (s->epoch->ranks.count == 1)
        return;
    s->rows.wish = *s->stopping;
    ranks_share_scores((double *)&s->rows, sizeof s->rows / sizeof(double));
    s->stopped = s->rows.wish > 0;
}

/* The step of the batch, and the rows of its cases, which the first rank writes. */
static int train_batch(struct stepping *s)
{
    const double start = clock_seconds();
    const int cases = in_batch(s->epoch);
    meet(s);
    if (s->stopped)
        return STATUS_OK;
    int status = epoch_update(s->epoch);
    s->rows.of[cases - 1].seconds += clock_seconds() - start;
    for (int i = 0; !status && !s->epoch->ranks.number && i < cases; i++)
        status = print_row(s->table, s->epoch, s->names[i], &s->rows.of[i]);
    memset(&s->rows, 0, sizeof s->rows);
    return status;
}

/* The gradient of the case that was put at `start`; after the last one of a batch its step. */
static int train_case(struct stepping *s, const char *case_name, double start, double waiting)
{
    const int place = in_batch(s->epoch);
    struct row *row = &s->rows.of[place];
    struct case_score score;
    int status = epoch_gradient(s->epoch, case_name, &score);
    if (status)
        return status;
    *row = (struct row){.loss = score.loss, .seconds = clock_seconds() - start, .waiting = waiting};
    memcpy(row->dice, score.dice, sizeof row->dice);
    snprintf(s->names[place], CASE_NAME_SIZE, "%s", case_name);
    if (epoch_batch_is_full(s->epoch))
        status = train_batch(s);
    if (status)
        return status;
    const struct plan *plan = network_current_plan(s->epoch->network);
    char detail[80];
    snprintf(detail, sizeof detail, "loss %.4f, %zu MiB (%s)", score.loss,
             (plan->resident_bytes + plan->activation_bytes) >> 20, plan->choice);
    progress_advance(&s->progress, case_name, detail);
    return STATUS_OK;
}

/* *got is false at the end of the input. The next case is read once this one has been copied to the
 * network and its records are freed. */
static int train_next(struct stepping *s, bool *got)
{
    struct labelled_case labelled;
    const char *name;
    double asked = clock_seconds();
    int status = labelled_ahead_next(s->ahead, &labelled, &name, got);
    s->input_failed = status;
    if (status || !*got)
        return status;
    double start = clock_seconds();
    char case_name[CASE_NAME_SIZE];
    memcpy(case_name, labelled.image.case_name, sizeof case_name);
    bool skipped, stopped = *s->stopping;
    status = epoch_skip(s->epoch, case_name, &skipped);
    bool wanted = !status && !skipped && !stopped;
    if (wanted)
        status = put_case(s->epoch, &labelled);
    labelled_free(&labelled);
    if (!status && !stopped)
        labelled_ahead_proceed(s->ahead);
    if (wanted && !status)
        status = train_case(s, case_name, start, start - asked);
    return status ? fail_in(status, "%s: %s", name, case_name) : STATUS_OK;
}

/* Called in the thread that reads: where the image goes, and what happens to a case once it is read, while
 * the step of the case before runs. */
static void *find_destination(void *self, const struct record *record)
{
    const struct epoch *epoch = self;
    bool image = record->role == ROLE_IMAGE && record->sample == SAMPLE_FLOAT &&
                 channels_are_arranged(record, network_scheme(epoch->network));
    return image ? network_prefetch_destination(epoch->network, record->channels, record->size) : NULL;
}

static void prefetch_case(void *self, const struct labelled_case *labelled)
{
    const struct epoch *epoch = self;
    const struct record *image = &labelled->image;
    if (channels_are_arranged(image, network_scheme(epoch->network)))
        network_prefetch_start(epoch->network, image->channels, image->size, image->data,
                               labelled->label.data);
}

/* Every case until the end of the input, or until a stop. */
static int train_alone(struct stepping *s)
{
    int status = STATUS_OK;
    bool got = true;
    while (!status && got && !*s->stopping)
        status = train_next(s, &got);
    s->stopped = *s->stopping;
    if (!status && !s->stopped && epoch_is_inside_batch(s->epoch))
        status = train_batch(s);
    return status;
}

/* A case of the epoch that another rank trains on, which closes a batch as well as one of ours does. */
static int pass_case(struct stepping *s, const char *case_name)
{
    const bool skipped = s->epoch->seen < s->epoch->training.cases_done;
    if (!skipped)
        snprintf(s->names[in_batch(s->epoch)], CASE_NAME_SIZE, "%s", case_name);
    int status = epoch_pass(s->epoch, case_name);
    return !status && !skipped && epoch_batch_is_full(s->epoch) ? train_batch(s) : status;
}

/* Our share of the cases, and a count of the others. Whichever way the ranks' loops end, they have met equally often. */
static int train_share(struct stepping *s)
{
    const size_t cases = s->expected->count;
    int status = STATUS_OK;
    bool got = true;
    while (!status && !s->stopped && !*s->stopping && s->epoch->seen < cases)
        if (share_has(&s->share, s->epoch->seen))
            status = train_next(s, &got);
        else
            status = pass_case(s, s->expected->name[s->epoch->seen]);
    if (!status && !s->stopped && !*s->stopping && share_cases(&s->share, cases))
        status = train_next(s, &got); /* nothing is behind the last */
    if (s->input_failed && *s->stopping)
        status = STATUS_OK; /* a signal that ends the tools before us also ends our input */
    if (!status && !s->stopped && epoch_is_inside_batch(s->epoch) && s->epoch->seen == cases)
        status = train_batch(s);
    if (!status && !s->stopped)
        meet(s);
    return status;
}

static int train_all(struct stepping *s, struct reader *reader)
{
    reader_set_destination(reader, find_destination, s->epoch);
    int status = labelled_ahead_open(&s->ahead, reader, prefetch_case, s->epoch);
    if (status)
        return status;
    status = s->epoch->ranks.count > 1 ? train_share(s) : train_alone(s);
    if (status || s->stopped)
        stop_waiting(); /* the next case is not needed */
    labelled_ahead_close(s->ahead);
    return status;
}

int train_stream(struct epoch *epoch, struct reader *reader, struct output *table,
                 const atomic_bool *stopping)
{
    struct stepping s = {.epoch = epoch,
                         .table = table,
                         .stopping = stopping,
                         .expected = reader_expected(reader),
                         .share = {epoch->training.batch, epoch->ranks.number, epoch->ranks.count}};
    progress_start(&s.progress, "step", reader_cases_expected(reader));
    int status = train_all(&s, reader);
    progress_end(&s.progress);
    if (epoch->ranks.count > 1 ? s.stopped : *stopping) /* whatever the status, as above */
        return fail(STATUS_RETRY, "stopped after %" PRIu64 " cases of epoch %" PRIu64,
                    epoch->training.cases_done, epoch->training.epoch + 1);
    return status ? status : epoch_complete(epoch);
}
