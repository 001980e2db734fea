/* 1x1x1 convolution with bias, y[o] = sum over i of w[o,i] x[i] + b[o], a chunk of voxels at a time: what
 * down and up have in common. A chunk's operand is [blocks][CHUNK][LANES], as with one point in
 * products.c. */

/* Chunks that are worth a slice. */
enum { CHUNKS_SLICE = 8 };

/* Between `in` and `out`, at voxels that are cut into `chunks` and `slices`, and scratch. */
struct conv1 {
    struct shape in, out; /* only streams and channels count */
    size_t voxels, chunks;
    int in_blocks, out_blocks, slices;
    size_t filters, sums;        /* floats of the filters; doubles of dw, as filters, and db */
    float *forward, *transposed; /* filters of x -> y and of dy -> dx */
    struct slice_memory memory;
};

/* Scratch of one slice. */
struct conv1_slice {
    float *x, *dy, *product; /* operands */
    float *single;           /* dw of the last chunks, as filters */
    double *sums;            /* dw, as filters, and db, [out blocks][LANES] */
};

static struct conv1_slice conv1_slice(const struct conv1 *m, struct arena *arena)
{
    size_t operand = (size_t)int_max(m->in_blocks, m->out_blocks) * CHUNK * sizeof(lanes);
    struct conv1_slice s = {.x = arena_vectors(arena, operand)};
    s.dy = arena_vectors(arena, operand);
    s.product = arena_vectors(arena, operand);
    s.single = arena_vectors(arena, m->filters * sizeof *s.single);
    s.sums = arena_vectors(arena, m->sums * sizeof *s.sums);
    return s;
}

static struct conv1 conv1_take(struct arena *arena, struct shape in, struct shape out, size_t voxels)
{
    struct conv1 m = {.in = in, .out = out, .voxels = voxels, .chunks = (voxels + CHUNK - 1) / CHUNK};
    m.in_blocks = blocks_of(in);
    m.out_blocks = blocks_of(out);
    m.slices = int_max(1, (int)size_min(m.chunks / CHUNKS_SLICE, SLICES_MAX));
    m.filters = (size_t)m.out_blocks * filter_stride(m.in_blocks);
    m.sums = m.filters + (size_t)m.out_blocks * LANES;
    m.forward = arena_vectors(arena, m.filters * sizeof *m.forward);
    m.transposed = arena_vectors(arena, m.filters * sizeof *m.transposed);
    struct arena count = {0};
    conv1_slice(&m, &count);
    m.memory = arena_slices(arena, count.used, m.slices);
    return m;
}

static struct conv1_slice conv1_slice_of(const struct conv1 *m, int slice)
{
    struct arena arena = slice_arena(&m->memory, slice);
    return conv1_slice(m, &arena);
}

/* Chunks [conv1_begin(slice), conv1_begin(slice + 1)) are a slice's. */
static size_t conv1_begin(const struct conv1 *m, int slice)
{
    return slice_begin(m->chunks, m->slices, slice);
}

/* u [to blocks][from blocks * LANES][LANES] = w[k * k_stride + n * n_stride], summed over k; 0 elsewhere. */
static void conv1_filters(struct shape from, struct shape to, const float *w, size_t k_stride,
                          size_t n_stride, float *u)
{
    memset(u, 0, (size_t)blocks_of(to) * filter_stride(blocks_of(from)) * sizeof *u);
    for (int k = 0; k < shape_channels(from); k++)
        for (int n = 0; n < shape_channels(to); n++) {
            size_t row = row_number(from, k);
            u[(size_t)channel_block(to, n) * filter_stride(blocks_of(from)) + row * LANES +
              (size_t)channel_lane(to, n)] = w[(size_t)k * k_stride + (size_t)n * n_stride];
        }
}

/* Transforms w [out][in]. */
static void conv1_prepare(const struct conv1 *m, const float *w)
{
    conv1_filters(m->in, m->out, w, 1, (size_t)shape_channels(m->in), m->forward);
    conv1_filters(m->out, m->in, w, (size_t)shape_channels(m->in), 1, m->transposed);
}

INLINE struct chunk conv1_chunk(const struct conv1 *m, size_t i)
{
    return (struct chunk){i * CHUNK, (int)size_min(CHUNK, m->voxels - i * CHUNK)};
}

