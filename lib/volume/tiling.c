#include "lib/volume/tiling.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double DEVIATION = 0.125;   /* of the Gaussian, of a window's side */
static const float WEIGHT_LEAST = 1e-3f; /* in three dimensions; no voxel is without a weight */

int tiling_check(const struct tiling_choice *choice)
{
    if (!(choice->overlap >= 0 && choice->overlap < 1))
        return fail(STATUS_USAGE, "--overlap: %g is not at least 0 and less than 1", choice->overlap);
    if (!choice->size[0] && (choice->gaussian || choice->overlap != 0.5))
        return fail(STATUS_USAGE, "--overlap and --gaussian are about windows: --window XxYxZ is needed");
    return STATUS_OK;
}

static int weigh_axis(struct tiling *t, int axis, bool gaussian)
{
    const int side = t->window[axis];
    t->weight[axis] = malloc((size_t)side * sizeof(float));
    if (!t->weight[axis])
        return fail(STATUS_FAILURE, "out of memory");
    for (int i = 0; i < side; i++) {
        const double away = (i - 0.5 * (side - 1)) / (DEVIATION * side);
        t->weight[axis][i] = gaussian ? (float)exp(-0.5 * away * away) : 1;
    }
    return STATUS_OK;
}

int tiling_make(struct tiling *t, const struct tiling_choice *choice, const int volume[3])
{
    int status = STATUS_OK;
    *t = (struct tiling){0};
    memcpy(t->volume, volume, sizeof t->volume);
    for (int axis = 0; axis < 3 && !status; axis++) {
        const int side = choice->size[axis] ? int_min(choice->size[axis], volume[axis]) : volume[axis];
        t->window[axis] = side;
        t->interval[axis] = int_max(1, (int)(side * (1 - choice->overlap)));
        t->count[axis] = 1 + (volume[axis] - side + t->interval[axis] - 1) / t->interval[axis];
        status = weigh_axis(t, axis, choice->gaussian);
    }
    if (status)
        tiling_free(t);
    return status;
}

void tiling_free(struct tiling *t)
{
    for (int axis = 0; axis < 3; axis++)
        free(t->weight[axis]);
    *t = (struct tiling){0};
}

size_t tiling_count(const struct tiling *t)
{
    return grid_voxels(t->count);
}

struct window tiling_window(const struct tiling *t, size_t number)
{
    struct window window;
    for (int axis = 0; axis < 3; axis++) {
        const int place = (int)(number % (size_t)t->count[axis]);
        number /= (size_t)t->count[axis];
        window.offset[axis] = int_min(place * t->interval[axis], t->volume[axis] - t->window[axis]);
        window.size[axis] = t->window[axis];
    }
    return window;
}

static float weight_at(const struct tiling *t, int x, float of_row)
{
    const float weight = t->weight[0][x] * of_row;
    return weight > WEIGHT_LEAST ? weight : WEIGHT_LEAST;
}

void tiling_add(const struct tiling *t, const struct window *window, int channels, const float *values,
                float *sum)
{
    const int *size = window->size;
    for (int plane = 0; plane < channels * size[2]; plane++)
        for (int y = 0; y < size[1]; y++, values += size[0]) {
            const int z = plane % size[2], c = plane / size[2];
            const float of_row = t->weight[1][y] * t->weight[2][z];
            float *row =
                sum +
                (((size_t)c * t->volume[2] + window->offset[2] + z) * t->volume[1] + window->offset[1] + y) *
                    (size_t)t->volume[0] +
                window->offset[0];
            for (int x = 0; x < size[0]; x++)
                row[x] += weight_at(t, x, of_row) * values[x];
        }
}

/* The weights of all windows in slice z of the volume. */
static void sum_weights(const struct tiling *t, int z, float *slice)
{
    memset(slice, 0, (size_t)t->volume[0] * (size_t)t->volume[1] * sizeof *slice);
    for (size_t i = 0; i < tiling_count(t); i++) {
        const struct window w = tiling_window(t, i);
        if (z < w.offset[2] || z >= w.offset[2] + w.size[2])
            continue;
        for (int y = 0; y < w.size[1]; y++) {
            const float of_row = t->weight[1][y] * t->weight[2][z - w.offset[2]];
            float *row = slice + (size_t)(w.offset[1] + y) * (size_t)t->volume[0] + w.offset[0];
            for (int x = 0; x < w.size[0]; x++)
                row[x] += weight_at(t, x, of_row);
        }
    }
}

int tiling_divide(const struct tiling *t, int channels, int passes, float *sum)
{
    const size_t pixels = (size_t)t->volume[0] * (size_t)t->volume[1];
    float *slice = malloc(pixels * sizeof *slice);
    if (!slice)
        return fail(STATUS_FAILURE, "out of memory");
    for (int z = 0; z < t->volume[2]; z++) {
        sum_weights(t, z, slice);
        for (int c = 0; c < channels; c++) {
            float *at = sum + ((size_t)c * (size_t)t->volume[2] + (size_t)z) * pixels;
            for (size_t i = 0; i < pixels; i++)
                at[i] /= slice[i] * (float)passes;
        }
    }
    free(slice);
    return STATUS_OK;
}
