/* Wilcoxon's signed-rank test: whether paired differences lie about 0. */
#ifndef PRUNET_REPORT_RANK_TEST_H
#define PRUNET_REPORT_RANK_TEST_H

#include <stddef.h>

struct rank_test {
    size_t count;    /* differences that are neither 0 nor undefined */
    double positive; /* sum of the ranks of those above 0 */
    double p;        /* two-sided; 1 where count is 0 */
};

/* Differences of 0 are left out (Wilcoxon), equal ones share their mean rank. Up to 50 differences without zeros and ties p is exact,
 * else by the normal approximation with the correction for ties, without one for continuity: what scipy.stats.wilcoxon
 * gives by method="approx". STATUS_FAILURE without memory. */
int rank_test(const double *differences, size_t count, struct rank_test *test);

#endif
