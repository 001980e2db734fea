/* Counts of a split at their edges, and folds that cover. */
#include "lib/volume/split.h"
#include "tests/check.h"

int main(void)
{
    static const struct {
        size_t cases, training;
        double fraction;
    } counts[] = {{2, 1, 0.8},  {3, 2, 0.8},    {4, 3, 0.8},   {5, 4, 0.8},     {7, 6, 0.8},
                  {8, 6, 0.8},  {9, 7, 0.8},    {16, 13, 0.8}, {285, 228, 0.8}, {2, 1, 0.01},
                  {2, 1, 0.99}, {10, 9, 0.999}, {10, 5, 0.5},  {5, 3, 0.5}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        check(training_count(counts[i].cases, counts[i].fraction) == counts[i].training,
              "%g of %zu cases: %zu for training", counts[i].fraction, counts[i].cases, counts[i].training);
    int covered = 1;
    for (size_t cases = 2; cases < 40; cases++)
        for (int folds = 2; folds <= (int)cases; folds++) {
            size_t next = 0, begin, end;
            for (int fold = 1; fold <= folds; fold++) {
                fold_range(cases, fold, folds, &begin, &end);
                covered &= begin == next && end > begin && end - begin <= cases / (size_t)folds + 1;
                next = end;
            }
            covered &= next == cases;
        }
    check(covered, "folds are never empty, equal but for one case, and cover all cases once");
    return check_exit();
}
