/* One step of Adam: see adam.h. */
#include "kernels/reference/reference.h"
#include <math.h>

void reference_adam(size_t n, const struct adam *adam, const float *g, float *w, float *m, float *v)
{
    double first = 1 - pow(adam->beta1, adam->step), second = 1 - pow(adam->beta2, adam->step);
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++) {
        double gradient = g[i] + adam->decay * w[i];
        double mean = adam->beta1 * m[i] + (1 - adam->beta1) * gradient;
        double square = adam->beta2 * v[i] + (1 - adam->beta2) * gradient * gradient;
        m[i] = (float)mean;
        v[i] = (float)square;
        w[i] = (float)(w[i] - adam->rate * (mean / first) / (sqrt(square / second) + adam->epsilon));
    }
}
