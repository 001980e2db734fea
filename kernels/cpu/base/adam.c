/* One step of Adam in single precision, over plain arrays: see kernels/adam.h. */

struct adam_constants {
    float decay, beta1, beta2, rest1, rest2, rate, unbias, epsilon;
};

static void adam_step(size_t n, const struct adam_constants *adam, const float *restrict g, float *restrict w,
                      float *restrict m, float *restrict v)
{
    struct adam_constants k = *adam;
    for (size_t i = 0; i < n; i++) {
        float gradient = float_fma(k.decay, w[i], g[i]);
        m[i] = float_fma(k.beta1, m[i], k.rest1 * gradient);
        v[i] = float_fma(k.beta2, v[i], k.rest2 * (gradient * gradient));
        w[i] -= k.rate * m[i] / (sqrtf(v[i] * k.unbias) + k.epsilon);
    }
}

static void adam(size_t n, const struct adam *settings, const float *g, float *w, float *m, float *v)
{
    enum { ADAM_CHUNK = 4096 };
    struct adam_constants k = {
        .decay = (float)settings->decay,
        .beta1 = (float)settings->beta1,
        .beta2 = (float)settings->beta2,
        .rest1 = (float)(1 - settings->beta1),
        .rest2 = (float)(1 - settings->beta2),
        .rate = (float)(settings->rate / (1 - pow(settings->beta1, settings->step))),
        .unbias = (float)(1 / (1 - pow(settings->beta2, settings->step))),
        .epsilon = (float)settings->epsilon,
    };
#pragma omp parallel for schedule(static)
    for (size_t first = 0; first < n; first += ADAM_CHUNK)
        adam_step(size_min(ADAM_CHUNK, n - first), &k, g + first, w + first, m + first, v + first);
}
