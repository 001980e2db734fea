/* The distance transform against all pairs of points, and the order statistics against sorting. */
#include "lib/metrics/distance.h"
#include "lib/base/random.h"
#include "lib/metrics/order.h"
#include "tests/check.h"

/* Random points in raster order: each lattice point with probability `density`; at least one. */
static struct surface random_points(uint64_t key, const int size[3], double density)
{
    struct surface s = {.points =
                            malloc(sizeof *s.points * (size_t)size[0] * (size_t)size[1] * (size_t)size[2])};
    uint64_t counter = 0;
    for (int z = 0; z < size[2]; z++)
        for (int y = 0; y < size[1]; y++)
            for (int x = 0; x < size[0]; x++)
                if (random_uniform(key, counter++) < density ||
                    (!s.count && x == size[0] - 1 && y == size[1] - 1 && z == size[2] - 1))
                    s.points[s.count++] = (struct point){(int16_t)x, (int16_t)y, (int16_t)z};
    return s;
}

static double nearest(struct point p, const struct surface *to, const double spacing[3])
{
    double best = INFINITY;
    for (size_t i = 0; i < to->count; i++) {
        double x = spacing[0] * (to->points[i].x - p.x), y = spacing[1] * (to->points[i].y - p.y),
               z = spacing[2] * (to->points[i].z - p.z);
        const double squared = x * x + y * y + z * z;
        best = squared < best ? squared : best; /* gcc 12 for arm64 fails to compile fmin here */
    }
    return best;
}

static void test_distances(void)
{
    static const double spacings[][3] = {{1, 1, 1}, {0.5, 1, 3}, {3, 1, 0.5}, {0.85, 1.2, 0.9}};
    static const int sizes[][3] = {{17, 13, 11}, {1, 9, 30}, {40, 1, 1}, {1, 1, 25}, {23, 31, 1}, {2, 3, 4}};
    static const double densities[] = {0.4, 0.05, 0.002};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t d = 0; d < sizeof densities / sizeof densities[0]; d++) {
            double worst = 0;
            int inexact = 0, failures = 0;
            for (size_t p = 0; p < sizeof spacings / sizeof spacings[0]; p++) {
                const uint64_t key = random_key_number(random_key_number(7, s * 16 + d), p);
                struct surface from = random_points(random_key(key, "from"), sizes[s], densities[d]);
                struct surface to = random_points(random_key(key, "to"), sizes[s], densities[d]);
                double *squared = poisoned(from.count * sizeof *squared);
                failures += distance_squared(&from, &to, spacings[p], squared) != 0;
                for (size_t i = 0; i < from.count; i++) {
                    const double expected = nearest(from.points[i], &to, spacings[p]);
                    inexact += p == 0 && squared[i] != expected;
                    const double error = fabs(squared[i] - expected) / fmax(expected, 1e-9);
                    worst = error <= worst ? worst : error;
                }
                free(squared);
                surface_free(&from);
                surface_free(&to);
            }
            check(!failures && !inexact && worst < 1e-14,
                  "distances in %dx%dx%d at density %g: exact for unit spacing, within 1e-14 else",
                  sizes[s][0], sizes[s][1], sizes[s][2], densities[d]);
        }
}

/* A source at each end of the largest lattice. */
static void test_far(void)
{
    struct point a[] = {{0, 0, 0}, {4096, 4096, 4096}}, b[] = {{4096, 0, 0}, {0, 4096, 4096}};
    struct surface from = {.count = 2, .points = a}, to = {.count = 2, .points = b};
    double squared[2];
    poison(squared, sizeof squared);
    const double unit[3] = {1, 1, 1}, expected = 4096.0 * 4096.0;
    int status = distance_squared(&from, &to, unit, squared);
    check(!status && squared[0] == expected && squared[1] == expected, "distances across 4096 voxels");
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* DeepMind's rule on sorted values. */
static double weighted_by_sorting(const double *value, const double *weight, size_t n, double share)
{
    double whole = 0, below = 0, answer = INFINITY;
    for (size_t i = 0; i < n; i++)
        whole += weight[i];
    for (size_t i = 0; i < n; i++) { /* whole numbers: the sums are exact in any order */
        below = 0;
        for (size_t j = 0; j < n; j++)
            below += value[j] <= value[i] ? weight[j] : 0;
        if (below / whole >= share && value[i] < answer)
            answer = value[i];
    }
    return answer;
}

static void test_order(void)
{
    enum { MOST = 200 };
    int wrong_select = 0, wrong_quantile = 0, wrong_weighted = 0;
    for (int trial = 0; trial < 400; trial++) {
        const uint64_t key = random_key_number(11, (uint64_t)trial);
        const size_t n = 1 + (size_t)(random_uniform(key, 0) * MOST) % MOST;
        const int kinds = trial % 4 == 0 ? 3 : trial % 4 == 1 ? 30 : 100000; /* many equal values, or few */
        double values[MOST], sorted[MOST], weights[MOST];
        struct weighted items[MOST];
        for (size_t i = 0; i < n; i++) {
            values[i] = sorted[i] = floor(random_uniform(key, 1 + i) * kinds);
            if (trial % 8 == 5) /* already in order */
                values[i] = sorted[i] = (double)i;
            weights[i] = 1 + floor(random_uniform(key, 1000 + i) * 5);
            items[i] = (struct weighted){values[i], weights[i]};
        }
        const double share = trial % 3 == 0 ? 0.95 : random_uniform(key, 5000);
        const double expected = weighted_by_sorting(values, weights, n, share);
        wrong_weighted += order_weighted(items, n, share) != expected;
        qsort(sorted, n, sizeof *sorted, ascending);
        const double h = share * (double)(n - 1);
        const size_t k = (size_t)h;
        const double low = sorted[k], high = sorted[k + 1 < n ? k + 1 : k];
        wrong_quantile +=
            fabs(order_quantile(values, n, share) - (low + (h - (double)k) * (high - low))) > 1e-9;
        wrong_select += order_select(values, n, k) != sorted[k];
    }
    check(!wrong_select, "order_select as sorting, 400 arrays");
    check(!wrong_quantile, "order_quantile as sorting, 400 arrays");
    check(!wrong_weighted, "order_weighted as sorting, 400 arrays");
    double with_inf[] = {INFINITY, 1, INFINITY};
    check(order_quantile(with_inf, 3, 0.75) == INFINITY, "a quantile among infinities is infinite");
    check(isnan(order_quantile(NULL, 0, 0.5)), "no values have no quantile");
}

int main(void)
{
    test_distances();
    test_far();
    test_order();
    return check_exit();
}
