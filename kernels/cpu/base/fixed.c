/* Sums in whole multiples of 2^-48, over plain arrays: see kernels/fixed.h. Without a branch, so that the
 * compiler vectorises what the instruction set can. */

static void fixed_add(size_t n, const float *g, int64_t *sum, int32_t *out_of_range)
{
    int outside = 0;
#pragma omp parallel for schedule(static) reduction(| : outside)
    for (size_t i = 0; i < n; i++) {
        const int fits = fabsf(g[i]) < (float)FIXED_LIMIT;
        outside |= !fits;
        sum[i] += (int64_t)rint((fits ? (double)g[i] : 0) * FIXED_ONE);
    }
    *out_of_range |= outside;
}

static void fixed_mean(size_t n, const int64_t *sum, int count, float *g)
{
    const double unit = 1 / FIXED_ONE / count;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        g[i] = (float)((double)sum[i] * unit);
}
