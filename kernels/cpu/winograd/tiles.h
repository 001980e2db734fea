/* The tiles of a grid of voxels, and the chunks of tiles that are transformed and multiplied together.
 *
 * A tile is TILE_Z x TILE_Y x TILE_X outputs; it reads a window one voxel wider on each side, which its
 * transform turns into POINTS products. Larger tiles multiply less and round more. Relative errors of a
 * convolution of normal numbers, 30 to 240 channels:
 *
 *     2 x 2 x 2: 8.0 products a voxel (direct convolution: 27), 2e-7 to 5e-7
 *     2 x 4 x 4: 4.5, 9e-7 to 1.2e-6
 *     4 x 4 x 4: 3.4, above the 2e-6 that are allowed
 *
 * The transformed operand of a chunk is [POINTS][blocks][CHUNK][LANES], each point followed by one spare
 * vector, so that the points do not fall into the same set of the cache. */
#ifndef PRUNET_KERNELS_CPU_WINOGRAD_TILES_H
#define PRUNET_KERNELS_CPU_WINOGRAD_TILES_H

#include "kernels/cpu/winograd/layout.h"

enum {
    TILE_Z = 2,
    TILE_Y = 4,
    TILE_X = 4,
    POINTS_Z = TILE_Z + 2,
    POINTS_Y = TILE_Y + 2,
    POINTS_X = TILE_X + 2,
    POINTS_ZY = POINTS_Z * POINTS_Y,
    POINTS = POINTS_ZY * POINTS_X,
    CHUNK = 24, /* tiles: a multiple of the rows of every register tile */
};

/* Chunks whose weight gradients are added up in single before they go on in double. */
enum { CHUNKS_SINGLE = 32 };

struct grid {
    struct shape shape; /* of the tensor */
    int across, down;   /* tiles along x and y */
    size_t tiles, chunks;
};

INLINE struct grid grid_of(struct shape s)
{
    struct grid g = {
        .shape = s, .across = (s.width + TILE_X - 1) / TILE_X, .down = (s.height + TILE_Y - 1) / TILE_Y};
    g.tiles = (size_t)((s.depth + TILE_Z - 1) / TILE_Z) * (size_t)g.down * (size_t)g.across;
    g.chunks = (g.tiles + CHUNK - 1) / CHUNK;
    return g;
}

/* Tiles [first, first + count) of the grid, count <= CHUNK. */
struct chunk {
    size_t first;
    int count;
};

INLINE struct chunk chunk_of(const struct grid *g, size_t i)
{
    size_t left = g->tiles - i * CHUNK;
    return (struct chunk){i * CHUNK, left < CHUNK ? (int)left : CHUNK};
}

/* A row of tiles inside a chunk: outputs begin at voxel (z, y, x); `slot` is the first tile's place. */
struct run {
    int z, y, x, slot, count;
};

INLINE struct run run_at(const struct grid *g, struct chunk c, int slot)
{
    size_t tile = c.first + (size_t)slot;
    int across = (int)(tile % (size_t)g->across);
    size_t row = tile / (size_t)g->across;
    return (struct run){.z = (int)(row / (size_t)g->down) * TILE_Z,
                        .y = (int)(row % (size_t)g->down) * TILE_Y,
                        .x = across * TILE_X,
                        .slot = slot,
                        .count = int_min(g->across - across, c.count - slot)};
}

/* Floats from one point to the next in an operand of `blocks` blocks. */
INLINE size_t point_stride(int blocks)
{
    return ((size_t)blocks * CHUNK + 1) * LANES;
}

INLINE size_t operand_floats(int blocks)
{
    return POINTS * point_stride(blocks);
}

#endif
