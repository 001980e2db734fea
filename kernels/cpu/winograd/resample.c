/* Between two levels: see kernels/resample.h.
 *
 * Down pools a chunk of coarse voxels and convolves it at once. Up goes through the coarse volume a few
 * planes at a time, which are convolved into a ring of planes and then doubled into y; the ring keeps the two
 * planes that the next ones need. Backward goes a chunk of coarse voxels at a time both ways; up transposes
 * the doubling while it reads dy. */

static void pool_forward(struct shape fine, const float *x, float *y)
{
    struct shape coarse = shape_coarser(fine);
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < blocks_of(fine); b++)
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++) {
                const float *from = x + fine_corner(fine, b, z, row, 0);
                float *to = y + voxel_at(coarse, b, z, row, 0);
                for (int i = 0; i < coarse.width; i++, from += 2 * LANES, to += LANES)
                    lanes_store(to, pool_window(fine, from));
            }
}

static void pool_backward(struct shape fine, const float *x, const float *dy, float *dx)
{
    struct shape coarse = shape_coarser(fine);
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < blocks_of(fine); b++)
        for (int z = 0; z < coarse.depth; z++)
            for (int row = 0; row < coarse.height; row++) {
                size_t at = fine_corner(fine, b, z, row, 0);
                const float *from = dy + voxel_at(coarse, b, z, row, 0);
                for (int i = 0; i < coarse.width; i++, at += 2 * LANES, from += LANES)
                    unpool_window(fine, x + at, pool_window(fine, x + at), lanes_load(from), dx + at);
            }
}

static void upsample_forward(struct shape coarse, const float *x, float *y)
{
    struct shape fine = shape_finer(coarse);
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < blocks_of(fine); b++)
        for (int z = 0; z < fine.depth; z++)
            for (int row = 0; row < fine.height; row++) {
                const float *planes[2] = {x + voxel_at(coarse, b, z / 2, 0, 0),
                                          x + voxel_at(coarse, b, other_of(z, coarse.depth), 0, 0)};
                struct coarse_rows rows = coarse_rows(coarse, planes, row);
                upsample_row(&rows, coarse.width, 1, y + voxel_at(fine, b, z, row, 0), NULL);
            }
}

static void upsample_backward(struct shape coarse, const float *dy, float *dx)
{
    struct shape fine = shape_finer(coarse);
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < blocks_of(coarse); b++)
        for (int z = 0; z < coarse.depth; z++)
            for (int y = 0; y < coarse.height; y++) {
                struct fine_rows rows = fine_rows(fine, dy, b, z, y);
                upsample_transposed(&rows, coarse.width, 0, coarse.width, dx + voxel_at(coarse, b, z, y, 0));
            }
}

/* --- down and up --- */

/* Channel sums of the last stream of what is written, [SLICES_MAX][blocks of a stream]. */
static struct lane_sums *stream_sums_take(struct arena *arena, struct shape written)
{
    return arena_vectors(arena, SLICES_MAX * (size_t)blocks_of_stream(written) * sizeof(struct lane_sums));
}

static void stream_sums_clear(struct shape written, struct lane_sums *sums)
{
    memset(sums, 0, SLICES_MAX * (size_t)blocks_of_stream(written) * sizeof *sums);
}

static void stream_sums_store(struct shape written, int slices, struct lane_sums *sums, double *channel_sums)
{
    lane_sums_add(blocks_of_stream(written), slices, sums);
    lane_sums_store(shape_half(written), sums, channel_sums);
}

/* Those of block b in a slice; NULL where they are not wanted. */
static struct lane_sums *stream_sums_of(struct shape written, int b, int slice, struct lane_sums *sums)
{
    int first = last_stream_block(written);
    return sums && b >= first ? sums + slice * blocks_of_stream(written) + b - first : NULL;
}

/* The pooled values of a chunk of coarse voxels. */
static void pool_chunk(struct shape fine, struct chunk c, const float *x, float *operand)
{
    struct shape coarse = shape_coarser(fine);
    for (int b = 0; b < blocks_of(fine); b++, operand += CHUNK * LANES) {
        for (int slot = 0; slot < c.count; slot++)
            lanes_store(operand + slot * LANES,
                        pool_window(fine, x + window_of(fine, coarse, b, c.first + (size_t)slot)));
        conv1_clear_rest(c, operand);
    }
}

static void unpool_chunk(struct shape fine, struct chunk c, const float *x, const float *pooled,
                         const float *gradient, float *dx)
{
    struct shape coarse = shape_coarser(fine);
    for (int b = 0; b < blocks_of(fine); b++, pooled += CHUNK * LANES, gradient += CHUNK * LANES)
        for (int slot = 0; slot < c.count; slot++) {
            size_t at = window_of(fine, coarse, b, c.first + (size_t)slot);
            unpool_window(fine, x + at, lanes_load(pooled + slot * LANES),
                          lanes_load(gradient + slot * LANES), dx + at);
        }
}

