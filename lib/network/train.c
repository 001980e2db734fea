#include "lib/network/train.h"
#include "lib/base/error.h"
#include "lib/base/progress.h"
#include "lib/base/stop.h"
#include "lib/network/prefetch.h"
#include "lib/volume/labelled_ahead.h"
#include "lib/volume/labels.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int train_print_header(struct output *table)
{
    char columns[SCHEME_REGIONS_MAX * 16];
    int length = 0;
    for (int r = 0; r < record_scheme->region_count; r++)
        length += snprintf(columns + length, sizeof columns - (size_t)length, "\tdice_%s",
                           record_scheme->regions[r].column);
    return output_print(table, "epoch\tstep\tcase\tloss%s\tseconds\twaiting\n", columns);
}

static int print_row(struct output *table, const struct epoch *epoch, const char *name,
                     const struct case_score *score, double seconds, double waiting)
{
    char dice[SCHEME_REGIONS_MAX * 16];
    int length = 0;
    for (int r = 0; r < record_scheme->region_count; r++)
        length += snprintf(dice + length, sizeof dice - (size_t)length, "\t%.6f", score->dice[r]);
    return output_print(table, "%" PRIu64 "\t%" PRIu64 "\t%s\t%.9g%s\t%.3f\t%.3f\n",
                        epoch->training.epoch + 1, epoch->training.step, name, score->loss, dice, seconds,
                        waiting);
}

static int put_case(struct epoch *epoch, const struct labelled_case *labelled)
{
    const struct record *image = &labelled->image;
    int inputs = network_architecture(epoch->network)->inputs;
    if (image->channels != inputs)
        return fail(STATUS_DATA, "%d channels, the network takes %d", image->channels, inputs);
    return epoch_put(epoch, image->size, image->data, labelled->label.data);
}

/* The step on the case that was put at `start`, and its row. */
static int train_case(struct epoch *epoch, const char *case_name, struct output *table,
                      struct progress *progress, double start, double waiting)
{
    struct case_score score;
    int status = epoch_step(epoch, case_name, &score);
    if (status)
        return status;
    status = print_row(table, epoch, case_name, &score, clock_seconds() - start, waiting);
    const struct plan *plan = network_current_plan(epoch->network);
    char detail[80];
    snprintf(detail, sizeof detail, "loss %.4f, %zu MiB (%s)", score.loss,
             (plan->resident_bytes + plan->activation_bytes) >> 20, plan->choice);
    progress_advance(progress, case_name, detail);
    return status;
}

/* *got is false at the end of the input. The next case is read once this one lies in the network and its
 * records are gone. */
static int train_next(struct epoch *epoch, struct labelled_ahead *ahead, struct output *table,
                      struct progress *progress, const volatile sig_atomic_t *stopping, bool *got)
{
    struct labelled_case labelled;
    const char *name;
    double asked = clock_seconds();
    int status = labelled_ahead_next(ahead, &labelled, &name, got);
    if (status || !*got)
        return status;
    double start = clock_seconds();
    char case_name[CASE_NAME_SIZE];
    memcpy(case_name, labelled.image.case_name, sizeof case_name);
    bool skipped, stopped = *stopping;
    status = epoch_skip(epoch, case_name, &skipped);
    bool wanted = !status && !skipped && !stopped;
    if (wanted)
        status = put_case(epoch, &labelled);
    labelled_free(&labelled);
    if (!status && !stopped)
        labelled_ahead_proceed(ahead);
    if (wanted && !status)
        status = train_case(epoch, case_name, table, progress, start, start - asked);
    return status ? fail_in(status, "%s: %s", name, case_name) : STATUS_OK;
}

/* In the thread that reads: where to, and what it does beside the step of the case before. */
static void *find_room(void *self, const struct record *record)
{
    const struct epoch *epoch = self;
    bool image = record->role == ROLE_IMAGE && record->sample == SAMPLE_FLOAT;
    return image ? network_prefetch_destination(epoch->network, record->channels, record->size) : NULL;
}

static void stage_case(void *self, const struct labelled_case *labelled)
{
    const struct epoch *epoch = self;
    const struct record *image = &labelled->image;
    network_prefetch_start(epoch->network, image->channels, image->size, image->data, labelled->label.data);
}

static int train_all(struct epoch *epoch, struct reader *reader, struct output *table,
                     struct progress *progress, const volatile sig_atomic_t *stopping)
{
    struct labelled_ahead *ahead;
    bool got = true;
    reader_set_destination(reader, find_room, epoch);
    int status = labelled_ahead_open(&ahead, reader, stage_case, epoch);
    if (status)
        return status;
    while (!status && got && !*stopping)
        status = train_next(epoch, ahead, table, progress, stopping, &got);
    if (status || *stopping)
        stop_waiting(); /* the next case is of no use */
    labelled_ahead_close(ahead);
    return status;
}

int train_stream(struct epoch *epoch, struct reader *reader, struct output *table,
                 const volatile sig_atomic_t *stopping)
{
    struct progress progress;
    progress_start(&progress, "step", reader_cases_expected(reader));
    int status = train_all(epoch, reader, table, &progress, stopping);
    progress_end(&progress);
    if (*stopping) /* also when the signal took our input away */
        return fail(STATUS_RETRY, "stopped after %" PRIu64 " cases of epoch %" PRIu64,
                    epoch->training.cases_done, epoch->training.epoch + 1);
    return status ? status : epoch_complete(epoch);
}
