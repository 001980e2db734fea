/* What the benchmarks of kernels share: a clock, the check that comes before any timing, and an operation of
 * a backend that is laid out in its memory and can be run again and again. The check is on a few voxels, whose contents
 * are repeated to fill what is timed: a host would take minutes for random numbers of that many.
 *
 * The clock is the wall's. On a machine that others use, OMP_NUM_THREADS=1 and PRUNET_BENCH_CLOCK=cpu measure
 * the processor time of this process instead. */
#ifndef PRUNET_TESTS_BENCH_TIMED_H
#define PRUNET_TESTS_BENCH_TIMED_H

#include "lib/base/environment.h"
#include "tests/kernels/calls.h"
#include <time.h>

/* What is checked, at most, in voxels; and the elements from which an array is an outline (drive.h), more than any weights. */
enum { LEVELS = 5, CHECKED_DEPTH = 3, CHECKED_HEIGHT = 6, CHECKED_WIDTH = 18, OUTLINED = 1 << 21 };

/* Seconds. */
static inline double now(void)
{
    const char *clock = environment_value("PRUNET_BENCH_CLOCK");
    struct timespec t;
    clock_gettime(clock && !strcmp(clock, "cpu") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A corner of a grid: enough for a check against the reference, which is slow. */
static inline struct shape few_voxels(struct shape s)
{
    s.depth = s.depth < CHECKED_DEPTH ? s.depth : CHECKED_DEPTH;
    s.height = s.height < CHECKED_HEIGHT ? s.height : CHECKED_HEIGHT;
    s.width = s.width < CHECKED_WIDTH ? s.width : CHECKED_WIDTH;
    return s;
}

/* Whether the backend's outputs are those of the reference, within the operation's tolerance; of streams of 16 bits,
 * where a tie may have been rounded the other way, within what rounding allows. */
static inline int matches_reference(const struct kernels *kernels, struct drive *d)
{
    const double rounded = kernels->wraps ? 0x1p-8 : 0;
    int good = drive_run(d, kernels->wraps ? &kernels_reference_int16 : &kernels_reference);
    struct outputs expected = outputs_copy(d);
    good &= drive_run(d, kernels);
    for (int i = 0; i < d->count && good; i++)
        if (is_output(&d->arguments[i]))
            good &= argument_error(&d->arguments[i], expected.of[i]) <
                    fmax(argument_tolerance(&d->arguments[i], kernels), rounded);
    outputs_free(&expected);
    return good;
}

/* An operation with its arguments and scratch in the backend's memory. */
struct timed {
    const struct kernels *kernels;
    struct drive drive;
    void *at[ARGUMENTS_MAX], *scratch;
    size_t scratch_bytes;
};

/* Memory for an operation that is timed; its failure ends the program with what the backend says. */
static inline void *timed_memory(const struct kernels *kernels, size_t bytes)
{
    void *memory = kernels->allocate(bytes);
    if (memory)
        return memory;
    fprintf(stderr, "%s: %s\n", kernels->name, kernels->finish());
    exit(1);
}

/* The contents of an argument of few voxels, over and over, in memory for the argument of d. Sums grow with the voxels,
 * so that they stay those of the contents. */
static inline void *timed_argument(const struct kernels *kernels, const struct drive *few,
                                   const struct drive *d, int i)
{
    const struct argument *of = &few->arguments[i], *a = &d->arguments[i];
    const double grows = (double)shape_voxels(d->in) / (double)shape_voxels(few->in);
    if (a->role == ABSENT)
        return NULL;
    const size_t bytes = argument_bytes(kernels, a), block_bytes = argument_bytes(kernels, of);
    void *memory = timed_memory(kernels, bytes);
    if (a->role == WRITTEN)
        return memory;
    void *block = plain_copy(in_layout(of) ? NULL : of->host, block_bytes);
    if (in_layout(of))
        argument_pack(kernels, of, block);
    for (size_t n = 0; n < of->count && of->kind == DOUBLES && strstr(of->name, "sums"); n++)
        ((double *)block)[n] *= grows;
    fill_over(kernels, memory, bytes, block, block_bytes);
    free(block);
    return memory;
}

/* few: the same operation on few voxels, with the contents. Both drives stay the caller's. */
static inline struct timed timed_open(const struct kernels *kernels, const struct drive *few, struct drive d)
{
    struct timed t = {.kernels = kernels, .drive = d};
    for (int i = 0; i < d.count; i++)
        t.at[i] = timed_argument(kernels, few, &d, i);
    t.scratch_bytes = kernels->scratch_bytes(d.operation, d.in, d.out);
    t.scratch = timed_memory(kernels, t.scratch_bytes);
    return t;
}

/* Seconds of one run. */
static inline double timed_run(struct timed *t)
{
    double start = now();
    t->drive.call(t->kernels, &t->drive, t->at, t->scratch);
    const char *failure = t->kernels->finish();
    const double seconds = now() - start;
    if (failure) {
        fprintf(stderr, "%s: %s: %s\n", t->kernels->name, t->drive.name, failure);
        exit(1);
    }
    return seconds;
}

static inline void timed_close(struct timed *t)
{
    t->kernels->release(t->scratch, t->scratch_bytes);
    for (int i = 0; i < t->drive.count; i++)
        if (t->at[i])
            t->kernels->release(t->at[i], argument_bytes(t->kernels, &t->drive.arguments[i]));
}

#endif