/* upsample^T dy of a chunk of coarse voxels, row by row. */
static void downsample_chunk(struct shape fine, struct chunk c, const float *dy, float *operand)
{
    struct shape coarse = shape_coarser(fine);
    for (int b = 0; b < blocks_of(fine); b++, operand += CHUNK * LANES) {
        for (int slot = 0; slot < c.count;) {
            size_t v = c.first + (size_t)slot, row = v / (size_t)coarse.width;
            int x = (int)(v % (size_t)coarse.width), count = int_min(coarse.width - x, c.count - slot);
            struct fine_rows rows = fine_rows(fine, dy, b, (int)(row / (size_t)coarse.height),
                                              (int)(row % (size_t)coarse.height));
            upsample_transposed(&rows, coarse.width, x, count, operand + slot * LANES);
            slot += count;
        }
        conv1_clear_rest(c, operand);
    }
}

/* Backward, down or up: dx, dw and db from x and dy, of which the fine one is pooled or doubled. */
static void level_backward(int down, struct shape fine, struct shape coarse, const struct conv1 *conv1,
                           const float *x, const float *dy, float *dx, float *dw, float *db)
{
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < conv1->slices; i++) {
        struct conv1_slice slice = conv1_slice_of(conv1, i);
        conv1_clear(conv1, &slice);
        for (size_t n = conv1_begin(conv1, i); n < conv1_begin(conv1, i + 1); n++) {
            struct chunk c = conv1_chunk(conv1, n);
            if (down) {
                pool_chunk(fine, c, x, slice.x);
                conv1_load(coarse, c, dy, slice.dy);
            } else {
                conv1_load(coarse, c, x, slice.x);
                downsample_chunk(fine, c, dy, slice.dy);
            }
            conv1_gradient(conv1, &slice, i, n);
            conv1_multiply(conv1->out, conv1->in_blocks, slice.dy, conv1->transposed, slice.product);
            if (down)
                unpool_chunk(fine, c, x, slice.x, slice.product, dx);
            else
                conv1_save(coarse, c, slice.product, dx);
        }
    }
    conv1_gradients_add(conv1, dw, db);
}

/* --- down --- */

struct down {
    struct lane_sums *sums;
    struct conv1 conv1;
};

static struct down down_take(struct arena *arena, struct shape fine, struct shape coarse)
{
    struct lane_sums *sums = stream_sums_take(arena, coarse);
    return (struct down){sums, conv1_take(arena, fine, coarse, shape_voxels(coarse))};
}

static size_t down_scratch(struct shape fine, struct shape coarse)
{
    struct arena arena = {0};
    down_take(&arena, fine, coarse);
    return arena.used;
}

/* y = products + bias of a chunk; channel sums are added to those of the slice unless NULL. */
static void store_chunk(struct shape s, struct chunk c, const float *products, const float *bias, float *y,
                        int slice, struct lane_sums *sums)
{
    for (int b = 0; b < blocks_of(s); b++, products += CHUNK * LANES) {
        lanes constant = block_values(s, b, bias);
        struct lane_sums sum = {0}, *total = stream_sums_of(s, b, slice, sums);
        for (int slot = 0; slot < c.count; slot++) {
            lanes value = lanes_load(products + slot * LANES) + constant;
            lanes_store(y + (size_t)b * block_floats(s) + (c.first + (size_t)slot) * LANES, value);
            lanes_double wide = lanes_widen(value);
            sum.first += wide;
            sum.second += wide * wide;
        }
        if (total) {
            total->first += sum.first;
            total->second += sum.second;
        }
    }
}

static void down_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                         const float *b, float *y, double *channel_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct down down = down_take(&arena, fine, coarse);
    const struct conv1 *conv1 = &down.conv1;
    conv1_prepare(conv1, w);
    stream_sums_clear(coarse, down.sums);
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < conv1->slices; i++) {
        struct conv1_slice slice = conv1_slice_of(conv1, i);
        for (size_t n = conv1_begin(conv1, i); n < conv1_begin(conv1, i + 1); n++) {
            struct chunk c = conv1_chunk(conv1, n);
            pool_chunk(fine, c, x, slice.x);
            conv1_multiply(fine, conv1->out_blocks, slice.x, conv1->forward, slice.product);
            store_chunk(coarse, c, slice.product, b, y, i, channel_sums ? down.sums : NULL);
        }
    }
    if (channel_sums)
        stream_sums_store(coarse, conv1->slices, down.sums, channel_sums);
}

static void down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                          const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct down down = down_take(&arena, fine, coarse);
    conv1_prepare(&down.conv1, w);
    level_backward(1, fine, coarse, &down.conv1, x, dy, dx, dw, db);
}

/* --- up --- */

enum { RING_BYTES = 16 << 20 };

struct ring {
    struct shape plane; /* of one plane: the fine level's channels */
    int planes;         /* two more than are convolved at a time */
    float *convolved;   /* [planes][blocks][height][width][LANES]: coarse plane z at z % planes */
};

