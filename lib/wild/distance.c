#include "lib/wild/distance.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include <math.h>
#include <stdlib.h>

enum { CHUNK = 16 }; /* lines side by side: what lies next to each other in memory is read together */

/* A line and the lower envelope of its parabolas: `place` and `value` of those that are in it, and from where on
 * each is the lowest. */
struct envelope {
    float *line, *value, *start;
    int *place;
};

/* Along a line of n: line[i] becomes the minimum over j of line[j] + (i - j)^2, at most `most` (Felzenszwalb and
 * Huttenlocher, Distance Transforms of Sampled Functions, 2012). Values of `most` count for nothing. */
static void line_minimum(struct envelope *e, int n, float most)
{
    int count = 0;
    for (int i = 0; i < n; i++) {
        float start = -INFINITY, value = e->line[i];
        if (value >= most)
            continue;
        for (; count; count--) {
            int before = e->place[count - 1];
            float rise = value - e->value[count - 1] + (float)((i - before) * (i + before));
            start = rise / (float)(2 * (i - before));
            if (start > e->start[count - 1])
                break;
            start = -INFINITY;
        }
        e->place[count] = i;
        e->value[count] = value;
        e->start[count++] = start;
    }
    for (int i = 0, k = 0; i < n && count; i++) {
        while (k + 1 < count && e->start[k + 1] <= (float)i)
            k++;
        e->line[i] = fminf(most, e->value[k] + (float)((i - e->place[k]) * (i - e->place[k])));
    }
}

/* `width` neighbouring lines from `at` on; a voxel of a line is `stride` from the next. */
static void minimum_lines(float *at, size_t stride, size_t width, int n, float most, float *lines,
                          struct envelope *e)
{
    for (int i = 0; i < n; i++)
        for (size_t c = 0; c < width; c++)
            lines[c * (size_t)n + (size_t)i] = at[(size_t)i * stride + c];
    for (size_t c = 0; c < width; c++) {
        e->line = lines + c * (size_t)n;
        line_minimum(e, n, most);
    }
    for (int i = 0; i < n; i++)
        for (size_t c = 0; c < width; c++)
            at[(size_t)i * stride + c] = lines[c * (size_t)n + (size_t)i];
}

static int axis_minimum(float *squared, const int size[3], int axis, float most)
{
    size_t stride = axis == 0 ? 1 : axis == 1 ? (size_t)size[0] : (size_t)size[0] * size[1];
    size_t n = (size_t)size[axis], outer = grid_voxels(size) / (stride * n),
           chunks = (stride + CHUNK - 1) / CHUNK;
    int without = 0;
#pragma omp parallel
    {
        float *lines = malloc((CHUNK + 2) * n * sizeof *lines);
        struct envelope e = {.value = lines + CHUNK * n, .start = lines + (CHUNK + 1) * n};
        e.place = malloc(n * sizeof *e.place);
        bool all = lines && e.place;
        if (!all) {
#pragma omp atomic write
            without = 1;
        }
#pragma omp for
        for (size_t i = 0; i < outer * chunks; i++) {
            size_t first = i % chunks * CHUNK;
            if (all)
                minimum_lines(squared + i / chunks * stride * n + first, stride,
                              size_min(CHUNK, stride - first), (int)n, most, lines, &e);
        }
        free(lines);
        free(e.place);
    }
    return without ? fail(STATUS_FAILURE, "out of memory") : STATUS_OK;
}

int distance_to(const uint8_t *set, uint8_t value, const int size[3], float cap, float *distance)
{
    size_t voxels = grid_voxels(size);
    int status = STATUS_OK;
    for (size_t i = 0; i < voxels; i++)
        distance[i] = set[i] == value ? 0 : cap * cap;
    for (int axis = 0; axis < 3 && !status; axis++)
        status = axis_minimum(distance, size, axis, cap * cap);
    for (size_t i = 0; i < voxels; i++)
        distance[i] = sqrtf(distance[i]);
    return status;
}

int distance_grow(uint8_t *set, const int size[3], float radius)
{
    size_t voxels = grid_voxels(size);
    uint8_t value = radius > 0;
    float *distance = malloc(voxels * sizeof *distance);
    int status = distance ? distance_to(set, value, size, fabsf(radius) + 1, distance)
                          : fail(STATUS_FAILURE, "out of memory");
    for (size_t i = 0; i < voxels && !status; i++)
        if (distance[i] <= fabsf(radius))
            set[i] = value;
    free(distance);
    return status;
}
