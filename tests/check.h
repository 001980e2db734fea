/* A test program: checks print TAP lines ("ok - name", "not ok - name", "ok - name # skip why").
 * tests/run gathers the lines of all programs and scripts. */
#ifndef PRUNET_TESTS_CHECK_H
#define PRUNET_TESTS_CHECK_H

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures, check_count;

/* One line for one promise; the format names it. */
__attribute__((format(printf, 2, 3))) static inline int check(int passed, const char *format, ...)
{
    char name[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    printf("%s - %s\n", passed ? "ok" : "not ok", name);
    fflush(stdout);
    check_failures += !passed;
    check_count++;
    return passed;
}

/* A promise that is not checked here, and why. */
__attribute__((format(printf, 2, 3))) static inline void skip(const char *why, const char *format, ...)
{
    char name[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    printf("ok - %s # skip %s\n", name, why);
    fflush(stdout);
    check_count++;
}

/* |a - b| / |b| in the Euclidean norm: the one error measure for arrays; 1e30 where anything is not
 * finite. */
static inline double relative_error(size_t n, const float *a, const float *b)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)a[i] - b[i];
        difference += d * d;
        norm += (double)b[i] * b[i];
    }
    double error = norm > 0 ? sqrt(difference / norm) : sqrt(difference);
    return isfinite(error) ? error : 1e30;
}

/* The largest |a - b|; 1e30 where one is NaN. */
static inline double largest_difference(size_t n, const float *a, const float *b)
{
    double largest = 0;
    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)a[i] - b[i]);
        if (!(d <= largest)) /* also when d is NaN */
            largest = isnan(d) ? 1e30 : d;
    }
    return largest;
}

/* Fills memory with NaNs, so that what is read before it is written shows. */
static inline void poison(void *memory, size_t bytes)
{
    memset(memory, 0xff, bytes);
}

/* 64-byte aligned, poisoned. */
static inline void *poisoned(size_t bytes)
{
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64 + 64);
    if (!memory)
        abort();
    poison(memory, bytes);
    return memory;
}

/* The path of a file in TMPDIR, which tests/run empties before each test; good until four calls later. */
static inline const char *scratch(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof paths[0], "%s/%s", folder ? folder : "/tmp", name);
    return path;
}

/* The status with which a test program ends. One that has checked nothing has failed. */
static inline int check_exit(void)
{
    if (!check_count)
        check(0, "no check was made");
    return check_failures != 0;
}

#endif
