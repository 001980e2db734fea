/* What augment promises of its map of coordinates: weights, bounds, distributions of what is drawn. */
#include "lib/volume/augment.h"
#include "lib/base/error.h"
#include "tests/check.h"

static const struct augmentation paper = {
    .seed = 1, .rotate = 20, .scale = 1.1, .elastic = 10, .shift = 0.1, .flip = true};

/* Every index that the loop may touch lies in the slice, and the weights of a pixel sum to 1. */
static void check_map(int x, int y, double elastic)
{
    struct augmentation a = paper;
    struct warp warp;
    struct slice_map map;
    int size[3] = {x, y, 3}, bounds = 1, outside = 0;
    double worst = 0;
    a.elastic = elastic;
    for (a.epoch = 0; a.epoch < 20; a.epoch++) {
        if (warp_draw(&a, "case", size, &warp) || slice_map_make(&map, &warp))
            abort();
        for (size_t i = 0; i < map.pixels; i++) {
            double sum = map.outside[i];
            for (int k = 0; k < 4; k++)
                sum += map.weight[k][i];
            worst = fmax(worst, fabs(sum - 1));
            bounds &= map.corner[i] >= 0 && map.corner[i] + map.step_x + map.step_y < x * y;
            bounds &= map.nearest[i] >= -1 && map.nearest[i] < x * y;
            bounds &= (map.nearest[i] < 0) == (map.outside[i] == 1);
            outside += map.nearest[i] < 0;
        }
        slice_map_free(&map);
    }
    check(bounds && worst < 1e-6, "%d x %d, elastic %g: within the slice, weights sum to 1 (%d outside)", x,
          y, elastic, outside);
}

static void check_draws(void)
{
    struct augmentation a = paper;
    struct warp warp, again;
    int size[3] = {64, 48, 32}, within = 1, same = 1;
    double angle = 0, scale = 0, square = 0, flips[3] = {0}, turn = 20 * 3.14159265358979 / 180;
    int n = 4000;
    for (a.epoch = 0; a.epoch < (uint64_t)n; a.epoch++) {
        if (warp_draw(&a, "case", size, &warp) || warp_draw(&a, "case", size, &again))
            abort();
        same &= !memcmp(&warp, &again, sizeof warp);
        within &= fabs(warp.angle) <= turn && warp.scale >= 1 / 1.1 && warp.scale <= 1.1;
        within &= fabsf(warp.shift[0]) <= 0.1f && fabsf(warp.shift[3]) <= 0.1f;
        angle += warp.angle / n;
        scale += warp.scale / n;
        square += warp.displacement[1][2][0] * warp.displacement[1][2][0] / n;
        for (int axis = 0; axis < 3; axis++)
            flips[axis] += (double)warp.flip[axis] / n;
    }
    check(same, "the same seed, epoch and case draw the same warp");
    check(within, "angles, factors and shifts stay within their bounds");
    check(fabs(angle) < 0.02 && fabs(scale - 0.5 * (1.1 + 1 / 1.1)) < 0.005, "their means: %g, %g", angle,
          scale);
    check(fabs(sqrt(square) - 10) < 0.5, "displacements have the deviation asked for: %g", sqrt(square));
    check(fabs(flips[0] - 0.5) < 0.04 && fabs(flips[1] - 0.5) < 0.04 && fabs(flips[2] - 0.5) < 0.04,
          "each axis is flipped half of the time: %g %g %g", flips[0], flips[1], flips[2]);
}

static void check_patches(void)
{
    struct augmentation a = paper;
    struct warp warp;
    int size[3] = {10, 7, 5}, first = 0, last = 0, inside = 1;
    memcpy(a.patch, (int[3]){8, 7, 1}, sizeof a.patch);
    for (a.epoch = 0; a.epoch < 200; a.epoch++) {
        if (warp_draw(&a, "case", size, &warp))
            abort();
        inside &= warp.offset[0] >= 0 && warp.offset[0] <= 2 && warp.offset[1] == 0 && warp.offset[2] <= 4;
        first += warp.offset[0] == 0 && warp.offset[2] == 0;
        last += warp.offset[0] == 2 && warp.offset[2] == 4;
    }
    check(inside && first && last, "patches lie anywhere inside, both ends included");
    a.patch[1] = 8;
    check(warp_draw(&a, "case", size, &warp) == STATUS_DATA, "a patch that does not fit: %s",
          error_message());
}

int main(void)
{
    static const int sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {3, 17}, {160, 192}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        check_map(sizes[i][0], sizes[i][1], 10);
        check_map(sizes[i][0], sizes[i][1], 1000); /* reflected many times */
    }
    check_draws();
    check_patches();
    return check_exit();
}
