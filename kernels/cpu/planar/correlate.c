/* The weight gradient: for one input channel and a few output channels, sums of taps stay in registers while
 * the strip passes by. Sums are single along a strip and double across strips. */
#include "kernels/cpu/planar/lanes.h"
#include "kernels/cpu/planar/stencil.h"

/* Registers: OUTS * ROWS * 3 sums. Three rows of taps at once read each vector of x once; with 16 registers
 * there is room for one row. */
#if LANES == 16
enum { OUTS = 2, ROWS = 3 };
#else
enum { OUTS = 4, ROWS = 1 };
#endif
enum { SUMS = OUTS * 27, SUMS_ROOM = (SUMS + LANES - 1) / LANES * LANES };

struct bundle {
    const float *dy[OUTS], *x; /* x: at tap (-1, -1) of the first row of taps */
    int pitch;
};

static inline void accumulate(const struct bundle *b, size_t at, const lanes dy[OUTS],
                              lanes sums[OUTS][ROWS][3])
{
    for (int row = 0; row < ROWS; row++)
        for (int tx = 0; tx < 3; tx++) {
            lanes x = lanes_load(b->x + at + row * b->pitch + tx);
            for (int o = 0; o < OUTS; o++)
                sums[o][row][tx] += dy[o] * x;
        }
}

/* ROWS rows of taps of plane `first / 9`: first is the number of the first tap. */
static void sum_rows(const struct bundle *b, size_t voxels, int first, lanes totals[OUTS * 27])
{
    lanes sums[OUTS][ROWS][3] = {{{{0}}}}, dy[OUTS];
    size_t at = 0;
    for (; at + LANES <= voxels; at += LANES) {
        for (int o = 0; o < OUTS; o++)
            dy[o] = lanes_load(b->dy[o] + at);
        accumulate(b, at, dy, sums);
    }
    if (at < voxels) { /* behind the strip lies its halo */
        for (int o = 0; o < OUTS; o++)
            dy[o] = lanes_load_first(b->dy[o] + at, voxels - at);
        accumulate(b, at, dy, sums);
    }
    for (int o = 0; o < OUTS; o++)
        for (int row = 0; row < ROWS; row++)
            for (int tx = 0; tx < 3; tx++)
                totals[o * 27 + first + row * 3 + tx] = sums[o][row][tx];
}

static void correlate_bundle(const struct slab *x, struct bundle *b, int i, size_t voxels,
                             float totals[SUMS_ROOM])
{
    lanes sums[SUMS_ROOM] = {{0}};
    for (int tz = 0; tz < 3; tz++)
        for (int ty = 0; ty < 3; ty += ROWS) {
            b->x = x->planes[tz] + (size_t)i * x->map + (ptrdiff_t)(ty - 1) * x->pitch - 1;
            sum_rows(b, voxels, tz * 9 + ty * 3, sums);
        }
    for (int k = 0; k < SUMS_ROOM; k += LANES)
        lanes_store(totals + k, lanes_totals(sums + k));
}

void stencil_correlate(const struct slab *x, const struct slab *dy, size_t voxels, double *sums)
{
    for (int first = 0; first < dy->channels; first += OUTS)
        for (int i = 0; i < x->channels; i++) {
            struct bundle b = {.pitch = x->pitch};
            for (int o = 0; o < OUTS; o++) { /* behind the last channel: any, its sums are dropped */
                int channel = first + o < dy->channels ? first + o : first;
                b.dy[o] = dy->planes[1] + (size_t)channel * dy->map;
            }
            float totals[SUMS_ROOM];
            correlate_bundle(x, &b, i, voxels, totals);
            for (int o = 0; o < OUTS && first + o < dy->channels; o++) {
                double *to = sums + ((size_t)(first + o) * (size_t)x->channels + (size_t)i) * 27;
                for (int t = 0; t < 27; t++)
                    to[t] += totals[o * 27 + t];
            }
        }
}
