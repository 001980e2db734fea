/* What a batch costs beside its cases: rounding and adding a gradient, the sum over the ranks, the mean.
 *
 *     mpirun -n R build/mpi/bench/ranks_bench [VALUES [REPEATS]]       make MPI=1 build/mpi/bench/ranks_bench
 *
 * VALUES: parameters, 12400000 as of (1,1) by default. Prints the least seconds of REPEATS (5) on the first rank. */
#include "lib/base/error.h"
#include "lib/base/progress.h"
#include "lib/network/ranks.h"
#include <stdio.h>
#include <stdlib.h>

static double least(double a, double b)
{
    return a < b ? a : b;
}

/* Ranks begin together. */
static double begin(void)
{
    double slot = 0;
    ranks_share_scores(&slot, 1);
    return clock_seconds();
}

int main(int argc, char **argv)
{
    const size_t values = argc > 1 ? strtoull(argv[1], NULL, 10) : 12400000;
    const int repeats = argc > 2 ? atoi(argv[2]) : 5;
    const char *why;
    static const int channels[] = {60, 120, 240, 360, 480};
    const struct kernels *kernels = kernels_find("cpu", channels, 5, 2, &why);
    struct ranks ranks;
    double add = 1e9, sum = 1e9, mean = 1e9;
    if (ranks_open(&ranks))
        return report(STATUS_USAGE);
    float *g = kernels->allocate(values * sizeof *g);
    int64_t *sums = kernels->allocate(values * sizeof *sums);
    int32_t out_of_range = 0;
    if (!g || !sums)
        return 1;
    kernels->clear(sums, values * sizeof *sums);
    for (size_t i = 0; i < values; i++)
        g[i] = (float)(i % 1009) * 1e-5f - 5e-3f;
    for (int i = 0; i < repeats; i++) {
        double start = begin();
        kernels->fixed_add(values, g, sums, &out_of_range);
        add = least(add, clock_seconds() - start);
        start = begin();
        if (ranks_sum(kernels, sums, values))
            return report(STATUS_FAILURE);
        sum = least(sum, clock_seconds() - start);
        start = begin();
        kernels->fixed_mean(values, sums, ranks.count, g);
        mean = least(mean, clock_seconds() - start);
    }
    if (!ranks.number)
        printf("ranks\tvalues\tadd\tsum\tmean\n%d\t%zu\t%.4f\t%.4f\t%.4f\n", ranks.count, values, add, sum,
               mean);
    kernels->release(g, values * sizeof *g);
    kernels->release(sums, values * sizeof *sums);
    ranks_close();
    return 0;
}
