#include "lib/volume/noise.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/base/random.h"
#include <stdlib.h>

int noise_make(struct noise *noise, uint64_t key, int cells)
{
    size_t n = (size_t)(cells + 1);
    noise->cells = cells;
    noise->values = malloc(n * n * n * sizeof *noise->values);
    if (!noise->values)
        return fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < n * n * n; i++)
        noise->values[i] = (float)(2 * random_uniform(key, i) - 1);
    return STATUS_OK;
}

void noise_free(struct noise *noise)
{
    free(noise->values);
    *noise = (struct noise){0};
}

static double between(double a, double b, double t)
{
    return a + t * (b - a);
}

double noise_at(const struct noise *noise, const double point[3])
{
    int cell[3], n = noise->cells + 1;
    double t[3];
    for (int axis = 0; axis < 3; axis++) {
        double at = (point[axis] + 1.5) / 3 * noise->cells;
        at = double_clamp(at, 0, noise->cells);
        cell[axis] = int_min((int)at, noise->cells - 1);
        t[axis] = at - cell[axis];
        t[axis] *= t[axis] * (3 - 2 * t[axis]);
    }
    double plane[2];
    for (int z = 0; z < 2; z++) {
        const float *v = noise->values + ((size_t)(cell[2] + z) * n + cell[1]) * n + cell[0];
        plane[z] = between(between(v[0], v[1], t[0]), between(v[n], v[n + 1], t[0]), t[1]);
    }
    return between(plane[0], plane[1], t[2]);
}
