/* Sums in whole multiples of 2^-48: see fixed.h. */
#include "kernels/reference/reference.h"
#include <math.h>

void reference_fixed_add(size_t n, const float *g, int64_t *sum, int32_t *out_of_range)
{
    int outside = 0;
#pragma omp parallel for schedule(static) reduction(| : outside)
    for (size_t i = 0; i < n; i++)
        if (fabs((double)g[i]) < FIXED_LIMIT)
            sum[i] += (int64_t)rint((double)g[i] * FIXED_ONE);
        else
            outside = 1;
    *out_of_range |= outside;
}

void reference_fixed_mean(size_t n, const int64_t *sum, int count, float *g)
{
    const double unit = 1 / FIXED_ONE / count;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        g[i] = (float)((double)sum[i] * unit);
}