/* Slots past the chunk's voxels become 0. */
INLINE void conv1_clear_rest(struct chunk c, float *panel)
{
    memset(panel + (size_t)c.count * LANES, 0, (size_t)(CHUNK - c.count) * sizeof(lanes));
}

/* What a chunk's operand is multiplied with: one point. */
INLINE struct product conv1_product(struct shape from, int to_blocks)
{
    return (struct product){.points = 1, .tiles = CHUNK, .in = from, .out_blocks = to_blocks};
}

/* y = x convolved from the channels of one side to the blocks of the other. */
INLINE void conv1_multiply(struct shape from, int to_blocks, const float *x, const float *filters, float *y)
{
    struct product p = conv1_product(from, to_blocks);
    multiply(&p, x, filters, y);
}

/* An operand from a tensor's voxels as they are. */
INLINE void conv1_load(struct shape s, struct chunk c, const float *x, float *operand)
{
    for (int b = 0; b < blocks_of(s); b++, operand += CHUNK * LANES) {
        memcpy(operand, x + (size_t)b * block_floats(s) + c.first * LANES, (size_t)c.count * sizeof(lanes));
        conv1_clear_rest(c, operand);
    }
}

/* The way back. */
INLINE void conv1_save(struct shape s, struct chunk c, const float *operand, float *x)
{
    for (int b = 0; b < blocks_of(s); b++, operand += CHUNK * LANES)
        memcpy(x + (size_t)b * block_floats(s) + c.first * LANES, operand, (size_t)c.count * sizeof(lanes));
}

/* A slice's gradient = 0. */
static void conv1_clear(const struct conv1 *m, const struct conv1_slice *s)
{
    memset(s->single, 0, m->filters * sizeof *s->single);
    memset(s->sums, 0, m->sums * sizeof *s->sums);
}

/* Adds x dy^T of chunk number i, whose operands are s->x and ->dy, into the gradient of slice `number`. */
static void conv1_gradient(const struct conv1 *m, const struct conv1_slice *s, int number, size_t i)
{
    struct product product = conv1_product(m->in, m->out_blocks);
    product.add = 1;
    correlate(&product, s->x, s->dy, s->single);
    double *bias = s->sums + m->filters;
    for (int b = 0; b < m->out_blocks; b++) {
        lanes sum = {0};
        for (int slot = 0; slot < CHUNK; slot++)
            sum += lanes_load(s->dy + (size_t)(b * CHUNK + slot) * LANES);
        *(lanes_double *)(bias + (size_t)b * LANES) += lanes_widen(sum);
    }
    size_t begin = conv1_begin(m, number), end = conv1_begin(m, number + 1);
    if ((i - begin) % CHUNKS_SINGLE == CHUNKS_SINGLE - 1 || i == end - 1)
        for (size_t at = 0; at < m->filters; at += LANES) {
            *(lanes_double *)(s->sums + at) += lanes_widen(lanes_load(s->single + at));
            lanes_store(s->single + at, (lanes){0});
        }
}

/* *to += sum number k of all slices, in order */
static void conv1_sum_add(const struct conv1 *m, size_t k, float *to)
{
    const double *sums = conv1_slice_of(m, 0).sums;
    double sum = 0;
    for (int slice = 0; slice < m->slices; slice++)
        sum += sums[(size_t)slice * (m->memory.bytes / sizeof(double)) + k];
    *to = (float)(*to + sum);
}

/* dw [out][in] += and db [out] += all slices' gradients. */
static void conv1_gradients_add(const struct conv1 *m, float *dw, float *db)
{
    for (int o = 0; o < shape_channels(m->out); o++) {
        int block = channel_block(m->out, o), lane = channel_lane(m->out, o);
        for (int i = 0; i < shape_channels(m->in); i++)
            conv1_sum_add(
                m, (size_t)block * filter_stride(m->in_blocks) + row_number(m->in, i) * LANES + (size_t)lane,
                dw + (size_t)o * (size_t)shape_channels(m->in) + i);
        conv1_sum_add(m, m->filters + (size_t)(block * LANES + lane), db + o);
    }
}
