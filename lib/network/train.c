#include "lib/network/train.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/progress.h"
#include "lib/base/stop.h"
#include "lib/volume/channels.h"
#include "lib/volume/labelled_ahead.h"
#include "lib/volume/scheme.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An epoch ------------------------------------------------------------------------------------------ */

void epoch_begin(struct epoch *epoch, struct network *network, const struct training *training, double rate,
                 double decay, double loss_scale)
{
    *epoch =
        (struct epoch){.network = network,
                       .training = *training,
                       .adam = {.rate = rate, .decay = decay, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
                       .loss_scale = loss_scale};
}

static void count_case(struct epoch *epoch, const char *case_name)
{
    epoch->seen_digest = cases_digest(epoch->seen_digest, case_name);
    epoch->seen++;
}

int epoch_skip(struct epoch *epoch, const char *case_name, bool *skipped)
{
    const struct training *done = &epoch->training;
    *skipped = epoch->seen < done->cases_done;
    if (!*skipped)
        return STATUS_OK;
    count_case(epoch, case_name);
    if (epoch->seen == done->cases_done && epoch->seen_digest != done->cases_digest)
        return fail(STATUS_DATA,
                    "the first %" PRIu64 " cases are not those that the interrupted epoch began with",
                    epoch->seen);
    return STATUS_OK;
}

static int put_labels(struct epoch *epoch, const int size[3], const uint8_t *labels)
{
    const size_t voxels = grid_voxels(size);
    if (voxels != epoch->target_voxels) {
        free(epoch->target);
        epoch->target = malloc(voxels);
        epoch->target_voxels = epoch->target ? voxels : 0;
    }
    if (!epoch->target)
        return fail(STATUS_FAILURE, "out of memory");
    int status = region_bits_of_labels(network_scheme(epoch->network), labels, voxels, epoch->target);
    if (!status)
        network_put_target(epoch->network, epoch->target);
    return status;
}

/* The last bits of results depend on what is recomputed and on the backend: warns when one has changed. */
static void record_setting(char *before, size_t size, const char *now, const char *of_what, bool warns)
{
    if (warns && *before && strcmp(before, now))
        warn("the state was trained with %s '%s', now it is '%s': results may differ in their last bits",
             of_what, before, now);
    snprintf(before, size, "%s", now);
}

static void record_settings(struct epoch *epoch)
{
    struct training *t = &epoch->training;
    record_setting(t->memory, sizeof t->memory, network_current_plan(epoch->network)->choice, "memory",
                   !epoch->settings_recorded);
    record_setting(t->backend, sizeof t->backend, network_backend(epoch->network), "backend",
                   !epoch->settings_recorded);
    epoch->settings_recorded = true;
}

int epoch_put(struct epoch *epoch, const int size[3], const float *image, const uint8_t *labels)
{
    int status = network_resize(epoch->network, size);
    if (status || network_put_prefetched(epoch->network))
        return status;
    if (!(status = put_labels(epoch, size, labels)))
        network_put_image(epoch->network, image);
    return status;
}

/* As TensorFlow's ExponentialMovingAverage with num_updates. */
static double decay_of_step(double decay, double step)
{
    return fmin(decay, (1 + step) / (10 + step));
}

int epoch_step(struct epoch *epoch, const char *case_name, struct case_score *score)
{
    int status = network_gradient(epoch->network, epoch->loss_scale, score);
    if (status)
        return status;
    epoch->adam.step = (double)(epoch->training.step + 1);
    if ((status = network_update(epoch->network, &epoch->adam)))
        return status;
    const double decay = epoch->training.average_decay;
    if (decay > 0 && (status = network_average(epoch->network, decay_of_step(decay, epoch->adam.step))))
        return status;
    record_settings(epoch);
    count_case(epoch, case_name);
    epoch->training.step++;
    epoch->training.cases_done = epoch->seen;
    epoch->training.cases_digest = epoch->seen_digest;
    return STATUS_OK;
}

int epoch_complete(struct epoch *epoch)
{
    struct training *training = &epoch->training;
    if (epoch->seen < training->cases_done)
        return fail(STATUS_DATA,
                    "the input ends after %" PRIu64 " cases, the interrupted epoch had done %" PRIu64,
                    epoch->seen, training->cases_done);
    training->epoch++;
    training->cases_done = training->cases_digest = 0;
    return STATUS_OK;
}

void epoch_free(struct epoch *epoch)
{
    free(epoch->target);
    *epoch = (struct epoch){0};
}

/* A whole stream ------------------------------------------------------------------------------------ */

int train_print_header(struct output *table, const struct label_scheme *scheme)
{
    char columns[SCHEME_REGIONS_MAX * (SCHEME_NAME_SIZE + 8)];
    int length = 0;
    for (int r = 0; r < scheme->region_count; r++)
        length += snprintf(columns + length, sizeof columns - (size_t)length, "\tdice_%s",
                           scheme->regions[r].column);
    return output_print(table, "epoch\tstep\tcase\tloss%s\tseconds\twaiting\n", columns);
}

static int print_row(struct output *table, const struct epoch *epoch, const char *name,
                     const struct case_score *score, double seconds, double waiting)
{
    char dice[SCHEME_REGIONS_MAX * 16];
    int length = 0;
    for (int r = 0; r < network_architecture(epoch->network)->outputs; r++)
        length += snprintf(dice + length, sizeof dice - (size_t)length, "\t%.6f", score->dice[r]);
    return output_print(table, "%" PRIu64 "\t%" PRIu64 "\t%s\t%.9g%s\t%.3f\t%.3f\n",
                        epoch->training.epoch + 1, epoch->training.step, name, score->loss, dice, seconds,
                        waiting);
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

/* *got is false at the end of the input. The next case is read once this one has been copied to the
 * network and its records are freed. */
static int train_next(struct epoch *epoch, struct labelled_ahead *ahead, struct output *table,
                      struct progress *progress, const atomic_bool *stopping, bool *got)
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

static int train_all(struct epoch *epoch, struct reader *reader, struct output *table,
                     struct progress *progress, const atomic_bool *stopping)
{
    struct labelled_ahead *ahead;
    bool got = true;
    reader_set_destination(reader, find_destination, epoch);
    int status = labelled_ahead_open(&ahead, reader, prefetch_case, epoch);
    if (status)
        return status;
    while (!status && got && !*stopping)
        status = train_next(epoch, ahead, table, progress, stopping, &got);
    if (status || *stopping)
        stop_waiting(); /* the next case is not needed */
    labelled_ahead_close(ahead);
    return status;
}

int train_stream(struct epoch *epoch, struct reader *reader, struct output *table,
                 const atomic_bool *stopping)
{
    struct progress progress;
    progress_start(&progress, "step", reader_cases_expected(reader));
    int status = train_all(epoch, reader, table, &progress, stopping);
    progress_end(&progress);
    if (*stopping) /* whatever the status: a signal that ends the tools before us also ends our input */
        return fail(STATUS_RETRY, "stopped after %" PRIu64 " cases of epoch %" PRIu64,
                    epoch->training.cases_done, epoch->training.epoch + 1);
    return status ? status : epoch_complete(epoch);
}
