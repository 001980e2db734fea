/* One step of Adam over plain arrays: see kernels/adam.h. */

enum { ADAM_RUN = 1 << 14 };

static void adam_run(size_t n, const struct adam *adam, const float *restrict g, float *restrict w,
                     float *restrict m, float *restrict v)
{
    float b1 = (float)adam->beta1, rest1 = (float)(1 - adam->beta1), b2 = (float)adam->beta2,
          rest2 = (float)(1 - adam->beta2), decay = (float)adam->decay, epsilon = (float)adam->epsilon;
    float rate = (float)(adam->rate / (1 - pow(adam->beta1, adam->step)));
    float scale = (float)(1 / sqrt(1 - pow(adam->beta2, adam->step)));
    for (size_t i = 0; i < n; i++) {
        float gradient = float_fma(decay, w[i], g[i]);
        m[i] = float_fma(b1, m[i], rest1 * gradient);
        v[i] = float_fma(b2, v[i], rest2 * gradient * gradient);
        w[i] -= rate * m[i] / float_fma(scale, sqrtf(v[i]), epsilon);
    }
}

static void adam(size_t n, const struct adam *settings, const float *g, float *w, float *m, float *v)
{
#pragma omp parallel for schedule(static)
    for (size_t first = 0; first < n; first += ADAM_RUN)
        adam_run(size_min(ADAM_RUN, n - first), settings, g + first, w + first, m + first, v + first);
}
