/* Partial sums: each slot gathers its own, then they are summed in the order of the slots. */
#ifndef PRUNET_KERNELS_CPU_PLANAR_PARTIALS_H
#define PRUNET_KERNELS_CPU_PLANAR_PARTIALS_H

#include "kernels/cpu/planar/arena.h"
#include <string.h>

/* sums[slots][count], stride in doubles a whole number of cache lines. */
struct partials {
    size_t count, stride;
    int slots;
    double *sums;
};

static inline struct partials partials_take(struct arena *arena, int slots, size_t count)
{
    struct partials p = {count, (count + 7) / 8 * 8, slots, NULL};
    p.sums = arena_take(arena, p.stride * (size_t)slots * sizeof(double));
    return p;
}

/* A slot's own sums, cleared. */
static inline double *partials_start(const struct partials *p, int slot)
{
    double *sums = p->sums + (size_t)slot * p->stride;
    memset(sums, 0, p->count * sizeof(double));
    return sums;
}

static inline double partials_total(const struct partials *p, size_t k)
{
    double total = 0;
    for (int slot = 0; slot < p->slots; slot++)
        total += p->sums[(size_t)slot * p->stride + k];
    return total;
}

/* to[k] += total of sum first + k, for k < count */
static inline void partials_add(const struct partials *p, size_t first, size_t count, float *to)
{
#pragma omp parallel for schedule(static) if (count > 4096)
    for (size_t k = 0; k < count; k++)
        to[k] = (float)(to[k] + partials_total(p, first + k));
}

/* The gradients of a 1x1x1 convolution from sums [out][in + 1] (see conv1_correlate): dw, db += */
static inline void partials_add_conv1(const struct partials *p, int out, int in, float *dw, float *db)
{
    for (int o = 0; o < out; o++) {
        size_t row = (size_t)o * (size_t)(in + 1);
        partials_add(p, row, (size_t)in, dw + (size_t)o * (size_t)in);
        partials_add(p, row + (size_t)in, 1, db + o);
    }
}

/* Items [range_begin(slot), range_begin(slot + 1)) of `items` are a slot's. */
static inline size_t range_begin(size_t items, int slots, int slot)
{
    return items * (size_t)slot / (size_t)slots;
}

static inline int range_slots(size_t items, int most)
{
    return items < (size_t)most ? (int)items : most;
}

#endif
