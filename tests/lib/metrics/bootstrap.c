/* Summaries and the bootstrap on scores that are made up. */
#include "lib/metrics/bootstrap.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "tests/check.h"

enum { CASES = 40 };
static const struct bootstrap SETTINGS = {3, 2000};

/* Dice around `mean`, one region; every tenth case undefined where `holes`. */
static void make_cases(struct case_scores *cases, double mean, uint64_t seed, bool holes)
{
    memset(cases, 0, CASES * sizeof *cases);
    for (int i = 0; i < CASES; i++) {
        snprintf(cases[i].case_name, sizeof cases[i].case_name, "case-%02d", i);
        cases[i].regions = 1;
        cases[i].region[0].value[MEASURE_DICE] =
            holes && i % 10 == 3 ? NAN : mean + 0.05 * random_normal(seed, (uint64_t)i);
    }
}

static void reverse(struct case_scores *cases)
{
    for (int i = 0; i < CASES / 2; i++) {
        struct case_scores other = cases[i];
        cases[i] = cases[CASES - 1 - i];
        cases[CASES - 1 - i] = other;
    }
}

static void test_summary(void)
{
    struct case_scores cases[CASES];
    double value[STATISTIC_SUMMARY];
    static const double dice[] = {0.2, 0.4, NAN, 0.9};
    memset(cases, 0, sizeof cases);
    for (int i = 0; i < 4; i++)
        cases[i].region[0].value[MEASURE_DICE] = dice[i];
    cases[2].region[0].prediction_empty = cases[2].region[0].reference_empty = true;
    cases[0].region[0].prediction_empty = true;
    poison(value, sizeof value);
    int status = summarize_cases(cases, 4, 0, MEASURE_DICE, value);
    check(!status && value[STATISTIC_COUNTED] == 3 && fabs(value[STATISTIC_MEAN] - 0.5) < 1e-15,
          "a mean leaves out what is undefined");
    check(fabs(value[STATISTIC_SD] - sqrt(0.13)) < 1e-12, "the standard deviation is the sample's");
    check(value[STATISTIC_MEDIAN] == 0.4 && fabs(value[STATISTIC_Q25] - 0.3) < 1e-15 &&
              fabs(value[STATISTIC_Q75] - 0.65) < 1e-15,
          "median and quartiles");
    static const enum measure measures[] = {MEASURE_DICE, MEASURE_FP};
    struct case_counts counts = count_cases(cases, 4, 0, measures, 2);
    check(counts.both_empty == 1 && counts.prediction_empty == 1 && counts.reference_empty == 0 &&
              counts.left_out == 1,
          "empty and left-out cases are counted");
    status = summarize_cases(cases, 1, 0, MEASURE_DICE, value);
    check(!status && value[STATISTIC_MEAN] == 0.2 && isnan(value[STATISTIC_SD]), "one case has no deviation");
    status = summarize_cases(cases + 2, 1, 0, MEASURE_DICE, value);
    check(!status && isnan(value[STATISTIC_MEAN]) && value[STATISTIC_COUNTED] == 0,
          "nothing defined has no mean");
}

static void test_interval(void)
{
    struct case_scores cases[CASES];
    double first[2], again[2], statistics[STATISTIC_SUMMARY], other[2];
    make_cases(cases, 0.8, 1, true);
    int status = bootstrap_interval(&SETTINGS, cases, CASES, 0, MEASURE_DICE, first);
    status |= summarize_cases(cases, CASES, 0, MEASURE_DICE, statistics);
    const double half = 1.96 * statistics[STATISTIC_SD] / sqrt(statistics[STATISTIC_COUNTED]);
    check(!status && fabs(first[0] - (statistics[STATISTIC_MEAN] - half)) < 0.08 * half &&
              fabs(first[1] - (statistics[STATISTIC_MEAN] + half)) < 0.08 * half,
          "the interval is near mean +- 1.96 standard errors");
    reverse(cases);
    bootstrap_interval(&SETTINGS, cases, CASES, 0, MEASURE_DICE, again);
    check(first[0] == again[0] && first[1] == again[1],
          "the order of the cases does not matter, to the last bit");
    bootstrap_interval(&(struct bootstrap){4, 2000}, cases, CASES, 0, MEASURE_DICE, other);
    check(first[0] != other[0], "the seed does");
    for (int i = 0; i < CASES; i++)
        cases[i].region[0].value[MEASURE_DICE] = i ? NAN : 0.5;
    bootstrap_interval(&SETTINGS, cases, CASES, 0, MEASURE_DICE, other);
    check(other[0] == 0.5 && other[1] == 0.5, "a single defined case is all there is");
    cases[0].region[0].value[MEASURE_DICE] = NAN;
    bootstrap_interval(&SETTINGS, cases, CASES, 0, MEASURE_DICE, other);
    check(isnan(other[0]) && isnan(other[1]), "nothing defined has no interval");
}

/* How often the 95 % interval covers the true mean: 40 cases, 200 experiments. */
static void test_coverage(void)
{
    struct case_scores cases[CASES];
    int covered = 0;
    for (uint64_t experiment = 0; experiment < 200; experiment++) {
        double interval[2];
        make_cases(cases, 0.8, 100 + experiment, false);
        bootstrap_interval(&(struct bootstrap){experiment, 500}, cases, CASES, 0, MEASURE_DICE, interval);
        covered += interval[0] <= 0.8 && 0.8 <= interval[1];
    }
    check(covered >= 176 && covered <= 198, "the interval covers the true mean in %d of 200 experiments",
          covered);
}

static void test_difference(void)
{
    struct case_scores a[CASES], b[CASES];
    double value[5];
    make_cases(a, 0.8, 1, true);
    memcpy(b, a, sizeof b);
    int status = bootstrap_difference(&SETTINGS, a, b, CASES, 0, MEASURE_DICE, value);
    check(!status && value[0] == 0 && value[1] == 0 && value[2] == 0 && value[3] == 1 && value[4] == 36,
          "a set against itself: no difference, p 1");
    for (int i = 0; i < CASES; i++)
        b[i].region[0].value[MEASURE_DICE] -= 0.01 + 0.002 * random_normal(9, (uint64_t)i);
    reverse(b);
    bootstrap_difference(&SETTINGS, a, b, CASES, 0, MEASURE_DICE, value);
    check(fabs(value[0] - 0.01) < 0.002 && value[1] > 0 && value[2] < 0.02 && value[3] < 0.01,
          "a small difference in every case is seen, though the cases differ more, whatever the order of the "
          "sets");
    make_cases(b, 0.8, 77, false);
    bootstrap_difference(&SETTINGS, a, b, CASES, 0, MEASURE_DICE, value);
    check(value[1] < 0 && value[2] > 0 && value[3] > 0.05, "noise is not taken for a difference (p %.2f)",
          value[3]);
    check(bootstrap_same_cases(a, CASES, b, CASES) == STATUS_OK, "sets of the same cases");
    snprintf(b[5].case_name, sizeof b[5].case_name, "case-99");
    check(bootstrap_same_cases(a, CASES, b, CASES) == STATUS_DATA && strstr(error_message(), "case-05"),
          "a case that one set lacks is named");
    check(bootstrap_same_cases(a, CASES, a, CASES - 1) == STATUS_DATA && strstr(error_message(), "case-39"),
          "so is one beyond the end of the other");
}

int main(void)
{
    test_summary();
    test_interval();
    test_coverage();
    test_difference();
    return check_exit();
}
