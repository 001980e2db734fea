/* From tensors to transformed operands: B^T over the windows of a chunk of tiles, A over the tiles of a
 * gradient. The three axes are taken one after the other: z and y column by column along x, each column once
 * although two tiles share it, then x tile by tile. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_OPERANDS_H
#define PRUNET_KERNELS_CPU_BLOCKED_OPERANDS_H

#include "kernels/cpu/blocked/tiles.h"
#include "kernels/cpu/blocked/transforms.h"
#include "kernels/cpu/blocked/winograd.h"

/* Columns that are fetched ahead: there are more rows in a window than the machine foresees by itself. */
enum { COLUMNS_AHEAD = 4 };

/* The part of a window or tile that lies inside the grid, in its own coordinates: [z0, z1) x [y0, y1). */
struct extent {
    int z0, z1, y0, y1;
};

INLINE struct extent extent_of(struct shape s, int z, int y, int depth, int height)
{
    return (struct extent){z < 0 ? -z : 0, smaller(depth, s.depth - z), y < 0 ? -y : 0,
                           smaller(height, s.height - y)};
}

/* Where the windows of one block come from: a tensor's block, or `maps` plain maps of an image. Steps in
 * floats. */
struct source {
    const float *x;
    size_t voxel, row, slice, map;
    int maps;
    const struct activation *norm; /* of a tensor; NULL reads the values as they are */
};

enum { FROM_TENSOR, FROM_IMAGE };

INLINE lanes source_voxel(int kind, const struct source *s, const float *from)
{
    if (kind == FROM_TENSOR) {
        __builtin_prefetch(from + COLUMNS_AHEAD * LANES);
        return s->norm ? activate(s->norm, lanes_load(from)) : lanes_load(from);
    }
    lanes values = {0};
    if (s->maps == 4) { /* as many as an image has here */
        for (int i = 0; i < 4; i++)
            values[i] = from[(size_t)i * s->map];
        return values;
    }
    for (int i = 0; i < s->maps; i++)
        values[i] = from[(size_t)i * s->map];
    return values;
}

/* One column of a window, transformed along y and z: column[point z][point y]. p is its corner. Outside the
 * grid is 0, after the activation. */
INLINE void window_column(int kind, const struct source *s, const float *p, struct extent inside,
                          lanes *column)
{
    lanes planes[POINTS_Z][POINTS_Y];
    for (int z = 0; z < POINTS_Z; z++) {
        lanes values[POINTS_Y];
        for (int y = 0; y < POINTS_Y; y++)
            values[y] = z >= inside.z0 && z < inside.z1 && y >= inside.y0 && y < inside.y1
                            ? source_voxel(kind, s, p + (size_t)z * s->slice + (size_t)y * s->row)
                            : (lanes){0};
        input_transform(TILE_Y, values, planes[z]);
    }
    for (int y = 0; y < POINTS_Y; y++) {
        lanes line[POINTS_Z], points[POINTS_Z];
        for (int z = 0; z < POINTS_Z; z++)
            line[z] = planes[z][y];
        input_transform(TILE_Z, line, points);
        for (int z = 0; z < POINTS_Z; z++)
            column[z * POINTS_Y + y] = points[z];
    }
}

/* Windows of a run of tiles, in one block. v: the block's panel in the first point. */
INLINE void run_windows(int kind, const struct grid *g, const struct run *r, struct extent inside,
                        const struct source *s, float *v, size_t stride)
{
    const float *corner =
        s->x + (ptrdiff_t)(r->z - 1) * (ptrdiff_t)s->slice + (ptrdiff_t)(r->y - 1) * (ptrdiff_t)s->row;
    lanes ring[POINTS_X][POINTS_ZY], *columns[POINTS_X];
    for (int i = 0; i < POINTS_X; i++)
        columns[i] = ring[i];
    for (int tile = 0; tile < r->count; tile++) {
        for (int i = tile ? POINTS_X - TILE_X : 0; i < POINTS_X; i++) {
            int at = r->x + tile * TILE_X + i - 1;
            if (at >= 0 && at < g->shape.width)
                window_column(kind, s, corner + (size_t)at * s->voxel, inside, columns[i]);
            else
                memset(columns[i], 0, sizeof ring[0]);
        }
        for (int j = 0; j < POINTS_ZY; j++) {
            lanes line[POINTS_X], points[POINTS_X];
            for (int i = 0; i < POINTS_X; i++)
                line[i] = columns[i][j];
            input_transform(TILE_X, line, points);
            for (int i = 0; i < POINTS_X; i++)
                lanes_store(v + (size_t)(j * POINTS_X + i) * stride + (size_t)tile * LANES, points[i]);
        }
        for (int i = 0; i < POINTS_X - TILE_X; i++) { /* the next tile's first columns are this one's last */
            lanes *first = columns[i];
            columns[i] = columns[i + TILE_X];
            columns[i + TILE_X] = first;
        }
    }
}

