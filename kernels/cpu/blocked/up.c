/* 1x1x1 convolution, trilinear doubling and addition, up to the previous level: see kernels/resample.h.
 *
 * Forward goes through the coarse volume a few planes at a time, which are mixed into a ring of planes and
 * then doubled into y; the ring keeps the two planes that the next ones need. Backward transposes the
 * doubling while it reads dy, a chunk of coarse voxels at a time. */
#include "kernels/cpu/blocked/conv1.h"
#include "kernels/cpu/blocked/upsample.h"

enum { RING_BYTES = 16 << 20 };

/* Planes that are mixed at a time; the ring has two more. */
static int planes_at_once(struct shape coarse, struct shape fine)
{
    size_t plane = (size_t)blocks_of(fine) * (size_t)coarse.height * (size_t)coarse.width * sizeof(lanes);
    int planes = (int)(RING_BYTES / plane) - 2;
    return planes < 1 ? 1 : smaller(planes, coarse.depth);
}

struct ring {
    struct shape plane; /* of one plane: the fine level's channels */
    int planes;
    float *mixed; /* [planes][blocks][height][width][LANES]: coarse plane z at z % planes */
};

static struct ring ring_of(struct shape coarse, struct shape fine, float *mixed)
{
    return (struct ring){{fine.streams, fine.channels, 1, coarse.height, coarse.width},
                         planes_at_once(coarse, fine) + 2,
                         mixed};
}

static float *ring_plane(const struct ring *ring, int z)
{
    return ring->mixed +
           (size_t)(z % ring->planes) * (size_t)blocks_of(ring->plane) * block_floats(ring->plane);
}

static size_t ring_floats(const struct ring *ring)
{
    return (size_t)ring->planes * (size_t)blocks_of(ring->plane) * block_floats(ring->plane);
}

static size_t sums_count(struct shape fine)
{
    return SLICES_MAX * (size_t)blocks_of_stream(fine);
}

/* Scratch: the channel_sums' sums, the conv1, the ring. */
size_t blocked_up_bytes(struct shape coarse, struct shape fine)
{
    struct ring ring = ring_of(coarse, fine, NULL);
    return sums_count(fine) * sizeof(struct lane_sums) +
           blocked_conv1_bytes(coarse, fine, shape_voxels(coarse)) + ring_floats(&ring) * sizeof(float);
}

/* Mixes coarse plane z into the ring. */
static void conv1_plane(const struct conv1 *conv1, const struct ring *ring, struct shape coarse,
                        const float *x, const float *bias, int z)
{
    size_t voxels = shape_voxels(ring->plane);
    float *to = ring_plane(ring, z);
#pragma omp parallel for schedule(static)
    for (int i = 0; i < conv1->slices; i++) {
        struct conv1_slice slice = blocked_conv1_slice(conv1, i);
        size_t end = slice_begin(voxels, conv1->slices, i + 1);
        for (size_t v = slice_begin(voxels, conv1->slices, i); v < end; v += CHUNK) {
            int count = end - v < CHUNK ? (int)(end - v) : CHUNK;
            conv1_load(coarse, (struct chunk){(size_t)z * voxels + v, count}, x, slice.x);
            conv1_multiply(coarse, conv1->out_blocks, slice.x, conv1->forward, slice.made);
            for (int b = 0; b < conv1->out_blocks; b++) {
                lanes constant = block_values(ring->plane, b, bias);
                for (int slot = 0; slot < count; slot++)
                    lanes_store(to + (size_t)b * block_floats(ring->plane) + (v + (size_t)slot) * LANES,
                                lanes_load(slice.made + (b * CHUNK + slot) * LANES) + constant);
            }
        }
    }
}

