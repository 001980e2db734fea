/* Products in register tiles: see products.h. */
#include "kernels/cpu/blocked/products.h"

/* Register tiles: with 32 registers 12 x 2 vectors and their operands, with 16 registers 6 x 2; 8 or 4 rows
 * divide a block where rows are its channels. */
enum {
    COLUMNS = 2,
    TILE_ROWS = LANES == 16 ? 12 : 6,
    CHANNEL_ROWS = LANES == 16 ? 8 : 4,
};
/* Input blocks that are summed in one chain; longer sums are sums of chains, which round less. */
enum { CHAIN_BLOCKS = 64 / LANES };

_Static_assert(CHUNK % TILE_ROWS == 0 && LANES % CHANNEL_ROWS == 0, "register tiles divide their panels");

/* `columns` vectors of TILE_ROWS tiles, over a chain of input blocks: m = , or += when the chain is not the
 * first. v: the first tile in block 0, u: the first output block's filters. */
INLINE void multiply_chain(int columns, struct shape in, struct range chain, const float *v, const float *u,
                           float *m)
{
    lanes sums[TILE_ROWS][COLUMNS] = {0};
    for (int b = chain.first; b < chain.first + chain.count; b++) {
        int count = block_count(in, b);
        const float *rows = v + (size_t)b * CHUNK * LANES, *filters = u + (size_t)b * LANES * LANES;
        for (int i = 0; i < count; i++, rows++, filters += LANES) {
            lanes filter[COLUMNS];
            for (int column = 0; column < columns; column++)
                filter[column] = lanes_load(filters + (size_t)column * filter_stride(blocks_of(in)));
#pragma GCC unroll 16
            for (int row = 0; row < TILE_ROWS; row++) {
                lanes value = lanes_splat(rows[row * LANES]);
                for (int column = 0; column < columns; column++)
                    sums[row][column] += value * filter[column];
            }
        }
    }
    for (int column = 0; column < columns; column++)
        for (int row = 0; row < TILE_ROWS; row++) {
            float *to = m + (size_t)(column * CHUNK + row) * LANES;
            lanes_store(to, chain.first ? lanes_load(to) + sums[row][column] : sums[row][column]);
        }
}

INLINE void multiply_tile(int columns, struct shape in, const float *v, const float *u, float *m)
{
    int blocks = blocks_of(in);
    for (int b = 0; b < blocks; b += CHAIN_BLOCKS)
        multiply_chain(columns, in, (struct range){b, smaller(CHAIN_BLOCKS, blocks - b)}, v, u, m);
}

void blocked_multiply(int points, struct shape in, int out_blocks, const float *v, const float *u, float *m)
{
    int in_blocks = blocks_of(in);
    for (int point = 0; point < points; point++) {
        const float *operand = v + (size_t)point * point_stride(in_blocks);
        const float *filters = u + (size_t)point * (size_t)out_blocks * filter_stride(in_blocks);
        float *products = m + (size_t)point * point_stride(out_blocks);
        for (int b = 0; b < out_blocks; b += COLUMNS)
            for (int row = 0; row < CHUNK; row += TILE_ROWS) {
                const float *f = filters + (size_t)b * filter_stride(in_blocks);
                float *p = products + (size_t)(b * CHUNK + row) * LANES;
                if (b + COLUMNS <= out_blocks)
                    multiply_tile(COLUMNS, in, operand + row * LANES, f, p);
                else
                    multiply_tile(1, in, operand + row * LANES, f, p);
            }
    }
}

/* CHANNEL_ROWS input channels by `columns` blocks of outputs, summed over the tiles. */
INLINE void correlate_tile(int columns, const float *v, const float *w, float *du, size_t stride)
{
    lanes sums[CHANNEL_ROWS][COLUMNS] = {0};
    for (int tile = 0; tile < CHUNK; tile++, v += LANES, w += LANES) {
        lanes gradient[COLUMNS];
        for (int column = 0; column < columns; column++)
            gradient[column] = lanes_load(w + (size_t)column * CHUNK * LANES);
#pragma GCC unroll 16
        for (int row = 0; row < CHANNEL_ROWS; row++) {
            lanes value = lanes_splat(v[row]);
            for (int column = 0; column < columns; column++)
                sums[row][column] += value * gradient[column];
        }
    }
    for (int column = 0; column < columns; column++)
        for (int row = 0; row < CHANNEL_ROWS; row++) {
            float *to = du + (size_t)column * stride + (size_t)row * LANES;
            lanes_store(to, lanes_load(to) + sums[row][column]);
        }
}

void blocked_correlate(int points, struct shape in, int out_blocks, const float *v, const float *w, float *du)
{
    int in_blocks = blocks_of(in);
    size_t stride = filter_stride(in_blocks);
    for (int point = 0; point < points; point++) {
        const float *operand = v + (size_t)point * point_stride(in_blocks);
        const float *gradient = w + (size_t)point * point_stride(out_blocks);
        float *sums = du + (size_t)point * (size_t)out_blocks * stride;
        for (int b = 0; b < in_blocks; b++)
            for (int row = 0; row < block_count(in, b); row += CHANNEL_ROWS)
                for (int column = 0; column < out_blocks; column += COLUMNS) {
                    const float *g = gradient + (size_t)column * CHUNK * LANES;
                    const float *rows = operand + (size_t)b * CHUNK * LANES + row;
                    float *to = sums + (size_t)column * stride + (size_t)(b * LANES + row) * LANES;
                    if (column + COLUMNS <= out_blocks)
                        correlate_tile(COLUMNS, rows, g, to, stride);
                    else
                        correlate_tile(1, rows, g, to, stride);
                }
    }
}
