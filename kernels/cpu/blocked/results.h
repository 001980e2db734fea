/* From products to tensors: A^T over the products of one tile, and what happens to its outputs as they are
 * stored. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_RESULTS_H
#define PRUNET_KERNELS_CPU_BLOCKED_RESULTS_H

#include "kernels/cpu/blocked/tiles.h"
#include "kernels/cpu/blocked/transforms.h"
#include "kernels/cpu/blocked/winograd.h"

typedef lanes tile_outputs[TILE_Z][TILE_Y][TILE_X];

/* outputs = A^T m A of the tile whose first product is at m. */
INLINE void output_tile(const float *m, size_t stride, tile_outputs outputs)
{
    lanes planes[POINTS_Z][TILE_Y][TILE_X];
    for (int z = 0; z < POINTS_Z; z++) {
        lanes rows[POINTS_Y][TILE_X];
        for (int y = 0; y < POINTS_Y; y++) {
            lanes points[POINTS_X];
            for (int x = 0; x < POINTS_X; x++)
                points[x] = lanes_load(m + (size_t)((z * POINTS_Y + y) * POINTS_X + x) * stride);
            output_transform(TILE_X, points, rows[y]);
        }
        for (int x = 0; x < TILE_X; x++) {
            lanes points[POINTS_Y], line[TILE_Y];
            for (int y = 0; y < POINTS_Y; y++)
                points[y] = rows[y][x];
            output_transform(TILE_Y, points, line);
            for (int y = 0; y < TILE_Y; y++)
                planes[z][y][x] = line[y];
        }
    }
    for (int y = 0; y < TILE_Y; y++)
        for (int x = 0; x < TILE_X; x++) {
            lanes points[POINTS_Z], line[TILE_Z];
            for (int z = 0; z < POINTS_Z; z++)
                points[z] = planes[z][y][x];
            output_transform(TILE_Z, points, line);
            for (int z = 0; z < TILE_Z; z++)
                outputs[z][y][x] = line[z];
        }
}

/* Where a tile's outputs go, and how many of them lie inside the grid. */
struct place {
    size_t at; /* of its first voxel in the block, in floats */
    size_t row, slice;
    int depth, height, width;
};

INLINE void store_voxel(enum store store, lanes value, float *y, const float *u,
                        const struct norm_backward *norm, int summed, lanes *first, lanes *second)
{
    lanes old = store == STORE_SET ? (lanes){0} : lanes_load(y), stored;
    if (store == STORE_BACKWARD) {
        lanes x = lanes_load(u), dz = through_relu(&norm->activation, x, value);
        stored = old + norm->activation.scale * dz;
        *first += dz;
        *second += dz * normalised(norm, x);
    } else {
        stored = store == STORE_SET ? value : store == STORE_ADD ? old + value : old - value;
        if (summed) {
            *first += stored;
            *second += stored * stored;
        }
    }
    lanes_store(y, stored);
}

/* Stores one tile of one block. Sums are single over the tile, double from tile to tile. */
INLINE void store_tile(enum store store, const tile_outputs outputs, const struct place *p, int depth,
                       int height, int width, float *y, const float *u, const struct norm_backward *norm,
                       struct lane_sums *sums)
{
    lanes first = {0}, second = {0};
    for (int z = 0; z < depth; z++)
        for (int row = 0; row < height; row++)
            for (int x = 0; x < width; x++) {
                size_t at = p->at + (size_t)z * p->slice + (size_t)row * p->row + (size_t)x * LANES;
                store_voxel(store, outputs[z][row][x], y + at, u ? u + at : NULL, norm, sums != NULL, &first,
                            &second);
            }
    if (sums) {
        sums->first += lanes_widen(first);
        sums->second += lanes_widen(second);
    }
}

/* All tiles of a chunk in one block; m: the block's panel in the first point. */
INLINE void store_block(enum store store, const struct grid *g, struct chunk c, const float *m, size_t stride,
                        float *y, const float *u, const struct norm_backward *norm, struct lane_sums *sums)
{
    struct shape s = g->shape;
    struct place p = {.row = (size_t)s.width * LANES, .slice = (size_t)s.height * (size_t)s.width * LANES};
    for (int slot = 0; slot < c.count;) {
        struct run r = run_at(g, c, slot);
        p.depth = smaller(TILE_Z, s.depth - r.z);
        p.height = smaller(TILE_Y, s.height - r.y);
        p.at = (size_t)r.z * p.slice + (size_t)r.y * p.row + (size_t)r.x * LANES;
        for (int tile = 0; tile < r.count; tile++, slot++, p.at += TILE_X * LANES) {
            tile_outputs outputs;
            output_tile(m + (size_t)slot * LANES, stride, outputs);
            p.width = smaller(TILE_X, s.width - r.x - tile * TILE_X);
            if (p.depth == TILE_Z && p.height == TILE_Y && p.width == TILE_X)
                store_tile(store, outputs, &p, TILE_Z, TILE_Y, TILE_X, y, u, norm, sums);
            else
                store_tile(store, outputs, &p, p.depth, p.height, p.width, y, u, norm, sums);
        }
    }
}

/* A chunk, in the blocks of a range. m: products, as operands of the range are laid out. */
INLINE void store_results(const struct grid *g, struct chunk c, struct range range, const float *m,
                          const struct sink *to)
{
    size_t stride = point_stride(range.count);
    for (int i = 0; i < range.count; i++, m += CHUNK * LANES) {
        int b = range.first + i;
        float *y = to->y + (size_t)b * block_floats(g->shape);
        struct lane_sums *sums = to->sums ? to->sums + b : NULL;
        if (to->store == STORE_SET)
            store_block(STORE_SET, g, c, m, stride, y, NULL, NULL, NULL);
        else if (to->store == STORE_ADD)
            store_block(STORE_ADD, g, c, m, stride, y, NULL, NULL, sums);
        else if (to->store == STORE_SUBTRACT)
            store_block(STORE_SUBTRACT, g, c, m, stride, y, NULL, NULL, sums);
        else
            store_block(STORE_BACKWARD, g, c, m, stride, y, to->u + (size_t)b * block_floats(g->shape),
                        to->norms + b, sums);
    }
}

#endif
