/* Cuts scratch memory into pieces of whole cache lines. With `base` NULL it only counts: the same layout
 * function says how many bytes an operation wants and later finds its pieces in them. */
#ifndef PRUNET_KERNELS_CPU_PLANAR_ARENA_H
#define PRUNET_KERNELS_CPU_PLANAR_ARENA_H

#include <stddef.h>

struct arena {
    char *base;
    size_t used;
};

static inline void *arena_take(struct arena *arena, size_t bytes)
{
    void *piece = arena->base ? arena->base + arena->used : NULL;
    arena->used += (bytes + 63) / 64 * 64;
    return piece;
}

#endif
