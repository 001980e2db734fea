#include "kernels/cpu/planar/conv1.h"
#include "kernels/cpu/planar/lanes.h"

enum { QUAD = 4 };

/* Up to QUAD output channels of VECTORS vectors. With count below LANES only that many voxels exist. */
#define VECTORS_MAX 4

static inline lanes load_some(const float *x, size_t count)
{
    return count < LANES ? lanes_load_first(x, count) : lanes_load(x);
}

static inline __attribute__((always_inline)) void conv1_block(struct maps x, int out, struct matrix w,
                                                              const float *b, int vectors, size_t count,
                                                              float *y, size_t y_stride)
{
    lanes sums[QUAD][VECTORS_MAX];
    int row[QUAD]; /* behind the last channel: the first again, not stored */
    for (int o = 0; o < QUAD; o++) {
        row[o] = (o < out ? o : 0) * w.of_out;
        for (int v = 0; v < vectors; v++)
            sums[o][v] = (lanes){0} + (b ? b[o < out ? o : 0] : 0);
    }
    for (int i = 0; i < x.channels; i++) {
        lanes values[VECTORS_MAX];
        for (int v = 0; v < vectors; v++)
            values[v] = load_some(x.x + (size_t)i * x.stride + (size_t)v * LANES, count);
        for (int o = 0; o < QUAD; o++)
            for (int v = 0; v < vectors; v++)
                sums[o][v] += w.w[row[o] + i * w.of_in] * values[v];
    }
    for (int o = 0; o < QUAD && o < out; o++)
        for (int v = 0; v < vectors; v++) {
            float *to = y + (size_t)o * y_stride + (size_t)v * LANES;
            if (count < LANES)
                memcpy(to, &sums[o][v], count * sizeof(float));
            else
                lanes_store(to, sums[o][v]);
        }
}

void conv1_stretch(struct maps x, int out, struct matrix w, const float *b, size_t count, float *y,
                   size_t y_stride)
{
    for (int first = 0; first < out; first += QUAD) {
        int some = out - first < QUAD ? out - first : QUAD;
        struct matrix rows = {w.w + (size_t)first * (size_t)w.of_out, w.of_out, w.of_in};
        const float *bias = b ? b + first : NULL;
        float *to = y + (size_t)first * y_stride;
        struct maps at = x;
        size_t left = count;
        for (; left >= VECTORS_MAX * LANES; left -= VECTORS_MAX * LANES) {
            conv1_block(at, some, rows, bias, VECTORS_MAX, LANES, to, y_stride);
            at.x += VECTORS_MAX * LANES;
            to += VECTORS_MAX * LANES;
        }
        for (; left; left -= left < LANES ? left : LANES) {
            conv1_block(at, some, rows, bias, 1, left < LANES ? left : LANES, to, y_stride);
            at.x += LANES;
            to += LANES;
        }
    }
}

/* Sums of QUAD x QUAD pairs of maps; those behind the last repeat the first. */
static void correlate_block(const float *const dy[QUAD], const float *const x[QUAD], size_t count,
                            float totals[QUAD * QUAD])
{
    enum { ROOM = QUAD * QUAD };
    lanes sums[ROOM] = {{0}};
    for (size_t at = 0; at < count; at += LANES) {
        lanes values[QUAD];
        for (int i = 0; i < QUAD; i++)
            values[i] = load_some(x[i] + at, count - at);
        for (int o = 0; o < QUAD; o++) {
            lanes gradient = load_some(dy[o] + at, count - at);
            for (int i = 0; i < QUAD; i++)
                sums[o * QUAD + i] += gradient * values[i];
        }
    }
    for (int k = 0; k < ROOM; k += LANES)
        lanes_store(totals + k, lanes_totals(sums + k));
}

static float stretch_total(const float *x, size_t count)
{
    lanes sum = {0};
    for (size_t at = 0; at < count; at += LANES)
        sum += load_some(x + at, count - at);
    return lanes_total(sum);
}

static void quad_of(struct maps maps, int first, const float *quad[QUAD])
{
    for (int k = 0; k < QUAD; k++)
        quad[k] = maps.x + (size_t)(first + k < maps.channels ? first + k : first) * maps.stride;
}

void conv1_correlate(struct maps x, struct maps dy, size_t count, double *sums)
{
    int columns = x.channels + 1;
    for (int o = 0; o < dy.channels; o += QUAD) {
        const float *gradients[QUAD], *values[QUAD];
        quad_of(dy, o, gradients);
        for (int i = 0; i < x.channels; i += QUAD) {
            float totals[QUAD * QUAD];
            quad_of(x, i, values);
            correlate_block(gradients, values, count, totals);
            for (int k = 0; k < QUAD * QUAD; k++)
                if (o + k / QUAD < dy.channels && i + k % QUAD < x.channels)
                    sums[(o + k / QUAD) * columns + i + k % QUAD] += totals[k];
        }
        for (int k = 0; k < QUAD && o + k < dy.channels; k++)
            sums[(o + k) * columns + x.channels] += stretch_total(gradients[k], count);
    }
}
