/* What it takes to read labelled cases as a training does: each from a file of its own, with its digest.
 *
 *     build/bench/reading_bench TABLE REPEATS FILE...       make build/bench/reading_bench
 *
 * TABLE: digests as `--digests` has them; "" for none. Images are read to memory that stays, as for prefetching.
 * Prints milliseconds a case, each the least of REPEATS passes: processor time of all threads, of the one that reads
 * alone, and wall. */
#include "lib/base/error.h"
#include "lib/volume/labelled.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CLOCKS = 3 };
static const clockid_t clocks[CLOCKS] = {CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC};

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Memory for the first image, which the others must fit. */
struct place {
    void *at;
    size_t bytes;
};

static void *place_of(void *self, const struct record *record)
{
    struct place *place = self;
    if (record->role != ROLE_IMAGE)
        return NULL;
    if (!place->at && (place->at = samples_allocate(record->bytes)))
        place->bytes = record->bytes;
    return record->bytes == place->bytes ? place->at : NULL;
}

static int read_all(int count, char *const *paths, const char *table, struct place *place)
{
    struct reader_options options = {.digests_path = *table ? table : NULL};
    struct reader *reader;
    int status = reader_open(&reader, count, paths, &options);
    if (status)
        return status;
    reader_set_destination(reader, place_of, place);
    for (bool got = true; !status && got;) {
        struct labelled_case labelled;
        status = labelled_next(reader, &labelled, &got);
        if (!status && got)
            labelled_free(&labelled);
    }
    reader_close(reader);
    return status;
}

int main(int argc, char **argv)
{
    const int repeats = argc > 3 ? atoi(argv[2]) : 0, count = argc - 3;
    struct place place = {0};
    double start[CLOCKS], least[CLOCKS] = {1e9, 1e9, 1e9};
    if (repeats < 1)
        return fprintf(stderr, "reading_bench TABLE REPEATS FILE...\n"), STATUS_USAGE;
    for (int i = 0; i < repeats; i++) {
        for (int c = 0; c < CLOCKS; c++)
            start[c] = seconds(clocks[c]);
        int status = read_all(count, argv + 3, argv[1], &place);
        if (status)
            return report(status);
        for (int c = 0; c < CLOCKS; c++) {
            const double took = seconds(clocks[c]) - start[c];
            least[c] = took < least[c] ? took : least[c];
        }
    }
    printf("processor\treading\twall\n%.1f\t%.1f\t%.1f\n", 1e3 * least[0] / count, 1e3 * least[1] / count,
           1e3 * least[2] / count);
    free(place.at);
    return 0;
}
