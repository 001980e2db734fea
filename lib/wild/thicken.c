#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/wild/acquisition.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 }; /* lines side by side */

/* The slices of an axis of n voxels; slice i is centred at (i + phase) * thickness. */
struct slices {
    int n, count;
    double thickness, phase;
};

/* The mean of the voxels that a slice covers; voxels at its ends count by their part. */
static void average(const struct slices *s, int slice, const float *lines, float *mean)
{
    double centre = (slice + s->phase) * s->thickness, half = 0.5 * s->thickness + 0.5;
    int low = int_clamp((int)ceil(centre - half), 0, s->n - 1);
    int high = int_clamp((int)floor(centre + half), low, s->n - 1);
    float total = 0;
    memset(mean, 0, CHUNK * sizeof *mean);
    for (int i = low; i <= high; i++) {
        float weight = (float)double_clamp(half - fabs(i - centre), 1e-6, 1);
        total += weight;
        for (int c = 0; c < CHUNK; c++)
            mean[c] += weight * lines[i * CHUNK + c];
    }
    for (int c = 0; c < CHUNK; c++)
        mean[c] /= total;
}

static void interpolate(const struct slices *s, const float *means, float *lines)
{
    for (int i = 0; i < s->n; i++) {
        double at = double_clamp(i / s->thickness - s->phase, 0, s->count - 1.001);
        int slice = (int)at;
        const float *a = means + slice * CHUNK, *b = a + CHUNK;
        float f = (float)(at - slice);
        for (int c = 0; c < CHUNK; c++)
            lines[i * CHUNK + c] = a[c] + f * (b[c] - a[c]);
    }
}

/* `width` neighbouring lines from `at` on; a voxel of a line is `stride` from the next. */
static void thicken_lines(const struct slices *s, float *at, size_t stride, size_t width, float *lines)
{
    float *means = lines + (size_t)s->n * CHUNK;
    for (int i = 0; i < s->n; i++)
        memcpy(lines + (size_t)i * CHUNK, at + (size_t)i * stride, width * sizeof *at);
    for (int slice = 0; slice < s->count; slice++)
        average(s, slice, lines, means + (size_t)slice * CHUNK);
    interpolate(s, means, lines);
    for (int i = 0; i < s->n; i++)
        memcpy(at + (size_t)i * stride, lines + (size_t)i * CHUNK, width * sizeof *at);
}

int thicken(float *volume, const int size[3], int axis, double thickness, double phase)
{
    size_t stride = axis == 0 ? 1 : axis == 1 ? (size_t)size[0] : (size_t)size[0] * size[1];
    size_t outer = grid_voxels(size) / (stride * (size_t)size[axis]), chunks = (stride + CHUNK - 1) / CHUNK;
    struct slices s = {size[axis], (int)ceil(size[axis] / thickness) + 1, thickness, phase};
    int without = 0;
#pragma omp parallel
    {
        float *lines = calloc((size_t)(s.n + s.count) * CHUNK, sizeof *lines);
        if (!lines) {
#pragma omp atomic write
            without = 1;
        }
#pragma omp for
        for (size_t i = 0; i < outer * chunks; i++) {
            size_t first = i % chunks * CHUNK, width = size_min(CHUNK, stride - first);
            if (lines)
                thicken_lines(&s, volume + i / chunks * stride * (size_t)s.n + first, stride, width, lines);
        }
        free(lines);
    }
    return without ? fail(STATUS_FAILURE, "out of memory") : STATUS_OK;
}
