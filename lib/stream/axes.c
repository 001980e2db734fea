#include "lib/stream/axes.h"
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* For each of x, y, z of the room the axis of the volume that runs along it: of the six ways that whose
 * cosines sum to most; of equal ones the first. */
static void nearest(const double affine[3][4], int axis_of[3])
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    double most = -1;
    for (int i = 0; i < 6; i++) {
        double sum = 0;
        for (int r = 0; r < 3; r++) {
            const int a = orders[i][r];
            sum += fabs(affine[r][a]) / sqrt(affine[0][a] * affine[0][a] + affine[1][a] * affine[1][a] +
                                             affine[2][a] * affine[2][a]);
        }
        if (sum > most + 1e-9) {
            most = sum;
            memcpy(axis_of, orders[i], sizeof orders[i]);
        }
    }
}

void axes_to_lps(const double affine[3][4], int axes[3])
{
    int axis_of[3];
    nearest(affine, axis_of);
    for (int r = 0; r < 3; r++) {
        const bool rises = affine[r][axis_of[r]] > 0;
        axes[r] = rises == (r == 2) ? axis_of[r] + 1 : -axis_of[r] - 1;
    }
}

bool axes_are_own(const int axes[3])
{
    return (!axes[0] && !axes[1] && !axes[2]) || (axes[0] == 1 && axes[1] == 2 && axes[2] == 3);
}

bool axes_are_valid(const int axes[3])
{
    int seen = 0;
    for (int i = 0; i < 3; i++)
        seen |= axes[i] && abs(axes[i]) <= 3 ? 1 << abs(axes[i]) : 0;
    return seen == 14;
}

void axes_code(const double affine[3][4], char code[AXES_CODE_SIZE])
{
    static const char falls[] = "LPI", rises[] = "RAS";
    int axis_of[3];
    nearest(affine, axis_of);
    for (int r = 0; r < 3; r++)
        code[axis_of[r]] = (affine[r][axis_of[r]] > 0 ? rises : falls)[r];
    code[3] = 0;
}

static bool same_step(const double direction[3], const double affine[3][4], int axis, double sign,
                      double tolerance)
{
    for (int r = 0; r < 3; r++)
        if (!(fabs(direction[r] - sign * affine[r][axis]) <= tolerance))
            return false;
    return true;
}

bool axes_between(const double directions[3][3], const double affine[3][4], double tolerance, int axes[3])
{
    for (int i = 0; i < 3; i++) {
        axes[i] = 0;
        for (int a = 0; a < 3 && !axes[i]; a++)
            axes[i] = same_step(directions[i], affine, a, 1, tolerance)    ? a + 1
                      : same_step(directions[i], affine, a, -1, tolerance) ? -a - 1
                                                                           : 0;
    }
    return axes_are_valid(axes);
}

/* The axis of the source that is the array's axis i. */
static int source_axis(const int axes[3], int i)
{
    return axes[i] ? abs(axes[i]) - 1 : i;
}

void axes_size(const int axes[3], const int size[3], int turned[3])
{
    for (int i = 0; i < 3; i++)
        turned[i] = size[source_axis(axes, i)];
}

void axes_affine(const int axes[3], const int size[3], const double affine[3][4], double turned[3][4])
{
    for (int r = 0; r < 3; r++) {
        turned[r][3] = affine[r][3];
        for (int i = 0; i < 3; i++) {
            const int a = source_axis(axes, i);
            turned[r][i] = axes[i] < 0 ? -affine[r][a] : affine[r][a];
            if (axes[i] < 0)
                turned[r][3] += affine[r][a] * (size[a] - 1);
        }
    }
}

/* For each axis of the array: its size, and the step in the source; returns the source's index of the
 * array's first voxel. */
static ptrdiff_t strides(const int axes[3], const int size[3], int turned[3], ptrdiff_t step[3])
{
    const ptrdiff_t stride[3] = {1, size[0], (ptrdiff_t)size[0] * size[1]};
    ptrdiff_t first = 0;
    axes_size(axes, size, turned);
    for (int i = 0; i < 3; i++) {
        const int a = source_axis(axes, i);
        step[i] = axes[i] < 0 ? -stride[a] : stride[a];
        first += axes[i] < 0 ? stride[a] * (size[a] - 1) : 0;
    }
    return first;
}

/* A row of the array, from or to the source's voxels that are `step` apart. */
#define COPY_ROW(type)                                                                                       \
    do {                                                                                                     \
        type *row = (type *)array + at, *voxels = source;                                                    \
        for (ptrdiff_t x = 0; x < turned[0]; x++)                                                            \
            if (back)                                                                                        \
                voxels[place + x * step[0]] = row[x];                                                        \
            else                                                                                             \
                row[x] = voxels[place + x * step[0]];                                                        \
    } while (0)

static void copy(const int axes[3], const int size[3], size_t bytes, void *source, void *array, bool back)
{
    int turned[3];
    ptrdiff_t step[3];
    const ptrdiff_t first = strides(axes, size, turned, step);
    for (int z = 0; z < turned[2]; z++)
        for (int y = 0; y < turned[1]; y++) {
            const ptrdiff_t at = ((ptrdiff_t)z * turned[1] + y) * turned[0];
            const ptrdiff_t place = first + z * step[2] + y * step[1];
            if (bytes == 1)
                COPY_ROW(uint8_t);
            else if (bytes == 2)
                COPY_ROW(uint16_t);
            else
                COPY_ROW(uint32_t);
        }
}

void axes_turn(const int axes[3], const int size[3], size_t bytes, const void *source, void *turned)
{
    copy(axes, size, bytes, (void *)source, turned, false);
}

void axes_turn_back(const int axes[3], const int size[3], size_t bytes, const void *turned, void *source)
{
    copy(axes, size, bytes, source, (void *)turned, true);
}
