#include "lib/report/rank_test.h"
#include "lib/base/error.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { EXACT_MAX = 50 };

static int compare_size(const void *a, const void *b)
{
    const double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

/* The share of the 2^n ways to sign the ranks 1 .. n whose positive sum is at most `sum`. */
static double exact_share(size_t n, double sum)
{
    double ways[EXACT_MAX * (EXACT_MAX + 1) / 2 + 1] = {1}, below = 0;
    const size_t most = n * (n + 1) / 2;
    for (size_t rank = 1; rank <= n; rank++)
        for (size_t s = most; s >= rank; s--)
            ways[s] += ways[s - rank];
    for (size_t s = 0; s <= most && (double)s <= sum; s++)
        below += ways[s];
    return below / exp2((double)n);
}

/* Sorted by size, not 0. Returns the sum of (t^3 - t) over groups of t equal sizes. */
static double sum_ranks(const double *sorted, size_t n, double *positive)
{
    double ties = 0;
    *positive = 0;
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && fabs(sorted[end]) == fabs(sorted[first]);)
            end++;
        const double rank = (double)(first + 1 + end) / 2, t = (double)(end - first);
        for (size_t i = first; i < end; i++)
            *positive += sorted[i] > 0 ? rank : 0;
        ties += t * t * t - t;
    }
    return ties;
}

int rank_test(const double *differences, size_t count, struct rank_test *test)
{
    double *sorted = malloc((count + 1) * sizeof *sorted);
    size_t n = 0;
    *test = (struct rank_test){.p = 1};
    if (!sorted)
        return fail(STATUS_FAILURE, "out of memory for %zu differences", count);
    for (size_t i = 0; i < count; i++)
        if (differences[i] != 0 && !isnan(differences[i]))
            sorted[n++] = differences[i];
    qsort(sorted, n, sizeof *sorted, compare_size);
    const double ties = sum_ranks(sorted, n, &test->positive);
    const bool zeros = n < count;
    free(sorted);
    test->count = n;
    if (!n)
        return STATUS_OK;
    const double m = (double)n, whole = m * (m + 1) / 2,
                 smaller = fmin(test->positive, whole - test->positive);
    const double deviation = sqrt(m * (m + 1) * (2 * m + 1) / 24 - ties / 48);
    test->p = n <= EXACT_MAX && ties == 0 && !zeros ? fmin(1, 2 * exact_share(n, smaller))
                                                    : erfc((whole / 2 - smaller) / deviation / sqrt(2));
    return STATUS_OK;
}
