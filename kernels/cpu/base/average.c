/* Moving average of the weights in single precision, over plain arrays: see kernels/average.h. */

static void average(size_t n, double decay, const float *w, float *a)
{
    float rest = (float)(1 - decay);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        a[i] = float_fma(rest, w[i] - a[i], a[i]);
}
