/* Wilcoxon's signed-rank test against all ways to sign, and against known values. */
#include "lib/report/rank_test.h"
#include "tests/check.h"

/* The two-sided p by going through all 2^n signs. */
static double all_signs(const double *d, size_t n)
{
    double rank[16], seen = 0, p_low = 0, p_high = 0;
    for (size_t i = 0; i < n; i++) {
        rank[i] = 1;
        for (size_t k = 0; k < n; k++)
            rank[i] += fabs(d[k]) < fabs(d[i]);
        seen += d[i] > 0 ? rank[i] : 0;
    }
    for (unsigned signs = 0; signs < 1u << n; signs++) {
        double sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += signs >> i & 1 ? rank[i] : 0;
        p_low += sum <= seen;
        p_high += sum >= seen;
    }
    return fmin(1, 2 * fmin(p_low, p_high) / (double)(1u << n));
}

static void test_exact(void)
{
    static const double differences[] = {0.31, -0.02, 0.11, 0.07, -0.19, 0.23,
                                         0.05, -0.01, 0.4,  0.17, 0.29,  -0.13};
    struct rank_test test;
    for (size_t n = 1; n <= 12; n++) {
        check(!rank_test(differences, n, &test) && test.count == n, "%zu differences", n);
        const double want = all_signs(differences, n);
        check(fabs(test.p - want) < 1e-12, "p is that of all signs: %.12f, %.12f", test.p, want);
    }
    check(test.positive == 12 + 5 + 4 + 9 + 3 + 7 + 10 + 11, "the sum of the positive ranks: %g",
          test.positive);
}

static void test_approximate(void)
{
    /* scipy 1.17: wilcoxon([...], method="approx").pvalue */
    static const double tied[] = {1, 2, 2, -1, 3, 3, -4, 5, 5, 6, 0, 7};
    struct rank_test test;
    check(!rank_test(tied, 12, &test) && test.count == 11, "a difference of 0 is left out");
    check(fabs(test.p - 0.029062812508781795) < 1e-9, "ties share their ranks: %.12f", test.p);
    double many[100];
    for (int i = 0; i < 100; i++)
        many[i] = (i % 3 ? 1 : -1) * (i + 1.5);
    check(!rank_test(many, 100, &test) && fabs(test.p - 0.0054666602746094375) < 1e-12, "a hundred: %.15f",
          test.p);
}

static void test_odd(void)
{
    const double nothing[3] = {0, NAN, 0};
    struct rank_test test;
    check(!rank_test(nothing, 3, &test) && test.count == 0 && test.p == 1, "without differences p is 1");
    check(!rank_test(nothing, 0, &test) && test.p == 1, "without cases p is 1");
    double same[6] = {1, 1, 1, 1, 1, 1};
    check(!rank_test(same, 6, &test) && test.p > 0 && test.p < 0.05, "all equal, all above 0: %g", test.p);
}

int main(void)
{
    test_exact();
    test_approximate();
    test_odd();
    return check_failures != 0;
}
