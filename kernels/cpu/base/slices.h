/* Work is cut into slices, whatever the number of threads, and what slices sum is added in their order:
 * results do not depend on the threads, which may take slices in any order. */
#ifndef PRUNET_KERNELS_CPU_BASE_SLICES_H
#define PRUNET_KERNELS_CPU_BASE_SLICES_H

#include "kernels/cpu/base/scratch.h"
#include <string.h>

enum { SLICES_MAX = 32 };

INLINE int int_min(int a, int b)
{
    return a < b ? a : b;
}

INLINE int int_max(int a, int b)
{
    return a > b ? a : b;
}

INLINE size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

INLINE size_t size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

INLINE int int_clamp(int value, int least, int most)
{
    return int_max(least, int_min(value, most));
}

/* Slice i takes [slice_begin(i), slice_begin(i + 1)) of the work. */
INLINE size_t slice_begin(size_t work, int slices, int i)
{
    return work * (size_t)i / (size_t)slices;
}

/* As many slices as there may be without an empty one. */
INLINE int slices_of(size_t work)
{
    return (int)size_min(work, SLICES_MAX);
}

/* Sums of each slice, sums[slices][count]; `stride` doubles, whole cache lines, lie between them. */
struct partials {
    size_t count, stride;
    int slices;
    double *sums;
};

INLINE struct partials partials_take(struct arena *arena, int slices, size_t count)
{
    struct partials p = {count, (count + 7) / 8 * 8, slices, NULL};
    p.sums = arena_lines(arena, p.stride * (size_t)slices * sizeof(double));
    return p;
}

/* A slice's own sums, cleared. */
INLINE double *partials_start(const struct partials *p, int slice)
{
    double *sums = p->sums + (size_t)slice * p->stride;
    memset(sums, 0, p->count * sizeof(double));
    return sums;
}

INLINE double partials_total(const struct partials *p, size_t k)
{
    double total = 0;
    for (int slice = 0; slice < p->slices; slice++)
        total += p->sums[(size_t)slice * p->stride + k];
    return total;
}

/* to[k] += total of sum first + k, for k < count */
INLINE void partials_add(const struct partials *p, size_t first, size_t count, float *to)
{
#pragma omp parallel for schedule(static) if (count > 4096)
    for (size_t k = 0; k < count; k++)
        to[k] = (float)(to[k] + partials_total(p, first + k));
}

#endif
