/* Cuts an operation's scratch into pieces. With `base` NULL an arena only counts: the same function says how
 * many bytes an operation needs and later finds its pieces in them, so that the two cannot disagree. */
#ifndef PRUNET_KERNELS_CPU_BASE_SCRATCH_H
#define PRUNET_KERNELS_CPU_BASE_SCRATCH_H

#include "kernels/cpu/base/vector.h"
#include <stddef.h>

struct arena {
    char *base;
    size_t used; /* bytes */
};

/* A piece of `bytes`, which begins and ends at a multiple of `unit` bytes. */
INLINE void *arena_cut(struct arena *arena, size_t bytes, size_t unit)
{
    void *piece = arena->base ? arena->base + arena->used : NULL;
    arena->used += (bytes + unit - 1) / unit * unit;
    return piece;
}

/* A piece of whole cache lines, of 64 bytes. */
INLINE void *arena_lines(struct arena *arena, size_t bytes)
{
    return arena_cut(arena, bytes, 64);
}

/* A piece of whole vectors. Pieces that are made of vectors lie side by side, without a gap. */
INLINE void *arena_vectors(struct arena *arena, size_t bytes)
{
    return arena_cut(arena, bytes, sizeof(lanes));
}

/* Equal pieces, one for each slice of the work or each worker, each to be cut by an arena of its own. */
struct slice_memory {
    char *first;
    size_t bytes; /* of each */
};

INLINE struct slice_memory arena_slices(struct arena *arena, size_t bytes, int slices)
{
    return (struct slice_memory){arena_vectors(arena, bytes * (size_t)slices), bytes};
}

INLINE struct arena slice_arena(const struct slice_memory *memory, int slice)
{
    return (struct arena){memory->first ? memory->first + (size_t)slice * memory->bytes : NULL, 0};
}

#endif
