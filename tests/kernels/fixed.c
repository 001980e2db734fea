/* Sums in whole multiples of 2^-48 (kernels/fixed.h) on every backend: the bits of the reference, whatever the
 * order of the terms and the number of threads; exact where it says so; and what is out of range.
 *
 *     fixed [PATTERN]     only backends whose name contains it */
#include "tests/kernels/drive.h"
#include <float.h>

enum { TERMS = 5, LONGEST = 100003 };

/* Both signs, magnitudes from 2^-60 to 2^6, and some that rounding may get wrong. */
static void make_term(size_t n, int number, float *g)
{
    static const float special[] = {0,           -0.f,          0x1p-49f,       -0x1p-49f, 0x1.8p-48f,
                                    -0x1.8p-48f, 0x1.fffffep6f, -0x1.fffffep6f, FLT_MIN,   FLT_TRUE_MIN};
    enum { SPECIAL = sizeof special / sizeof special[0] };
    const uint64_t key = random_key_number(7, (uint64_t)number);
    for (size_t i = 0; i < n; i++) {
        const uint64_t bits = random_bits(key, i);
        const float magnitude = ldexpf(1 + (float)(bits >> 41) * 0x1p-23f, 5 - (int)(bits % 66));
        g[i] = bits & 1 << 20 ? magnitude : -magnitude;
        if (i % 11 == 3)
            g[i] = special[(i / 11 + (size_t)number) % SPECIAL];
    }
}

/* The arrays of a sum in a backend's memory, with guards. */
struct sum {
    const struct kernels *kernels;
    size_t n;
    int64_t *units;
    int32_t *out_of_range;
};

static struct sum sum_open(const struct kernels *kernels, size_t n)
{
    const int32_t none = 0;
    int64_t *zeros = calloc(n, sizeof *zeros);
    struct sum s = {kernels, n, guarded(kernels, zeros, n * sizeof *zeros),
                    guarded(kernels, &none, sizeof none)};
    free(zeros);
    return s;
}

static void sum_add(struct sum *s, const float *g)
{
    float *term = guarded(s->kernels, g, s->n * sizeof *g), *back = poisoned(s->n * sizeof *back);
    s->kernels->fixed_add(s->n, term, s->units, s->out_of_range);
    if (s->kernels->finish() || !guarded_back(s->kernels, term, back, s->n * sizeof *back) ||
        memcmp(back, g, s->n * sizeof *g))
        check(0, "%s: fixed_add: writes beyond its term, or in it", s->kernels->name);
    free(back);
}

/* The sum, and where wanted its mean over so many terms; whether anything was out of range. */
static int sum_close(struct sum *s, int64_t *units, int count, float *mean)
{
    int32_t outside = 0;
    if (mean) {
        float *to = guarded(s->kernels, NULL, s->n * sizeof *mean);
        s->kernels->fixed_mean(s->n, s->units, count, to);
        if (s->kernels->finish() || !guarded_back(s->kernels, to, mean, s->n * sizeof *mean))
            check(0, "%s: fixed_mean: writes beyond its mean", s->kernels->name);
    }
    if (!guarded_back(s->kernels, s->units, units, s->n * sizeof *units) ||
        !guarded_back(s->kernels, s->out_of_range, &outside, sizeof outside))
        check(0, "%s: writes beyond its sum", s->kernels->name);
    return outside;
}

static void add_terms(const struct kernels *kernels, size_t n, const int order[TERMS], int64_t *units,
                      float *mean)
{
    float *g = poisoned(n * sizeof *g);
    struct sum s = sum_open(kernels, n);
    for (int i = 0; i < TERMS; i++) {
        make_term(n, order[i], g);
        sum_add(&s, g);
    }
    if (sum_close(&s, units, TERMS, mean))
        check(0, "%s: terms within the range are called out of it", kernels->name);
    free(g);
}

static void test_bits(const struct kernels *kernels, size_t n)
{
    static const int orders[][TERMS] = {{0, 1, 2, 3, 4}, {4, 2, 0, 3, 1}, {3, 4, 1, 0, 2}};
    static const int threads[] = {1, 3, 7};
    static int64_t expected[LONGEST], units[LONGEST];
    static float expected_mean[LONGEST], mean[LONGEST];
    int same = 1, same_mean = 1;
    add_terms(&kernels_reference, n, orders[0], expected, expected_mean);
    for (int i = 0; i < 3; i++) {
        kernels_set_threads(threads[i]);
        add_terms(kernels, n, orders[i], units, mean);
        same &= !memcmp(units, expected, n * sizeof *units);
        same_mean &= !memcmp(mean, expected_mean, n * sizeof *mean);
    }
    check(same, "%s: sums of %zu values: the reference's bits in any order", kernels->name, n);
    check(same_mean, "%s: means of %zu values: the reference's bits", kernels->name, n);
}