static size_t ring_plane_floats(const struct ring *ring)
{
    return (size_t)blocks_of(ring->plane) * block_floats(ring->plane);
}

static struct ring ring_take(struct arena *arena, struct shape coarse, struct shape fine)
{
    struct ring ring = {.plane = {fine.streams, fine.channels, 1, coarse.height, coarse.width}};
    size_t plane = ring_plane_floats(&ring) * sizeof(float);
    ring.planes = int_clamp((int)(RING_BYTES / plane) - 2, 1, coarse.depth) + 2;
    ring.convolved = arena_vectors(arena, (size_t)ring.planes * plane);
    return ring;
}

static float *ring_plane(const struct ring *ring, int z)
{
    return ring->convolved + (size_t)(z % ring->planes) * ring_plane_floats(ring);
}

struct up {
    struct lane_sums *sums;
    struct conv1 conv1;
    struct ring ring;
};

static struct up up_take(struct arena *arena, struct shape coarse, struct shape fine)
{
    struct up up = {.sums = stream_sums_take(arena, fine)};
    up.conv1 = conv1_take(arena, coarse, fine, shape_voxels(coarse));
    up.ring = ring_take(arena, coarse, fine);
    return up;
}

static size_t up_scratch(struct shape coarse, struct shape fine)
{
    struct arena arena = {0};
    up_take(&arena, coarse, fine);
    return arena.used;
}

/* Convolves coarse plane z into the ring. */
static void convolve_plane(const struct up *up, struct shape coarse, const float *x, const float *bias, int z)
{
    const struct conv1 *conv1 = &up->conv1;
    struct shape plane = up->ring.plane;
    size_t voxels = shape_voxels(plane);
    float *to = ring_plane(&up->ring, z);
#pragma omp parallel for schedule(static)
    for (int i = 0; i < conv1->slices; i++) {
        struct conv1_slice slice = conv1_slice_of(conv1, i);
        size_t end = slice_begin(voxels, conv1->slices, i + 1);
        for (size_t v = slice_begin(voxels, conv1->slices, i); v < end; v += CHUNK) {
            int count = (int)size_min(CHUNK, end - v);
            conv1_load(coarse, (struct chunk){(size_t)z * voxels + v, count}, x, slice.x);
            conv1_multiply(coarse, conv1->out_blocks, slice.x, conv1->forward, slice.product);
            for (int b = 0; b < conv1->out_blocks; b++) {
                lanes constant = block_values(plane, b, bias);
                for (int slot = 0; slot < count; slot++)
                    lanes_store(to + (size_t)b * block_floats(plane) + (v + (size_t)slot) * LANES,
                                lanes_load(slice.product + (b * CHUNK + slot) * LANES) + constant);
            }
        }
    }
}

/* y += sign * the doubled coarse planes [begin, end); sums unless NULL. */
static void double_planes(const struct ring *ring, struct shape coarse, struct shape fine, int begin, int end,
                          float sign, float *y, struct lane_sums *sums)
{
    size_t rows = 2 * (size_t)(end - begin) * (size_t)fine.height;
#pragma omp parallel for schedule(static)
    for (int slice = 0; slice < SLICES_MAX; slice++) {
        int last = (int)slice_begin(rows, SLICES_MAX, slice + 1);
        for (int i = (int)slice_begin(rows, SLICES_MAX, slice); i < last; i++) {
            int z = 2 * begin + i / fine.height, row = i % fine.height;
            for (int b = 0; b < blocks_of(fine); b++) {
                size_t block = (size_t)b * block_floats(ring->plane);
                const float *planes[2] = {ring_plane(ring, z / 2) + block,
                                          ring_plane(ring, other_of(z, coarse.depth)) + block};
                struct coarse_rows from = coarse_rows(coarse, planes, row);
                upsample_row(&from, coarse.width, sign, y + voxel_at(fine, b, z, row, 0),
                             stream_sums_of(fine, b, slice, sums));
            }
        }
    }
}

static void up_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                       float sign, float *y, double *channel_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct up up = up_take(&arena, coarse, fine);
    conv1_prepare(&up.conv1, w);
    stream_sums_clear(fine, up.sums);
    int step = up.ring.planes - 2, convolved = 0;
    for (int begin = 0; begin < coarse.depth; begin += step) {
        int end = int_min(begin + step, coarse.depth);
        for (; convolved < int_min(end + 1, coarse.depth); convolved++)
            convolve_plane(&up, coarse, x, b, convolved);
        double_planes(&up.ring, coarse, fine, begin, end, sign, y, channel_sums ? up.sums : NULL);
    }
    if (channel_sums)
        stream_sums_store(fine, SLICES_MAX, up.sums, channel_sums);
}

static void up_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                        const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct up up = up_take(&arena, coarse, fine);
    conv1_prepare(&up.conv1, w);
    level_backward(0, fine, coarse, &up.conv1, x, dy, dx, dw, db);
}
