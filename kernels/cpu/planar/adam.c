/* One step of Adam, single precision: see adam.h. */
#include "kernels/cpu/planar/planar.h"
#include <math.h>

struct constants {
    float decay, beta1, beta2, rest1, rest2, rate, unbias, epsilon;
};

static void step(size_t n, const struct constants *adam, const float *restrict g, float *restrict w,
                 float *restrict m, float *restrict v)
{
    struct constants k = *adam;
    for (size_t i = 0; i < n; i++) {
        float gradient = g[i] + k.decay * w[i];
        m[i] = k.beta1 * m[i] + k.rest1 * gradient;
        v[i] = k.beta2 * v[i] + k.rest2 * (gradient * gradient);
        w[i] -= k.rate * m[i] / (sqrtf(v[i] * k.unbias) + k.epsilon);
    }
}

void planar_adam(size_t n, const struct adam *adam, const float *g, float *w, float *m, float *v)
{
    enum { CHUNK = 4096 };
    struct constants k = {
        .decay = (float)adam->decay,
        .beta1 = (float)adam->beta1,
        .beta2 = (float)adam->beta2,
        .rest1 = (float)(1 - adam->beta1),
        .rest2 = (float)(1 - adam->beta2),
        .rate = (float)(adam->rate / (1 - pow(adam->beta1, adam->step))),
        .unbias = (float)(1 / (1 - pow(adam->beta2, adam->step))),
        .epsilon = (float)adam->epsilon,
    };
#pragma omp parallel for schedule(static)
    for (size_t first = 0; first < n; first += CHUNK)
        step(n - first < CHUNK ? n - first : CHUNK, &k, g + first, w + first, m + first, v + first);
}
