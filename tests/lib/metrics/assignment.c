/* Pairs of lesions: the largest sum of gains, found by trying everything. */
#include "lib/metrics/assignment.h"
#include "lib/base/random.h"
#include "tests/check.h"
#include <stdbool.h>
#include <string.h>

enum { SIDE_MAX = 6, CANDIDATES_MAX = SIDE_MAX * SIDE_MAX };

/* Rows from `row` on, with the columns of `taken` gone: the largest sum of gains, a pair itself worth
 * 1e-6. */
static double best_sum(int rows, int columns, double gain[SIDE_MAX][SIDE_MAX], int row, unsigned taken)
{
    if (row == rows)
        return 0;
    double best = best_sum(rows, columns, gain, row + 1, taken);
    for (int j = 0; j < columns; j++)
        if (gain[row][j] > 0 && !(taken >> j & 1))
            best = fmax(best, gain[row][j] + 1e-6 + best_sum(rows, columns, gain, row + 1, taken | 1u << j));
    return best;
}

static size_t draw(uint64_t key, int rows, int columns, double gain[SIDE_MAX][SIDE_MAX],
                   struct candidate *candidates)
{
    size_t count = 0;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            const uint64_t at = (uint64_t)(i * SIDE_MAX + j);
            gain[i][j] =
                random_uniform(key, 2 * at) < 0.5 ? 0 : ceil(8 * random_uniform(key, 2 * at + 1)) / 8;
            if (gain[i][j] > 0)
                candidates[count++] = (struct candidate){i, j, gain[i][j]};
        }
    return count;
}

/* Whether column_of is a matching of candidates, and its sum. */
static bool matching(int rows, int columns, double gain[SIDE_MAX][SIDE_MAX], const int32_t *column_of,
                     double *sum)
{
    unsigned taken = 0;
    bool valid = true;
    *sum = 0;
    for (int i = 0; i < rows && valid; i++) {
        const int32_t j = column_of[i];
        if (j == -1)
            continue;
        valid = j >= 0 && j < columns && gain[i][j] > 0 && !(taken >> j & 1);
        taken |= valid ? 1u << j : 0;
        *sum += valid ? gain[i][j] + 1e-6 : 0;
    }
    return valid;
}

static void test_against_trial(void)
{
    int wrong = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        const int rows = 1 + (int)(random_bits(seed, 100) % SIDE_MAX);
        const int columns = 1 + (int)(random_bits(seed, 101) % SIDE_MAX);
        double gain[SIDE_MAX][SIDE_MAX], sum;
        struct candidate candidates[CANDIDATES_MAX], before[CANDIDATES_MAX];
        int32_t column_of[SIDE_MAX];
        const size_t count = draw(seed, rows, columns, gain, candidates);
        memcpy(before, candidates, sizeof before);
        poison(column_of, sizeof column_of);
        wrong += assignment_solve(rows, columns, candidates, count, column_of) ||
                 !matching(rows, columns, gain, column_of, &sum) ||
                 fabs(sum - best_sum(rows, columns, gain, 0, 0)) > 1e-9 ||
                 memcmp(before, candidates, count * sizeof *candidates) != 0;
    }
    check(!wrong, "2000 problems of up to 6 x 6: the largest sum that trying everything finds (%d wrong)",
          wrong);
}

static void test_edges(void)
{
    int32_t column_of[4];
    poison(column_of, sizeof column_of);
    check(!assignment_solve(0, 3, NULL, 0, column_of) && !assignment_solve(2, 0, NULL, 0, column_of) &&
              column_of[0] == -1 && column_of[1] == -1,
          "no rows, no columns: no pairs");
    const struct candidate chain[] = {{0, 0, 0.5}, {0, 1, 0.4}, {1, 0, 0.45}};
    check(!assignment_solve(2, 2, chain, 3, column_of) && column_of[0] == 1 && column_of[1] == 0,
          "0.4 + 0.45 is more than 0.5: not first come, first served");
    const struct candidate tied[] = {{0, 0, 0.5}, {0, 1, 0.5}};
    check(!assignment_solve(1, 2, tied, 2, column_of) && column_of[0] == 0, "of equals the first column");
    const struct candidate turned[] = {{0, 0, 0.5}, {1, 0, 0.5}};
    check(!assignment_solve(2, 1, turned, 2, column_of) && column_of[0] == 0 && column_of[1] == -1,
          "of equals the first row");
}

/* More cells than ASSIGNMENT_WHOLE: rows and columns that nothing names are set aside. */
static void test_many(void)
{
    enum { MANY = 30000 };
    struct candidate *candidates = malloc(MANY * sizeof *candidates);
    int32_t *column_of = malloc(MANY * sizeof *column_of);
    size_t count = 0;
    bool right = true;
    for (int i = 7; i < MANY; i += 1000) {
        candidates[count++] = (struct candidate){i, MANY - i, 0.25};
        candidates[count++] = (struct candidate){i, MANY - i + 2, 0.5};
    }
    poison(column_of, MANY * sizeof *column_of);
    check(!assignment_solve(MANY, MANY, candidates, count, column_of), "30000 rows and columns");
    for (int i = 0; i < MANY; i++)
        right &= column_of[i] == (i % 1000 == 7 ? MANY - i + 2 : -1);
    check(right, "each row that has candidates gets the better one, no other row any");
    free(candidates);
    free(column_of);
}

int main(void)
{
    test_against_trial();
    test_edges();
    test_many();
    return check_exit();
}
