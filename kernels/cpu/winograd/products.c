/* The products of a chunk in register tiles, point by point; a 1x1x1 convolution has one point.
 *
 *     forward:          M[p] [tile][out]  = sum over in    V[p] [tile][in] U[p] [in][out]
 *     weight gradient:  dU[p][in][out]    = sum over tiles V[p] [tile][in] W[p] [tile][out]
 *
 * V, W, M: operands (tiles.h). U, dU: filters (filters.c), [points][out blocks][in blocks * LANES][LANES]. */

/* The shapes of a product. */
struct product {
    int points, tiles; /* tiles: of the chunk; no other slot matters */
    struct shape in;
    int out_blocks;
    int add; /* of correlate: += instead of = */
};

/* Register tiles: with 32 registers 12 x 2 vectors and their operands, with 16 registers 6 x 2. Fewer rows
 * where less is left over: of some numbers of tiles, and of a block where rows are its channels. */
enum {
    COLUMNS = 2,
    MANY_ROWS = LANES == 16 ? 12 : 6,
    FEW_ROWS = LANES == 16 ? 8 : 4,
};
/* Input blocks that are summed in one chain; longer sums are sums of chains, which round less. */
enum { CHAIN_BLOCKS = 64 / LANES };

_Static_assert(CHUNK % MANY_ROWS == 0 && CHUNK % FEW_ROWS == 0 && LANES % FEW_ROWS == 0,
               "register tiles divide their panels");

/* `columns` vectors of `rows` tiles, over a chain of input blocks: m = , or += when the chain is not the
 * first. v: the first tile in block 0, u: the first output block's filters. */
INLINE void multiply_chain(int rows, int columns, const struct product *p, struct block_range chain,
                           const float *v, const float *u, float *m)
{
    lanes sums[MANY_ROWS][COLUMNS] = {0};
    for (int b = chain.first; b < chain.first + chain.count; b++) {
        int count = block_count(p->in, b);
        const float *tiles = v + (size_t)b * CHUNK * LANES, *filters = u + (size_t)b * LANES * LANES;
        for (int i = 0; i < count; i++, tiles++, filters += LANES) {
            lanes filter[COLUMNS];
            for (int column = 0; column < columns; column++)
                filter[column] = lanes_load(filters + (size_t)column * filter_stride(blocks_of(p->in)));
#pragma GCC unroll 16
            for (int row = 0; row < rows; row++) {
                lanes value = lanes_splat(tiles[row * LANES]);
                for (int column = 0; column < columns; column++)
                    sums[row][column] = lanes_fma(value, filter[column], sums[row][column]);
            }
        }
    }
    for (int column = 0; column < columns; column++)
        for (int row = 0; row < rows; row++) {
            float *to = m + (size_t)(column * CHUNK + row) * LANES;
            lanes_store(to, chain.first ? lanes_load(to) + sums[row][column] : sums[row][column]);
        }
}

INLINE void multiply_rows(int rows, int columns, const struct product *p, const float *v, const float *u,
                          float *m)
{
    int blocks = blocks_of(p->in);
    for (int row = 0; row < p->tiles; row += rows)
        for (int b = 0; b < blocks; b += CHAIN_BLOCKS)
            multiply_chain(rows, columns, p, (struct block_range){b, int_min(CHAIN_BLOCKS, blocks - b)},
                           v + row * LANES, u, m + row * LANES);
}

/* `count` in whole register tiles of `rows`. */
INLINE int filled(int count, int rows)
{
    return (count + rows - 1) / rows * rows;
}

/* m = v u */
static void multiply(const struct product *p, const float *v, const float *u, float *m)
{
    int few = filled(p->tiles, FEW_ROWS) < filled(p->tiles, MANY_ROWS);
    for (int point = 0; point < p->points; point++) {
        const float *operand = v + (size_t)point * point_stride(blocks_of(p->in));
        const float *filters = u + (size_t)point * filter_point(blocks_of(p->in), p->out_blocks);
        float *products = m + (size_t)point * point_stride(p->out_blocks);
        for (int b = 0; b < p->out_blocks; b += COLUMNS) {
            const float *f = filters + (size_t)b * filter_stride(blocks_of(p->in));
            float *to = products + (size_t)b * CHUNK * LANES;
            if (b + COLUMNS > p->out_blocks)
                multiply_rows(MANY_ROWS, 1, p, operand, f, to);
            else if (few)
                multiply_rows(FEW_ROWS, COLUMNS, p, operand, f, to);
            else
                multiply_rows(MANY_ROWS, COLUMNS, p, operand, f, to);
        }
    }
}

/* FEW_ROWS input channels by `columns` blocks of outputs, summed over the tiles. */
INLINE void correlate_tile(int tiles, int columns, int add, const float *v, const float *w, float *du,
                           size_t stride)
{
    lanes sums[FEW_ROWS][COLUMNS] = {0};
    for (int tile = 0; tile < tiles; tile++, v += LANES, w += LANES) {
        lanes gradient[COLUMNS];
        for (int column = 0; column < columns; column++)
            gradient[column] = lanes_load(w + (size_t)column * CHUNK * LANES);
#pragma GCC unroll 16
        for (int row = 0; row < FEW_ROWS; row++) {
            lanes value = lanes_splat(v[row]);
            for (int column = 0; column < columns; column++)
                sums[row][column] = lanes_fma(value, gradient[column], sums[row][column]);
        }
    }
    for (int column = 0; column < columns; column++)
        for (int row = 0; row < FEW_ROWS; row++) {
            float *to = du + (size_t)column * stride + (size_t)row * LANES;
            lanes_store(to, add ? lanes_load(to) + sums[row][column] : sums[row][column]);
        }
}

/* One point. */
INLINE void correlate_point(int tiles, const struct product *p, const float *v, const float *w, float *du)
{
    int in_blocks = blocks_of(p->in), out_blocks = p->out_blocks, add = p->add;
    size_t stride = filter_stride(in_blocks);
    for (int b = 0; b < in_blocks; b++)
        for (int row = 0; row < block_count(p->in, b); row += FEW_ROWS)
            for (int column = 0; column < out_blocks; column += COLUMNS) {
                const float *g = w + (size_t)column * CHUNK * LANES;
                const float *rows = v + (size_t)b * CHUNK * LANES + row;
                float *to = du + (size_t)column * stride + (size_t)(b * LANES + row) * LANES;
                if (column + COLUMNS <= out_blocks)
                    correlate_tile(tiles, COLUMNS, add, rows, g, to, stride);
                else
                    correlate_tile(tiles, 1, add, rows, g, to, stride);
            }
}

/* du = or += v^T w */
static void correlate(const struct product *p, const float *v, const float *w, float *du)
{
    for (int point = 0; point < p->points; point++) {
        const float *operand = v + (size_t)point * point_stride(blocks_of(p->in));
        const float *gradient = w + (size_t)point * point_stride(p->out_blocks);
        float *sums = du + (size_t)point * filter_point(blocks_of(p->in), p->out_blocks);
        if (p->tiles == CHUNK) /* nearly always, and faster with their number known */
            correlate_point(CHUNK, p, operand, gradient, sums);
        else
            correlate_point(p->tiles, p, operand, gradient, sums);
    }
}
