/* The windows of a volume: inside it, every voxel in one at least, and joined results that are means: a constant
 * stays what it is, whatever the weights. */
#include "lib/volume/tiling.h"
#include "lib/base/grid.h"
#include "tests/check.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int volumes[][3] = {{16, 16, 16}, {17, 16, 40}, {5, 33, 9}, {1, 1, 1}, {31, 30, 29}};
static const int windows[][3] = {{8, 8, 8}, {16, 4, 12}, {4096, 8, 1}, {4096, 4096, 4096}, {1, 7, 30}};
static const double overlaps[] = {0, 0.25, 0.5, 0.75, 0.99};

/* Adds up what each window says, a value of its own for each channel; the count of windows at each voxel. */
static bool add_all(const struct tiling *t, float *sum, float *covered)
{
    const size_t voxels = grid_voxels(t->window);
    float *values = malloc(2 * voxels * sizeof *values);
    bool inside = true;
    for (size_t i = 0; i < 2 * voxels; i++)
        values[i] = i < voxels ? 3 : -0.5f;
    for (size_t i = 0; i < tiling_count(t); i++) {
        const struct window w = tiling_window(t, i);
        for (int axis = 0; axis < 3; axis++)
            inside &= w.offset[axis] >= 0 && w.offset[axis] + w.size[axis] <= t->volume[axis];
        tiling_add(t, &w, 2, values, sum);
        for (int z = 0; z < w.size[2]; z++)
            for (int y = 0; y < w.size[1]; y++)
                for (int x = 0; x < w.size[0]; x++)
                    covered[((size_t)(w.offset[2] + z) * t->volume[1] + w.offset[1] + y) * t->volume[0] +
                            w.offset[0] + x]++;
    }
    free(values);
    return inside;
}

static void try(const int volume[3], const struct tiling_choice *choice)
{
    struct tiling t;
    if (tiling_make(&t, choice, volume))
        exit(1);
    const size_t voxels = grid_voxels(volume);
    float *sum = calloc(2 * voxels, sizeof *sum), *covered = calloc(voxels, sizeof *covered);
    const bool inside = add_all(&t, sum, covered);
    int status = tiling_divide(&t, 2, 1, sum);
    float least = INFINITY, away = 0;
    for (size_t i = 0; i < voxels; i++) {
        least = fminf(least, covered[i]);
        away = fmaxf(away, fmaxf(fabsf(sum[i] - 3), fabsf(sum[voxels + i] + 0.5f)));
    }
    check(!status && inside && least >= 1 && away < (choice->overlap > 0.9 ? 1e-4f : 1e-5f),
          "%dx%dx%d by %dx%dx%d, overlap %g%s: all of it, and the mean of equals is equal (%.1e)", volume[0],
          volume[1], volume[2], choice->size[0], choice->size[1], choice->size[2], choice->overlap,
          choice->gaussian ? ", Gaussian" : "", (double)away);
    const bool covers =
        choice->size[0] >= volume[0] && choice->size[1] >= volume[1] && choice->size[2] >= volume[2];
    check((tiling_count(&t) == 1) == covers, "one window where it covers the volume, and only there");
    free(sum);
    free(covered);
    tiling_free(&t);
}

int main(void)
{
    for (size_t v = 0; v < sizeof volumes / sizeof volumes[0]; v++)
        for (size_t w = 0; w < sizeof windows / sizeof windows[0]; w++)
            for (size_t o = 0; o < sizeof overlaps / sizeof overlaps[0]; o++)
                for (int gaussian = 0; gaussian < 2; gaussian++) {
                    struct tiling_choice choice = {.overlap = overlaps[o], .gaussian = gaussian};
                    memcpy(choice.size, windows[w], sizeof choice.size);
                    try(volumes[v], &choice);
                }
    struct tiling t;
    check(!tiling_make(&t, &(struct tiling_choice){.overlap = 0.5}, volumes[1]) && tiling_count(&t) == 1,
          "no size: the whole volume");
    tiling_free(&t);
    return check_exit();
}
