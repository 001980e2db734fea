/* Moving average of the weights: see average.h. */
#include "kernels/reference/reference.h"

void reference_average(size_t n, double decay, const float *w, float *a)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        a[i] = (float)(a[i] + (1 - decay) * ((double)w[i] - a[i]));
}
