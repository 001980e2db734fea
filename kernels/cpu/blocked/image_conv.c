/* The first convolution, from a plain image to a tensor, directly: see kernels/conv3.h.
 *
 * A row of outputs reads its 9 C image rows from a buffer, [C][9][width + 2] with the zero padding in place,
 * so that a tap is an offset. Filters: [C * 27][out blocks][LANES]. */
#include "kernels/cpu/blocked/blocked.h"

/* Register tiles: outputs along x by output blocks, and the taps of four rows by output blocks. */
enum {
    ROWS = LANES == 16 ? 12 : 6,
    COLUMNS = 2,
    GRADIENT_ROWS = 4,
    GRADIENT_COLUMNS = LANES == 16 ? 2 : 1,
    TAPS = 27,
};

/* Scratch: filters, then for each slice of rows a buffer and the sums of the weight gradient. */
struct plan {
    int channels, blocks, slices;
    size_t rows, buffer_row, buffer, filters, slice_bytes; /* buffer, filters: floats */
};

static struct plan plan_of(int channels, struct shape out)
{
    struct plan p = {.channels = channels, .blocks = blocks_of(out), .slices = SLICES_MOST};
    p.rows = (size_t)out.depth * (size_t)out.height;
    p.buffer_row = (size_t)out.width + 2 + ROWS;
    p.buffer = ((size_t)channels * 9 * p.buffer_row + 15) / 16 * 16;
    p.filters = (size_t)channels * TAPS * (size_t)p.blocks * LANES;
    p.slice_bytes = p.buffer * sizeof(float) + p.filters * sizeof(double);
    return p;
}

size_t blocked_image_conv_bytes(int channels, struct shape out)
{
    struct plan p = plan_of(channels, out);
    return p.filters * sizeof(float) + (size_t)p.slices * p.slice_bytes;
}

static float *buffer_of(const struct plan *p, void *scratch, int slice)
{
    return (float *)((char *)scratch + p->filters * sizeof(float) + (size_t)slice * p->slice_bytes);
}

static double *sums_of(const struct plan *p, void *scratch, int slice)
{
    return (double *)(buffer_of(p, scratch, slice) + p->buffer);
}

/* The image rows around row (z, y). */
static void fill_buffer(const struct plan *p, struct shape s, const float *image, int z, int y, float *buffer)
{
    memset(buffer, 0, p->buffer * sizeof *buffer);
    for (int c = 0; c < p->channels; c++)
        for (int tap = 0; tap < 9; tap++) {
            int from_z = z + tap / 3 - 1, from_y = y + tap % 3 - 1;
            if (from_z >= 0 && from_z < s.depth && from_y >= 0 && from_y < s.height)
                memcpy(buffer + (size_t)(c * 9 + tap) * p->buffer_row + 1,
                       image + (((size_t)c * (size_t)s.depth + (size_t)from_z) * (size_t)s.height +
                                (size_t)from_y) *
                                   (size_t)s.width,
                       (size_t)s.width * sizeof *image);
        }
}

/* `count` <= ROWS outputs from x on, in `columns` blocks; y: the first of them. */
INLINE void output_run(int columns, const struct plan *p, const float *buffer, const float *filters,
                       int count, float *y, size_t block)
{
    lanes sums[ROWS][COLUMNS] = {0};
    for (int row = 0; row < p->channels * 9; row++, buffer += p->buffer_row)
        for (int tap = 0; tap < 3; tap++, filters += p->blocks * LANES) {
            lanes filter[COLUMNS];
            for (int column = 0; column < columns; column++)
                filter[column] = lanes_load(filters + column * LANES);
#pragma GCC unroll 16
            for (int i = 0; i < ROWS; i++)
                for (int column = 0; column < columns; column++)
                    sums[i][column] += lanes_splat(buffer[tap + i]) * filter[column];
        }
    for (int column = 0; column < columns; column++)
        for (int i = 0; i < count; i++)
            lanes_store(y + (size_t)column * block + (size_t)i * LANES, sums[i][column]);
}

static void forward_row(const struct plan *p, struct shape s, const float *buffer, const float *filters,
                        float *y)
{
    for (int x = 0; x < s.width; x += ROWS)
        for (int b = 0; b < p->blocks; b += COLUMNS) {
            float *to = y + (size_t)b * block_floats(s) + (size_t)x * LANES;
            int count = smaller(ROWS, s.width - x);
            if (b + COLUMNS <= p->blocks)
                output_run(COLUMNS, p, buffer + x, filters + b * LANES, count, to, block_floats(s));
            else
                output_run(1, p, buffer + x, filters + b * LANES, count, to, block_floats(s));
        }
}

