/* A test program: checks print TAP lines ("ok - name", "not ok - name", "ok - name # skip why").
 * tests/run gathers the lines of all programs and scripts. */
#ifndef PRUNET_TESTS_CHECK_H
#define PRUNET_TESTS_CHECK_H

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check_failures;

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
    return passed;
}

__attribute__((format(printf, 2, 3))) static inline void skip(const char *why, const char *format, ...)
{
    char name[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    printf("ok - %s # skip %s\n", name, why);
    fflush(stdout);
}

/* |a - b| / |b| in the Euclidean norm: the one error measure for arrays. NaN or infinity anywhere is 1e30. */
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

/* Fills memory with signalling NaNs, so that what is read before it is written shows. */
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

static inline int check_exit(void)
{
    return check_failures != 0;
}

#endif
