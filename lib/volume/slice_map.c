#include "lib/volume/slice_map.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <math.h>
#include <stdlib.h>

/* Keys' cubic convolution kernel with a = -0.75 (Keys, IEEE Trans. ASSP 29, 1981). */
static double cubic(double t)
{
    const double a = -0.75;
    t = fabs(t);
    if (t <= 1)
        return ((a + 2) * t - (a + 3)) * t * t + 1;
    if (t < 2)
        return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
    return 0;
}

/* Weights of a row of 3 grid points at pixel p of n: half-pixel centres, the grid clamped at its border. */
static void cubic_weights(int p, int n, double weights[3])
{
    double at = (p + 0.5) * 3 / n - 0.5;
    int first = (int)floor(at) - 1;
    weights[0] = weights[1] = weights[2] = 0;
    for (int tap = first; tap < first + 4; tap++)
        weights[int_clamp(tap, 0, 2)] += cubic(at - tap);
}

/* Mirrors a coordinate at the borders of the first and last voxel, -1/2 and n - 1/2. Interpolating in the
 * half voxel beyond a centre would meet the same voxel twice: that is its value, hence the clamp. */
static double reflect(double q, int n)
{
    double period = 2.0 * n;
    q = fmod(q + 0.5, period);
    q = q < 0 ? q + period : q;
    q = (q < n ? q : period - q) - 0.5;
    return double_clamp(q, 0, n - 1);
}

/* The coordinates s in the source slice of pixel p = (px, py) of the warped slice; false where s is
 * outside the scaled image. wx, wy: the pixel's weights of the displacement grid. */
static bool source_of(const struct warp *warp, const int p[2], const double wx[3], const double wy[3],
                      double s[2])
{
    double c[2], u[2]; /* u: relative to the centre c */
    for (int axis = 0; axis < 2; axis++) {
        double d = 0;
        for (int row = 0; row < 3; row++)
            for (int column = 0; column < 3; column++)
                d += wy[row] * wx[column] * warp->displacement[axis][row][column];
        c[axis] = 0.5 * (warp->size[axis] - 1);
        u[axis] = (reflect(p[axis] + d, warp->size[axis]) - c[axis]) / warp->scale;
    }
    double sine = sin(warp->angle), cosine = cos(warp->angle);
    s[0] = double_clamp(cosine * u[0] + sine * u[1] + c[0], 0, warp->size[0] - 1);
    s[1] = double_clamp(cosine * u[1] - sine * u[0] + c[1], 0, warp->size[1] - 1);
    return fabs(u[0]) <= c[0] && fabs(u[1]) <= c[1];
}

static void set_pixel(struct slice_map *map, size_t i, const double s[2], bool inside, const int size[3])
{
    int lower[2];
    double fraction[2];
    for (int axis = 0; axis < 2; axis++) {
        int last = int_max(size[axis] - 2, 0); /* the upper neighbour exists */
        lower[axis] = int_min((int)s[axis], last);
        fraction[axis] = s[axis] - lower[axis];
    }
    double x = fraction[0], y = fraction[1];
    map->corner[i] = lower[1] * size[0] + lower[0];
    map->nearest[i] = inside ? (int32_t)floor(s[1] + 0.5) * size[0] + (int32_t)floor(s[0] + 0.5) : -1;
    map->weight[0][i] = inside ? (float)((1 - x) * (1 - y)) : 0;
    map->weight[1][i] = inside ? (float)(x * (1 - y)) : 0;
    map->weight[2][i] = inside ? (float)((1 - x) * y) : 0;
    map->weight[3][i] = inside ? (float)(x * y) : 0;
    map->outside[i] = !inside;
}

static int slice_map_allocate(struct slice_map *map, size_t pixels)
{
    *map = (struct slice_map){.pixels = pixels,
                              .corner = malloc(pixels * sizeof *map->corner),
                              .nearest = malloc(pixels * sizeof *map->nearest),
                              .outside = malloc(pixels * sizeof *map->outside)};
    bool all = map->corner && map->nearest && map->outside;
    for (int k = 0; k < 4; k++) {
        map->weight[k] = malloc(pixels * sizeof *map->weight[k]);
        all = all && map->weight[k];
    }
    if (all)
        return STATUS_OK;
    slice_map_free(map);
    return fail(STATUS_FAILURE, "out of memory");
}

int slice_map_make(struct slice_map *map, const struct warp *warp)
{
    const int *size = warp->size, *patch = warp->patch;
    int status = slice_map_allocate(map, (size_t)patch[0] * patch[1]);
    if (status)
        return status;
    map->step_x = size[0] > 1 ? 1 : 0;
    map->step_y = size[1] > 1 ? size[0] : 0;
    for (size_t i = 0; i < map->pixels; i++) {
        int p[2] = {warp->offset[0] + (int)(i % patch[0]), warp->offset[1] + (int)(i / patch[0])};
        double wx[3], wy[3], s[2];
        for (int axis = 0; axis < 2; axis++)
            p[axis] = warp->flip[axis] ? size[axis] - 1 - p[axis] : p[axis];
        cubic_weights(p[0], size[0], wx);
        cubic_weights(p[1], size[1], wy);
        bool inside = source_of(warp, p, wx, wy, s);
        set_pixel(map, i, s, inside, size);
    }
    return STATUS_OK;
}

void slice_map_free(struct slice_map *map)
{
    free(map->corner);
    free(map->nearest);
    free(map->outside);
    for (int k = 0; k < 4; k++)
        free(map->weight[k]);
    *map = (struct slice_map){0};
}
