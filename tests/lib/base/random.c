/* Random numbers: known bits, the shape of the distributions, keys that do not collide. */
#include "lib/base/random.h"
#include "tests/check.h"

/* SplitMix64 with state 0 is published with its first outputs (Vigna, prng.di.unimi.it/splitmix64.c). */
static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* The stream of a key is SplitMix64's from a state that is a mix of the key. */
static void check_bits(void)
{
    uint64_t seed = 12345, state = seed;
    state = splitmix64(&state);
    int same = 1;
    for (uint64_t i = 0; i < 1000; i++)
        same &= random_bits(seed, i) == splitmix64(&state);
    check(same, "the numbers of a key are SplitMix64's");
    state = 0;
    check(splitmix64(&state) == 0xe220a8397b1dcdafu, "whose first output is the published one");
}

static void check_moments(void)
{
    enum { N = 200000 };
    double u = 0, u2 = 0, z = 0, z2 = 0, z4 = 0, low = 1, high = 0;
    int cells[16] = {0}, even = 1;
    for (uint64_t i = 0; i < N; i++) {
        double x = random_uniform(7, i), n = random_normal(8, i);
        u += x / N;
        u2 += x * x / N;
        low = fmin(low, x);
        high = fmax(high, x);
        cells[(int)(16 * x)]++;
        z += n / N;
        z2 += n * n / N;
        z4 += n * n * n * n / N;
    }
    for (int i = 0; i < 16; i++)
        even &= abs(cells[i] - N / 16) < 600; /* 5.5 standard deviations */
    check(low >= 0 && high < 1 && even, "uniform numbers lie in [0, 1) and fill it evenly");
    check(fabs(u - 0.5) < 0.004 && fabs(u2 - 1.0 / 3) < 0.004, "mean %.4f, second moment %.4f", u, u2);
    check(fabs(z) < 0.012 && fabs(z2 - 1) < 0.02 && fabs(z4 - 3) < 0.2, "normal: %.4f, %.4f, %.4f", z, z2,
          z4);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void check_keys(void)
{
    enum { N = 20000 };
    uint64_t *keys = malloc(2 * N * sizeof *keys);
    int collisions = 0;
    for (int i = 0; i < N; i++) {
        char name[32];
        snprintf(name, sizeof name, "case_%d", i);
        keys[2 * i] = random_key(1, name);
        keys[2 * i + 1] = random_key_number(1, (uint64_t)i);
    }
    qsort(keys, 2 * N, sizeof *keys, compare);
    for (int i = 1; i < 2 * N; i++)
        collisions += keys[i] == keys[i - 1];
    check(!collisions, "names and numbers give different keys");
    check(random_key(random_key(1, "a"), "b") != random_key(random_key(1, "b"), "a") &&
              random_key(1, "ab") != random_key(random_key(1, "a"), "b") && random_key(1, "") != 1,
          "the order of names matters");
    free(keys);
}

int main(void)
{
    check_bits();
    check_moments();
    check_keys();
    return check_exit();
}