INLINE struct source source_of(const struct input *in, int b)
{
    struct shape s = in->shape;
    size_t voxel = in->image ? 1 : LANES, row = (size_t)s.width * voxel;
    size_t first = in->image ? (size_t)block_first(s, b) * shape_voxels(s) : (size_t)b * block_floats(s);
    return (struct source){.x = in->x + first,
                           .voxel = voxel,
                           .row = row,
                           .slice = row * (size_t)s.height,
                           .map = shape_voxels(s),
                           .maps = block_count(s, b),
                           .norm = in->norms ? &in->norms[b].activation : NULL};
}

/* One block of v = B^T x B of a chunk. */
INLINE void block_windows(int kind, const struct grid *g, struct chunk c, const struct source *s, float *v,
                          size_t stride)
{
    static const struct extent whole = {0, POINTS_Z, 0, POINTS_Y};
    for (int slot = 0; slot < c.count;) {
        struct run r = run_at(g, c, slot);
        struct extent inside = extent_of(g->shape, r.z - 1, r.y - 1, POINTS_Z, POINTS_Y);
        float *to = v + (size_t)slot * LANES;
        if (memcmp(&inside, &whole, sizeof whole))
            run_windows(kind, g, &r, inside, s, to, stride);
        else
            run_windows(kind, g, &r, whole, s, to, stride);
        slot += r.count;
    }
}

/* A dy A^T of the tile at `dy`; `width`: its columns inside the grid. */
INLINE void tile_gradients(const float *dy, size_t slice, size_t row, struct extent inside, int width,
                           float *w, size_t stride)
{
    lanes planes[TILE_Z][POINTS_Y][POINTS_X];
    for (int z = 0; z < TILE_Z; z++) {
        lanes rows[TILE_Y][POINTS_X];
        for (int y = 0; y < TILE_Y; y++) {
            lanes values[TILE_X];
            for (int x = 0; x < TILE_X; x++)
                values[x] = z < inside.z1 && y < inside.y1 && x < width
                                ? lanes_load(dy + (size_t)z * slice + (size_t)y * row + (size_t)x * LANES)
                                : (lanes){0};
            gradient_transform(TILE_X, values, rows[y]);
        }
        for (int x = 0; x < POINTS_X; x++) {
            lanes line[TILE_Y], points[POINTS_Y];
            for (int y = 0; y < TILE_Y; y++)
                line[y] = rows[y][x];
            gradient_transform(TILE_Y, line, points);
            for (int y = 0; y < POINTS_Y; y++)
                planes[z][y][x] = points[y];
        }
    }
    for (int y = 0; y < POINTS_Y; y++)
        for (int x = 0; x < POINTS_X; x++) {
            lanes line[TILE_Z], points[POINTS_Z];
            for (int z = 0; z < TILE_Z; z++)
                line[z] = planes[z][y][x];
            gradient_transform(TILE_Z, line, points);
            for (int z = 0; z < POINTS_Z; z++)
                lanes_store(w + (size_t)((z * POINTS_Y + y) * POINTS_X + x) * stride, points[z]);
        }
}

/* w = A dy A^T of a chunk, in the blocks of a range. */
INLINE void transform_gradients(const struct grid *g, struct chunk c, struct range range, const float *dy,
                                float *w)
{
    struct shape s = g->shape;
    size_t stride = point_stride(range.count), row = (size_t)s.width * LANES, slice = (size_t)s.height * row;
    for (int b = 0; b < range.count; b++) {
        float *panel = w + (size_t)b * CHUNK * LANES;
        for (int slot = 0; slot < c.count;) {
            struct run r = run_at(g, c, slot);
            struct extent inside = extent_of(s, r.z, r.y, TILE_Z, TILE_Y);
            const float *from = dy + (size_t)(range.first + b) * block_floats(s) + (size_t)r.z * slice +
                                (size_t)r.y * row + (size_t)r.x * LANES;
            for (int tile = 0; tile < r.count; tile++, slot++, from += TILE_X * LANES) {
                int width = smaller(TILE_X, s.width - r.x - tile * TILE_X);
                float *to = panel + (size_t)slot * LANES;
                if (inside.z1 == TILE_Z && inside.y1 == TILE_Y && width == TILE_X)
                    tile_gradients(from, slice, row, (struct extent){0, TILE_Z, 0, TILE_Y}, TILE_X, to,
                                   stride);
                else
                    tile_gradients(from, slice, row, inside, width, to, stride);
            }
        }
    }
}

#endif
