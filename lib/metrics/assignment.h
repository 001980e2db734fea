/* The assignment problem: which lesion of a prediction belongs to which lesion of the reference. */
#ifndef PRUNET_METRICS_ASSIGNMENT_H
#define PRUNET_METRICS_ASSIGNMENT_H

#include <stddef.h>
#include <stdint.h>

/* Row and column may be a pair, and are worth `gain`, in (0, 1], as one. */
struct candidate {
    int32_t row, column;
    double gain;
};

/* Pairs rows with columns, each with one at most and candidates only, so that the sum of the gains is largest
 * and, where two sums are equal, more pairs are made. column_of[row], for `rows` rows, becomes the column or
 * -1. Candidates are ordered by row, then column, without repetition; they are not changed.
 *
 * Crouse, On implementing 2D rectangular assignment algorithms, 2016: shortest augmenting paths, a pair
 * costing 1 - gain and no pair 1 + 1e-6. Costs, their sums and the order in which equal ones are met are
 * those of SciPy's linear_sum_assignment as panoptica calls it, so that ties fall the same way; beyond
 * ASSIGNMENT_WHOLE cells, rows and columns without a candidate are set aside first, and ties may fall
 * otherwise. Time: rows * columns for each row at worst. STATUS_FAILURE without memory. */
enum { ASSIGNMENT_WHOLE = 1 << 22 };
int assignment_solve(int rows, int columns, const struct candidate *candidates, size_t count,
                     int32_t *column_of);

#endif
