#include "lib/wild/field.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "lib/wild/exact.h"
#include <stdlib.h>
#include <string.h>

enum { CELLS = LATTICE_CELLS, COUNT = CELLS * CELLS * CELLS, REACH = 5 };

/* Gaussian weights of a standard deviation of 1.5 cells, along one axis of the periodic lattice. */
static void smooth_axis(const float *from, float *to, int stride)
{
    float weight[REACH + 1];
    for (int i = 0; i <= REACH; i++)
        weight[i] = (float)exact_exp(-0.5 * i * i / (1.5 * 1.5));
    for (int at = 0; at < COUNT; at++) {
        int place = at / stride % CELLS;
        float sum = weight[0] * from[at];
        for (int i = 1; i <= REACH; i++) {
            int before = (place - i) & (CELLS - 1), after = (place + i) & (CELLS - 1);
            sum += weight[i] * (from[at + (before - place) * stride] + from[at + (after - place) * stride]);
        }
        to[at] = sum;
    }
}

float *lattice_make(void)
{
    float *lattice = malloc(COUNT * sizeof *lattice), *scratch = malloc(COUNT * sizeof *scratch);
    uint64_t key = random_key(0, "wild lattice");
    double sum = 0, squares = 0;
    if (!lattice || !scratch) {
        free(lattice);
        free(scratch);
        return NULL;
    }
    for (int at = 0; at < COUNT; at++)
        scratch[at] = exact_normal(key, (uint64_t)at);
    smooth_axis(scratch, lattice, 1);
    smooth_axis(lattice, scratch, CELLS);
    smooth_axis(scratch, lattice, CELLS * CELLS);
    for (int at = 0; at < COUNT; at++) {
        sum += lattice[at];
        squares += (double)lattice[at] * lattice[at];
    }
    double mean = sum / COUNT, deviation = sqrt(squares / COUNT - mean * mean);
    for (int at = 0; at < COUNT; at++)
        lattice[at] = (float)((lattice[at] - mean) / deviation);
    free(scratch);
    return lattice;
}

struct texture texture_draw(uint64_t key, const char *name, double scale)
{
    struct texture t = {.frequency = (float)(1 / scale)};
    key = random_key(key, name);
    for (int i = 0; i < 3; i++)
        t.offset[i] = (float)(CELLS * random_uniform(key, (uint64_t)i));
    return t;
}

/* The four weights of the uniform cubic B-spline at fraction t of a cell. */
static void spline_weights(double t, double w[4])
{
    double u = 1 - t;
    w[0] = u * u * u / 6;
    w[1] = (4 - 6 * t * t + 3 * t * t * t) / 6;
    w[2] = (4 - 6 * u * u + 3 * u * u * u) / 6;
    w[3] = t * t * t / 6;
}

/* Along one axis of lines of `count` coefficients to lines of COARSE_NODES values; `inner` modals lie side by
 * side, and there are `outer` lines of them. */
static void spline_axis(const modal *from, int count, int inner, int outer, modal *to)
{
    for (int node = 0; node < COARSE_NODES; node++) {
        double u = (double)node / (COARSE_NODES - 1) * (count - 3), w[4];
        int cell = (int)u < count - 4 ? (int)u : count - 4;
        spline_weights(u - cell, w);
        for (int o = 0; o < outer; o++)
            for (int i = 0; i < inner; i++) {
                const modal *c = from + ((size_t)o * count + cell) * inner + i;
                to[((size_t)o * COARSE_NODES + node) * inner + i] =
                    (float)w[0] * c[0] + (float)w[1] * c[inner] + (float)w[2] * c[2 * (size_t)inner] +
                    (float)w[3] * c[3 * (size_t)inner];
            }
    }
}

enum { COEFFICIENTS_MAX = COARSE_CELLS_MAX + 3 };

/* The squares of a spline's weights sum to 0.479 along an axis, on average over a cell: its standard deviation is
 * 0.479^(3/2) = 0.332 of that of its coefficients. */
int coarse_add(modal *nodes, uint64_t key, int cells, const modal *amplitude)
{
    int n = cells + 3, status = STATUS_OK;
    size_t all = (size_t)COEFFICIENTS_MAX * COEFFICIENTS_MAX * COEFFICIENTS_MAX;
    modal *a = malloc(all * sizeof *a), *b = malloc(all * sizeof *b);
    const modal scale = *amplitude / 0.332f;
    for (int i = 0; a && b && i < n * n * n; i++)
        for (int c = 0; c < 4; c++)
            a[i][c] = scale[c] * exact_normal(key, (uint64_t)(4 * i + c));
    if (!a || !b) {
        status = fail(STATUS_FAILURE, "out of memory");
    } else {
        spline_axis(a, n, 1, n * n, b);
        spline_axis(b, n, COARSE_NODES, n, a);
        spline_axis(a, n, COARSE_NODES * COARSE_NODES, 1, b);
        for (int i = 0; i < COARSE_NODES * COARSE_NODES * COARSE_NODES; i++)
            nodes[i] += b[i];
    }
    free(a);
    free(b);
    return status;
}