void blocked_image_conv_forward(int channels, struct shape out, const float *image, const float *w, float *y,
                                void *scratch)
{
    struct plan p = plan_of(channels, out);
    float *filters = scratch;
    memset(filters, 0, p.filters * sizeof *filters);
    for (int o = 0; o < shape_channels(out); o++)
        for (int t = 0; t < channels * TAPS; t++)
            filters[(t * p.blocks + channel_block(out, o)) * LANES + channel_lane(out, o)] =
                w[(size_t)o * (size_t)(channels * TAPS) + (size_t)t];
#pragma omp parallel for schedule(dynamic)
    for (int slice = 0; slice < p.slices; slice++) {
        float *buffer = buffer_of(&p, scratch, slice);
        size_t end = slice_begin(p.rows, p.slices, slice + 1);
        for (size_t row = slice_begin(p.rows, p.slices, slice); row < end; row++) {
            fill_buffer(&p, out, image, (int)(row / (size_t)out.height), (int)(row % (size_t)out.height),
                        buffer);
            forward_row(&p, out, buffer, filters, y + row * (size_t)out.width * LANES);
        }
    }
}

/* sums[row][tap][block] += sum over x of image dy, for the taps of `rows` rows of the buffer. */
INLINE void gradient_run(int rows, int columns, const struct plan *p, const float *buffer, int width,
                         const float *dy, size_t block, double *sums)
{
    lanes run[GRADIENT_ROWS][3][GRADIENT_COLUMNS] = {0};
    for (int x = 0; x < width; x++) {
        lanes gradient[GRADIENT_COLUMNS];
        for (int column = 0; column < columns; column++)
            gradient[column] = lanes_load(dy + (size_t)column * block + (size_t)x * LANES);
#pragma GCC unroll 16
        for (int row = 0; row < rows; row++)
#pragma GCC unroll 4
            for (int tap = 0; tap < 3; tap++) {
                lanes value = lanes_splat(buffer[(size_t)row * p->buffer_row + (size_t)(x + tap)]);
                for (int column = 0; column < columns; column++)
                    run[row][tap][column] += value * gradient[column];
            }
    }
    for (int row = 0; row < rows; row++)
        for (int tap = 0; tap < 3; tap++)
            for (int column = 0; column < columns; column++) {
                double *to = sums + ((row * 3 + tap) * p->blocks + column) * LANES;
                *(lanes_double *)to += lanes_widen(run[row][tap][column]);
            }
}

/* All rows of the buffer by `columns` blocks. */
INLINE void gradient_blocks(int columns, const struct plan *p, struct shape s, const float *buffer,
                            const float *dy, double *sums)
{
    int rows = p->channels * 9, row = 0;
    size_t step = (size_t)(3 * p->blocks) * LANES;
    for (; row + GRADIENT_ROWS <= rows; row += GRADIENT_ROWS)
        gradient_run(GRADIENT_ROWS, columns, p, buffer + (size_t)row * p->buffer_row, s.width, dy,
                     block_floats(s), sums + (size_t)row * step);
    for (; row < rows; row++)
        gradient_run(1, columns, p, buffer + (size_t)row * p->buffer_row, s.width, dy, block_floats(s),
                     sums + (size_t)row * step);
}

static void gradient_row(const struct plan *p, struct shape s, const float *buffer, const float *dy,
                         double *sums)
{
    int b = 0;
    for (; b + GRADIENT_COLUMNS <= p->blocks; b += GRADIENT_COLUMNS)
        gradient_blocks(GRADIENT_COLUMNS, p, s, buffer, dy + (size_t)b * block_floats(s), sums + b * LANES);
    for (; b < p->blocks; b++)
        gradient_blocks(1, p, s, buffer, dy + (size_t)b * block_floats(s), sums + b * LANES);
}

void blocked_image_conv_backward(int channels, struct shape out, const float *image, const float *dy,
                                 float *dw, void *scratch)
{
    struct plan p = plan_of(channels, out);
#pragma omp parallel for schedule(dynamic)
    for (int slice = 0; slice < p.slices; slice++) {
        float *buffer = buffer_of(&p, scratch, slice);
        double *sums = sums_of(&p, scratch, slice);
        memset(sums, 0, p.filters * sizeof *sums);
        size_t end = slice_begin(p.rows, p.slices, slice + 1);
        for (size_t row = slice_begin(p.rows, p.slices, slice); row < end; row++) {
            fill_buffer(&p, out, image, (int)(row / (size_t)out.height), (int)(row % (size_t)out.height),
                        buffer);
            gradient_row(&p, out, buffer, dy + row * (size_t)out.width * LANES, sums);
        }
    }
    for (int o = 0; o < shape_channels(out); o++)
        for (int t = 0; t < channels * TAPS; t++) {
            double sum = 0;
            for (int slice = 0; slice < p.slices; slice++)
                sum += sums_of(&p, scratch,
                               slice)[(t * p.blocks + channel_block(out, o)) * LANES + channel_lane(out, o)];
            float *to = dw + (size_t)o * (size_t)(channels * TAPS) + t;
            *to = (float)(*to + sum);
        }
}
