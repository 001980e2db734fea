/* What the benchmarks of kernels share: a clock, the check that comes before any timing, and an operation of
 * a backend that is laid out in its memory and can be run again and again.
 *
 * The clock is the wall's. On a machine that others use, OMP_NUM_THREADS=1 and PRUNET_BENCH_CLOCK=cpu measure
 * the processor time of this process instead. */
#ifndef PRUNET_TESTS_BENCH_TIMED_H
#define PRUNET_TESTS_BENCH_TIMED_H

#include "lib/base/environment.h"
#include "tests/kernels/calls.h"
#include <time.h>

enum { LEVELS = 5, CHECKED_DEPTH = 4 };

/* Seconds. */
static inline double now(void)
{
    const char *clock = environment_value("PRUNET_BENCH_CLOCK");
    struct timespec t;
    clock_gettime(clock && !strcmp(clock, "cpu") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The first planes of a grid: enough for a check against the reference, which is slow. */
static inline struct shape few_planes(struct shape s)
{
    s.depth = s.depth < CHECKED_DEPTH ? s.depth : CHECKED_DEPTH;
    return s;
}

/* Whether the backend's outputs are those of the reference, within the operation's tolerance; of streams of 16 bits,
 * where a tie may have been rounded the other way, within what rounding allows. Frees d. */
static inline int matches_reference(const struct kernels *kernels, struct drive d)
{
    const double rounded = kernels->wraps ? 0x1p-8 : 0;
    int good = drive_run(&d, kernels->wraps ? &kernels_reference_int16 : &kernels_reference);
    struct outputs expected = outputs_copy(&d);
    good &= drive_run(&d, kernels);
    for (int i = 0; i < d.count; i++)
        if (is_output(&d.arguments[i]))
            good &= argument_error(&d.arguments[i], expected.of[i]) <
                    fmax(argument_tolerance(&d.arguments[i], kernels), rounded);
    outputs_free(&expected);
    drive_free(&d);
    return good;
}

/* An operation with its arguments and scratch in the backend's memory. */
struct timed {
    const struct kernels *kernels;
    struct drive drive;
    void *at[ARGUMENTS_MAX], *scratch;
    size_t scratch_bytes;
};

static inline struct timed timed_open(const struct kernels *kernels, struct drive d)
{
    struct timed t = {.kernels = kernels, .drive = d};
    for (int i = 0; i < d.count; i++)
        t.at[i] = argument_in(kernels, &d.arguments[i]);
    t.scratch_bytes = kernels->scratch_bytes(d.operation, d.in, d.out);
    t.scratch = guarded(kernels, NULL, t.scratch_bytes);
    return t;
}

/* Seconds of one run. */
static inline double timed_run(struct timed *t)
{
    double start = now();
    t->drive.call(t->kernels, &t->drive, t->at, t->scratch);
    if (t->kernels->finish())
        abort();
    return now() - start;
}

/* Frees the drive, too. */
static inline void timed_close(struct timed *t)
{
    guarded_back(t->kernels, t->scratch, NULL, t->scratch_bytes);
    for (int i = 0; i < t->drive.count; i++)
        if (t->at[i])
            guarded_back(t->kernels, t->at[i], NULL, argument_bytes(t->kernels, &t->drive.arguments[i]));
    drive_free(&t->drive);
}

#endif
