/* The weight gradient: for a few input and output channels, the sums of a row of taps stay in registers while
 * the strip passes by. Sums are single along a strip and double across strips. */
#include "kernels/cpu/planar/lanes.h"
#include "kernels/cpu/planar/stencil.h"

/* INS * OUTS * 3 sums in registers: 24 of 32, or 12 of 16. */
enum { INS = 2, OUTS = LANES == 16 ? 4 : 2, PAIRS = OUTS * INS };
enum { SUMS_ROOM = (PAIRS * 27 + LANES - 1) / LANES * LANES };

/* Maps of a bundle; behind the last channel any, whose sums are dropped. */
struct bundle {
    const float *dy[OUTS], *x[INS]; /* x: at the first tap of the row */
};

static inline void accumulate(const struct bundle *b, size_t at, const lanes dy[OUTS], lanes sums[PAIRS][3])
{
    for (int i = 0; i < INS; i++)
        for (int tx = 0; tx < 3; tx++) {
            lanes x = lanes_load(b->x[i] + at + tx);
            for (int o = 0; o < OUTS; o++)
                sums[o * INS + i][tx] += dy[o] * x;
        }
}

/* totals[pair][27] at taps first .. first + 2 */
static void sum_row(const struct bundle *b, size_t voxels, int first, lanes totals[PAIRS * 27])
{
    lanes sums[PAIRS][3] = {{{0}}}, dy[OUTS];
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
    for (int pair = 0; pair < PAIRS; pair++)
        for (int tx = 0; tx < 3; tx++)
            totals[pair * 27 + first + tx] = sums[pair][tx];
}

static int channel_of(const struct slab *slab, int first, int k)
{
    return first + k < slab->channels ? first + k : first;
}

/* totals[OUTS][INS][27] of output channels from o on and input channels from i on. */
static void correlate_bundle(const struct slab *x, const struct slab *dy, int o, int i, size_t voxels,
                             float totals[SUMS_ROOM])
{
    lanes sums[SUMS_ROOM] = {{0}};
    struct bundle b;
    for (int k = 0; k < OUTS; k++)
        b.dy[k] = dy->planes[1] + (size_t)channel_of(dy, o, k) * dy->map;
    for (int row = 0; row < 9; row++) {
        for (int k = 0; k < INS; k++)
            b.x[k] = x->planes[row / 3] + (size_t)channel_of(x, i, k) * x->map +
                     (ptrdiff_t)(row % 3 - 1) * x->pitch - 1;
        sum_row(&b, voxels, 3 * row, sums);
    }
    for (int k = 0; k < SUMS_ROOM; k += LANES)
        lanes_store(totals + k, lanes_totals(sums + k));
}

void stencil_correlate(const struct slab *x, const struct slab *dy, size_t voxels, double *sums)
{
    for (int o = 0; o < dy->channels; o += OUTS)
        for (int i = 0; i < x->channels; i += INS) {
            float totals[SUMS_ROOM];
            correlate_bundle(x, dy, o, i, voxels, totals);
            for (int pair = 0; pair < PAIRS; pair++) {
                int out = o + pair / INS, in = i + pair % INS;
                if (out >= dy->channels || in >= x->channels)
                    continue;
                double *to = sums + ((size_t)out * (size_t)x->channels + (size_t)in) * 27;
                for (int t = 0; t < 27; t++)
                    to[t] += totals[pair * 27 + t];
            }
        }
}
