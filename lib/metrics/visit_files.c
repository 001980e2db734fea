#include "lib/base/error.h"
#include "lib/base/progress.h"
#include "lib/metrics/visit.h"
#include <stdio.h>

/* What one thread leaves for the ordered part. */
struct outcome {
    int status;
    struct segmentation prediction, reference; /* without voxels: for the warning */
};

static struct outcome look_at(const struct pair *pair, size_t index, enum label_set labels,
                              const struct pair_visitor *visitor)
{
    struct outcome o = {0};
    o.status = segmentation_read(pair->prediction, SIDE_PREDICTION, labels, &o.prediction);
    if (!o.status)
        o.status = segmentation_read(pair->reference, SIDE_REFERENCE, labels, &o.reference);
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
    char message[1024] = ""; /* messages belong to their threads */
    struct progress progress;
    int status = visitor->reserve(visitor->self, pairs->count);
    if (status)
        return status;
    progress_start(&progress, "case", pairs->count);
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < pairs->count; i++) {
        struct outcome outcome = {0};
        int stop;
#pragma omp atomic read
        stop = status;
        if (!stop)
            outcome = look_at(&pairs->items[i], i, labels, visitor);
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