/* Beside sums of 64 bits and more, whose error is below 2^-54: each term is off by 2^-49 at most. */
static void test_error(void)
{
    enum { N = 4001 };
    static int64_t units[N];
    static float mean[N], g[N];
    static const int order[TERMS] = {0, 1, 2, 3, 4};
    static long double exact[N];
    double worst = 0, worst_mean = 0;
    add_terms(&kernels_reference, N, order, units, mean);
    for (int t = 0; t < TERMS; t++) {
        make_term(N, t, g);
        for (size_t i = 0; i < N; i++)
            exact[i] += g[i];
    }
    for (size_t i = 0; i < N; i++) {
        worst = fmax(worst, fabs((double)(exact[i] * 0x1p48L - units[i])));
        const double of_sum = (double)units[i] / 0x1p48 / TERMS;
        worst_mean = fmax(worst_mean, fabs(mean[i] - of_sum) / fmax(fabs(of_sum), FLT_MIN));
    }
    check(worst <= TERMS * 0.5, "the sum of %d terms is off by %.2f units of 2^-48", TERMS, worst);
    check(worst_mean <= 0x1p-23, "a mean is its sum's, rounded once: off by %.1e of it", worst_mean);
}

static void test_exact(const struct kernels *kernels)
{
    static const float values[] = {
        0x1.fffffep-25f, -0x1.000002p-25f, 0x1p-48f,   -0x1p-48f,   0x1.8p-10f, 1,
        -127.99999f,     0x1.fffffep6f,    0x1.4p-49f, -0x1.4p-49f, 0x1.cp-48f, 0x1.8p-49f};
    static const double rounded[] = {0x1.fffffep23,  -0x1.000002p23, 1, -1, 0x1.8p38, 0x1p48,
                                     -0x1.fffffep54, 0x1.fffffep54,  1, -1, 2,        1};
    enum { N = sizeof values / sizeof values[0] };
    int64_t units[N];
    float mean[N];
    struct sum s = sum_open(kernels, N);
    sum_add(&s, values);
    int outside = sum_close(&s, units, 1, mean), good = !outside;
    for (int i = 0; i < N; i++)
        good &= (double)units[i] == rounded[i];
    check(good, "%s: exact from 2^-25 on, and to the nearest below", kernels->name);
    check(!memcmp(mean, values, 8 * sizeof *mean), "%s: the mean of one is itself", kernels->name);
}

static void test_largest(const struct kernels *kernels)
{
    static const float values[] = {127.99f, -127.99f, 0x1.fffffep6f, -0x1.fffffep6f, 1, -0x1p-48f, 0};
    enum { N = sizeof values / sizeof values[0] };
    int64_t units[N];
    float mean[N];
    struct sum s = sum_open(kernels, N);
    for (int i = 0; i < FIXED_COUNT_MAX; i++)
        sum_add(&s, values);
    int outside = sum_close(&s, units, FIXED_COUNT_MAX, mean);
    check(!outside && !memcmp(mean, values, sizeof mean),
          "%s: the mean of %d times 127.99, and of the largest, is that", kernels->name, FIXED_COUNT_MAX);
    check((double)units[0] == 256 * 0x1p48 * (double)127.99f && units[1] == -units[0],
          "%s: and the sum is exact, of either sign", kernels->name);
}

static void test_range(const struct kernels *kernels)
{
    static const float wrong[] = {128, -128, 1e30f, -INFINITY, INFINITY, NAN, -NAN};
    enum { N = 777 };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        static float g[N], right[N];
        static int64_t units[N], expected[N];
        const size_t place = i * 129;
        make_term(N, 2, right);
        make_term(N, 2, g);
        g[place] = wrong[i];
        struct sum s = sum_open(kernels, N), whole = sum_open(&kernels_reference, N);
        sum_add(&s, g);
        sum_add(&s, right);
        sum_add(&whole, right);
        sum_add(&whole, right);
        sum_close(&whole, expected, 1, NULL);
        expected[place] /= 2;
        int outside = sum_close(&s, units, 1, NULL);
        check(outside == 1, "%s: %g is out of range, and stays so", kernels->name, (double)wrong[i]);
        check(!memcmp(units, expected, sizeof units), "%s: %g adds nothing, the others are added",
              kernels->name, (double)wrong[i]);
    }
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {1, 7, 255, 256, 257, 1000, LONGEST};
    int count;
    const struct kernels *const *list = kernels_list(&count);
    test_error();
    for (int i = 0; i < count; i++) {
        if ((argc > 1 && !strstr(list[i]->name, argv[1])) || list[i]->open())
            continue;
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
            test_bits(list[i], sizes[k]);
        test_exact(list[i]);
        test_largest(list[i]);
        test_range(list[i]);
    }
    return check_exit();
}