/* y += sign * the doubled coarse planes [begin, end); sums [slices][blocks of a part] unless NULL. */
static void double_planes(const struct ring *ring, struct shape coarse, struct shape fine, int begin, int end,
                          float sign, float *y, struct lane_sums *sums)
{
    int rows = 2 * (end - begin) * fine.height, first_summed = blocks_of(fine) - blocks_of_stream(fine);
#pragma omp parallel for schedule(static)
    for (int slice = 0; slice < SLICES_MAX; slice++) {
        int last = (int)slice_begin((size_t)rows, SLICES_MAX, slice + 1);
        for (int i = (int)slice_begin((size_t)rows, SLICES_MAX, slice); i < last; i++) {
            int z = 2 * begin + i / fine.height, row = i % fine.height;
            for (int b = 0; b < blocks_of(fine); b++) {
                size_t block = (size_t)b * block_floats(ring->plane);
                const float *planes[2] = {ring_plane(ring, z / 2) + block,
                                          ring_plane(ring, other_of(z, coarse.depth)) + block};
                struct coarse_rows from = coarse_rows(coarse, planes, row);
                int summed = sums && b >= first_summed;
                upsample_row(&from, coarse.width, sign, y + voxel_at(fine, b, z, row, 0),
                             summed ? sums + slice * blocks_of_stream(fine) + b - first_summed : NULL);
            }
        }
    }
}

void blocked_up_forward(struct shape coarse, struct shape fine, const float *x, const float *w,
                        const float *b, float sign, float *y, double *channel_sums, void *scratch)
{
    struct lane_sums *sums = scratch;
    memset(sums, 0, sums_count(fine) * sizeof *sums);
    struct conv1 conv1 =
        blocked_conv1_prepare(coarse, fine, shape_voxels(coarse), w, sums + sums_count(fine));
    struct ring ring = ring_of(coarse, fine, (float *)(conv1.own + (size_t)conv1.slices * conv1.slice_bytes));
    int step = ring.planes - 2, mixed = 0;
    for (int begin = 0; begin < coarse.depth; begin += step) {
        int end = smaller(begin + step, coarse.depth);
        for (; mixed < smaller(end + 1, coarse.depth); mixed++)
            conv1_plane(&conv1, &ring, coarse, x, b, mixed);
        double_planes(&ring, coarse, fine, begin, end, sign, y, channel_sums ? sums : NULL);
    }
    if (channel_sums) {
        blocked_sums_add(blocks_of_stream(fine), SLICES_MAX, sums);
        blocked_sums_store(shape_half(fine), sums, channel_sums);
    }
}

/* upsample^T dy of a chunk of coarse voxels, row by row. */
static void gather_chunk(struct shape coarse, struct shape fine, struct chunk c, const float *dy,
                         float *operand)
{
    for (int b = 0; b < blocks_of(fine); b++, operand += CHUNK * LANES) {
        for (int slot = 0; slot < c.count;) {
            size_t v = c.first + (size_t)slot, row = v / (size_t)coarse.width;
            int x = (int)(v % (size_t)coarse.width), count = smaller(coarse.width - x, c.count - slot);
            struct fine_rows rows = fine_rows(fine, dy, b, (int)(row / (size_t)coarse.height),
                                              (int)(row % (size_t)coarse.height));
            upsample_transposed(&rows, coarse.width, x, count, operand + slot * LANES);
            slot += count;
        }
        conv1_clear_rest(c, operand);
    }
}

void blocked_up_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                         const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct lane_sums *sums = scratch;
    struct conv1 conv1 =
        blocked_conv1_prepare(coarse, fine, shape_voxels(coarse), w, sums + sums_count(fine));
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < conv1.slices; i++) {
        struct conv1_slice slice = blocked_conv1_slice(&conv1, i);
        blocked_conv1_clear(&conv1, &slice);
        for (size_t n = slice.begin; n < slice.end; n++) {
            struct chunk c = conv1_chunk(&conv1, n);
            conv1_load(coarse, c, x, slice.x);
            gather_chunk(coarse, fine, c, dy, slice.dy);
            blocked_conv1_gradient(&conv1, &slice, n);
            conv1_multiply(fine, conv1.in_blocks, slice.dy, conv1.transposed, slice.made);
            conv1_save(coarse, c, slice.made, dx);
        }
    }
    blocked_conv1_store(&conv1, dw, db);
}
