#include "lib/base/error.h"
#include "lib/base/progress.h"
#include "lib/metrics/visit.h"
#include <stdio.h>

enum { MESSAGE_SIZE = 1024 };

/* One file, read. Messages belong to their threads and have to be carried over. */
struct side_outcome {
    int status;
    char message[MESSAGE_SIZE];
    struct segmentation segmentation;
};

/* What one thread leaves for the ordered part. */
struct outcome {
    int status;
    struct segmentation prediction, reference; /* without voxels: for the warning */
};

/* Reads both files of a pair, at the same time where a single pair leaves a thread idle: inside a team of
 * several, OpenMP gives the inner loop one thread. */
static int read_both(const struct pair *pair, enum label_set labels, int threads, struct outcome *outcome)
{
    const char *paths[2] = {pair->prediction, pair->reference};
    struct side_outcome sides[2] = {0};
#pragma omp parallel for num_threads(threads < 2 ? 1 : 2)
    for (int side = SIDE_PREDICTION; side <= SIDE_REFERENCE; side++) {
        struct side_outcome *o = &sides[side];
        o->status = segmentation_read(paths[side], side, labels, &o->segmentation);
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

static struct outcome look_at(const struct pair *pair, size_t index, enum label_set labels, int threads,
                              const struct pair_visitor *visitor)
{
    struct outcome o = {0};
    o.status = read_both(pair, labels, threads, &o);
    if (!o.status)
        o.status = visitor->look(visitor->self, index, pair->case_name, &o.prediction, &o.reference);
    segmentation_drop_voxels(&o.prediction);
    segmentation_drop_voxels(&o.reference);
    return o;
}

static int finish(const struct outcome *o, const char *case_name, size_t index,
                  const struct pair_visitor *visitor)
{
    if (o->status)
        return fail_in(o->status, "case %s", case_name);
    segmentation_warn(case_name, &o->prediction, &o->reference);
    return visitor->done ? visitor->done(visitor->self, index) : STATUS_OK;
}

int visit_files(const struct pairs *pairs, enum label_set labels, int threads,
                const struct pair_visitor *visitor)
{
    const int team = pairs->count < (size_t)threads ? (int)pairs->count : threads;
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
            outcome = look_at(&pairs->items[i], i, labels, threads, visitor);
#pragma omp ordered
        if (!status) {
            int here = finish(&outcome, pairs->items[i].case_name, i, visitor);
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
