/* Between tensors and the operands of products. In: B^T over the windows of a chunk of tiles, A over the
 * tiles of a gradient; the three axes are taken one after the other, z and y column by column along x, each
 * column once although two tiles share it, then x tile by tile. Out: A^T over the products of one tile, and
 * the epilogue, what is done with its outputs as they are stored. */

/* What is done with outputs as they are stored. */
enum epilogue_kind {
    EPILOGUE_SET,      /* y = */
    EPILOGUE_ADD,      /* y += */
    EPILOGUE_SUBTRACT, /* y -= */
    EPILOGUE_BACKWARD, /* the outputs are dL/da of a branch: dx += factor dz, sums of dz and dz xhat */
};

struct epilogue {
    enum epilogue_kind kind;
    float *y;                      /* or du */
    const float *u;                /* EPILOGUE_BACKWARD */
    const struct lane_norm *norms; /* EPILOGUE_BACKWARD, one a block */
    struct lane_sums *sums; /* =, one a block: channel_sums of the new y unless NULL, or of the backward */
};

/* What a convolution reads. */
struct conv_input {
    struct shape shape;
    const float *x;
    const struct lane_norm *norms; /* of x, one a block: what is read is activated; NULL: x as it is */
    int image;                     /* x is plain, [channels][depth][height][width] */
};

/* y (shape out) from `in`: `to` says what is done with it. */
struct convolution {
    struct conv_input in;
    struct shape out;
    const float *w;
    struct epilogue to;
};

/* The weight gradient, dw += , from x and dy; and on the way, as their operands are at hand, the forward
 * result once more and dx. */
struct convolution_backward {
    struct convolution forward; /* forward.to.y NULL: not wanted */
    const float *dy;
    struct epilogue dx; /* dx.y NULL: not wanted */
    float *dw;
};

/* --- windows and gradients --- */

/* Columns that are fetched ahead: there are more rows in a window than the machine foresees by itself. */
enum { COLUMNS_AHEAD = 4 };

/* The part of a window or tile that lies inside the grid, in its own coordinates: [z0, z1) x [y0, y1). */
struct extent {
    int z0, z1, y0, y1;
};

INLINE struct extent extent_of(struct shape s, int z, int y, int depth, int height)
{
    return (struct extent){z < 0 ? -z : 0, int_min(depth, s.depth - z), y < 0 ? -y : 0,
                           int_min(height, s.height - y)};
}

/* Where the windows of one block come from: a tensor's block, or `maps` plain maps of an image. Steps in
 * floats. */
struct window_source {
    const float *x;
    size_t voxel, row, slice, map;
    int maps;
    const struct activation *norm; /* of a tensor; NULL reads the values as they are */
};

enum { FROM_TENSOR, FROM_IMAGE };

INLINE lanes source_voxel(int kind, const struct window_source *s, const float *from)
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
INLINE void window_column(int kind, const struct window_source *s, const float *p, struct extent inside,
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
                        const struct window_source *s, float *v, size_t stride)
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

INLINE struct window_source window_source(const struct conv_input *in, int b)
{
    struct shape s = in->shape;
    size_t voxel = in->image ? 1 : LANES, row = (size_t)s.width * voxel;
    size_t first = in->image ? (size_t)block_first(s, b) * shape_voxels(s) : (size_t)b * block_floats(s);
    return (struct window_source){.x = in->x + first,
                                  .voxel = voxel,
                                  .row = row,
                                  .slice = row * (size_t)s.height,
                                  .map = shape_voxels(s),
                                  .maps = block_count(s, b),
                                  .norm = in->norms ? &in->norms[b].activation : NULL};
}

/* One block of v = B^T x B of a chunk. */
INLINE void block_windows(int kind, const struct grid *g, struct chunk c, const struct window_source *s,
                          float *v, size_t stride)
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

/* v = B^T x B of chunk number i, in the blocks of a range; v has all blocks. */
static void chunk_windows(const struct conv_input *in, size_t i, struct block_range range, float *v)
{
    struct grid grid = grid_of(in->shape);
    size_t stride = point_stride(blocks_of(in->shape));
    for (int b = range.first; b < range.first + range.count; b++) {
        struct window_source source = window_source(in, b);
        float *to = v + (size_t)b * CHUNK * LANES;
        if (in->image)
            block_windows(FROM_IMAGE, &grid, chunk_of(&grid, i), &source, to, stride);
        else
            block_windows(FROM_TENSOR, &grid, chunk_of(&grid, i), &source, to, stride);
    }
}

/* w = A dy A^T of chunk number i, in the blocks of a range. */
static void chunk_gradients(struct shape s, size_t i, struct block_range range, const float *dy, float *w)
{
    struct grid grid = grid_of(s);
    struct chunk c = chunk_of(&grid, i);
    size_t stride = point_stride(range.count), row = (size_t)s.width * LANES, slice = (size_t)s.height * row;
    for (int b = 0; b < range.count; b++) {
        float *panel = w + (size_t)b * CHUNK * LANES;
        for (int slot = 0; slot < c.count;) {
            struct run r = run_at(&grid, c, slot);
            struct extent inside = extent_of(s, r.z, r.y, TILE_Z, TILE_Y);
            const float *from = dy + (size_t)(range.first + b) * block_floats(s) + (size_t)r.z * slice +
                                (size_t)r.y * row + (size_t)r.x * LANES;
            for (int tile = 0; tile < r.count; tile++, slot++, from += TILE_X * LANES) {
                int width = int_min(TILE_X, s.width - r.x - tile * TILE_X);
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

/* --- results --- */

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
struct tile_place {
    size_t at; /* of its first voxel in the block, in floats */
    size_t row, slice;
    int depth, height, width;
};

INLINE void store_voxel(enum epilogue_kind kind, lanes value, float *y, const float *u,
                        const struct lane_norm *norm, int summed, lanes *first, lanes *second)
{
    lanes old = kind == EPILOGUE_SET ? (lanes){0} : lanes_load(y), stored;
    if (kind == EPILOGUE_BACKWARD) {
        lanes x = lanes_load(u), dz = through_relu(&norm->activation, x, value);
        stored = lanes_fma(norm->activation.factor, dz, old);
        *first += dz;
        *second = lanes_fma(dz, normalised(norm, x), *second);
    } else {
        stored = kind == EPILOGUE_SET ? value : kind == EPILOGUE_ADD ? old + value : old - value;
        if (summed) {
            *first += stored;
            *second = lanes_fma(stored, stored, *second);
        }
    }
    lanes_store(y, stored);
}

/* Stores one tile of one block. Sums are single over the tile, double from tile to tile. */
INLINE void store_tile(enum epilogue_kind kind, const tile_outputs outputs, const struct tile_place *p,
                       int depth, int height, int width, float *y, const float *u,
                       const struct lane_norm *norm, struct lane_sums *sums)
{
    lanes first = {0}, second = {0};
    for (int z = 0; z < depth; z++)
        for (int row = 0; row < height; row++)
            for (int x = 0; x < width; x++) {
                size_t at = p->at + (size_t)z * p->slice + (size_t)row * p->row + (size_t)x * LANES;
                store_voxel(kind, outputs[z][row][x], y + at, u ? u + at : NULL, norm, sums != NULL, &first,
                            &second);
            }
    if (sums) {
        sums->first += lanes_widen(first);
        sums->second += lanes_widen(second);
    }
}

/* All tiles of a chunk in one block; m: the block's panel in the first point. */
INLINE void store_block(enum epilogue_kind kind, const struct grid *g, struct chunk c, const float *m,
                        size_t stride, float *y, const float *u, const struct lane_norm *norm,
                        struct lane_sums *sums)
{
    struct shape s = g->shape;
    struct tile_place p = {.row = (size_t)s.width * LANES,
                           .slice = (size_t)s.height * (size_t)s.width * LANES};
    for (int slot = 0; slot < c.count;) {
        struct run r = run_at(g, c, slot);
        p.depth = int_min(TILE_Z, s.depth - r.z);
        p.height = int_min(TILE_Y, s.height - r.y);
        p.at = (size_t)r.z * p.slice + (size_t)r.y * p.row + (size_t)r.x * LANES;
        for (int tile = 0; tile < r.count; tile++, slot++, p.at += TILE_X * LANES) {
            tile_outputs outputs;
            output_tile(m + (size_t)slot * LANES, stride, outputs);
            p.width = int_min(TILE_X, s.width - r.x - tile * TILE_X);
            if (p.depth == TILE_Z && p.height == TILE_Y && p.width == TILE_X)
                store_tile(kind, outputs, &p, TILE_Z, TILE_Y, TILE_X, y, u, norm, sums);
            else
                store_tile(kind, outputs, &p, p.depth, p.height, p.width, y, u, norm, sums);
        }
    }
}

/* A^T m A of chunk number i into an epilogue, in the blocks of a range. m: products, as operands of the range
 * are laid out. */
static void chunk_results(struct shape shape, size_t i, struct block_range range, const float *m,
                          const struct epilogue *to)
{
    struct grid grid = grid_of(shape);
    struct chunk c = chunk_of(&grid, i);
    size_t stride = point_stride(range.count);
    for (int k = 0; k < range.count; k++, m += CHUNK * LANES) {
        int b = range.first + k;
        float *y = to->y + (size_t)b * block_floats(shape);
        struct lane_sums *sums = to->sums ? to->sums + b : NULL;
        if (to->kind == EPILOGUE_SET)
            store_block(EPILOGUE_SET, &grid, c, m, stride, y, NULL, NULL, NULL);
        else if (to->kind == EPILOGUE_ADD)
            store_block(EPILOGUE_ADD, &grid, c, m, stride, y, NULL, NULL, sums);
        else if (to->kind == EPILOGUE_SUBTRACT)
            store_block(EPILOGUE_SUBTRACT, &grid, c, m, stride, y, NULL, NULL, sums);
        else
            store_block(EPILOGUE_BACKWARD, &grid, c, m, stride, y, to->u + (size_t)b * block_floats(shape),
                        to->norms + b, sums);
    }
}
