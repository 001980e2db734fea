/* The two inner loops of a 3x3x3 convolution over a slab: the convolution itself, and the weight gradient. */

/* Output channels are convolved four at a time. */
enum { QUAD = 4 };

static int quads(int channels)
{
    return (channels + QUAD - 1) / QUAD;
}

static size_t packed_floats(int out, int in)
{
    return (size_t)quads(out) * (size_t)in * 27 * QUAD;
}

/* packed[quad][in][27][QUAD] of w [out][in][27], zeros past the last channel; with `transposed`, w is
 * [in][out][27] and each kernel is reversed: the transpose of the convolution. */
static void stencil_pack(int out, int in, const float *w, int transposed, float *packed)
{
    for (int o = 0; o < quads(out) * QUAD; o++)
        for (int i = 0; i < in; i++)
            for (int t = 0; t < 27; t++) {
                size_t at = (((size_t)(o / QUAD) * (size_t)in + (size_t)i) * 27 + (size_t)t) * QUAD;
                size_t from = transposed ? ((size_t)i * (size_t)out + (size_t)o) * 27 + (size_t)(26 - t)
                                         : ((size_t)o * (size_t)in + (size_t)i) * 27 + (size_t)t;
                packed[at + (size_t)(o % QUAD)] = o < out ? w[from] : 0;
            }
}

/* --- convolution: QUAD output channels of TILE voxels stay in registers while all taps pass by --- */

static inline void add_row_of_taps(const float *row, const float *w, lanes sums[QUAD][TILE_VECTORS])
{
    for (int tx = 0; tx < 3; tx++)
        for (int v = 0; v < TILE_VECTORS; v++) {
            lanes x = lanes_load_unaligned(row + tx + v * LANES);
            for (int o = 0; o < QUAD; o++)
                sums[o][v] = lanes_add_scaled(sums[o][v], w[tx * QUAD + o], x);
        }
}

/* result[QUAD][capacity] = quad number q of output channels at the strip's numbered voxels, capacity =
 * strip_capacity. packed: all quads, [quads][in][27][QUAD]. */
static void stencil_convolve(const struct slab *slab, const float *packed, int q, size_t capacity,
                             float *result)
{
    const float *quad = packed + (size_t)q * packed_floats(QUAD, slab->channels);
    for (size_t at = 0; at < capacity; at += TILE) {
        lanes sums[QUAD][TILE_VECTORS] = {{{0}}};
        const float *w = quad;
        for (int i = 0; i < slab->channels; i++)
            for (int tz = 0; tz < 3; tz++) {
                const float *row = slab->planes[tz] + (size_t)i * slab->map + at - slab->pitch - 1;
                for (int ty = 0; ty < 3; ty++, w += 3 * QUAD, row += slab->pitch)
                    add_row_of_taps(row, w, sums);
            }
        for (int o = 0; o < QUAD; o++)
            for (int v = 0; v < TILE_VECTORS; v++)
                lanes_store_unaligned(result + (size_t)o * capacity + at + (size_t)(v * LANES), sums[o][v]);
    }
}

/* --- weight gradient: for a few input and output channels, the sums of a row of taps stay in registers while
 * the strip passes by. Sums are single along a strip and double across strips. --- */

/* INS * OUTS * 3 sums in registers: 24 of 32, or 12 of 16. */
enum { INS = 2, OUTS = LANES == 16 ? 4 : 2, PAIRS = OUTS * INS };
enum { PAIR_SUMS = (PAIRS * 27 + LANES - 1) / LANES * LANES };

/* Maps of a bundle; past the last channel the first once more, whose sums are dropped. */
struct bundle {
    const float *dy[OUTS], *x[INS]; /* x: at the first tap of the row */
};

static inline void accumulate(const struct bundle *b, size_t at, const lanes dy[OUTS], lanes sums[PAIRS][3])
{
    for (int i = 0; i < INS; i++)
        for (int tx = 0; tx < 3; tx++) {
            lanes x = lanes_load_unaligned(b->x[i] + at + tx);
            for (int o = 0; o < OUTS; o++)
                sums[o * INS + i][tx] = lanes_fma(dy[o], x, sums[o * INS + i][tx]);
        }
}

/* totals[pair][27] at taps first .. first + 2 */
static void sum_row(const struct bundle *b, size_t voxels, int first, lanes totals[PAIRS * 27])
{
    lanes sums[PAIRS][3] = {{{0}}}, dy[OUTS];
    size_t at = 0;
    for (; at + LANES <= voxels; at += LANES) {
        for (int o = 0; o < OUTS; o++)
            dy[o] = lanes_load_unaligned(b->dy[o] + at);
        accumulate(b, at, dy, sums);
    }
    if (at < voxels) { /* x may be read past the strip: there lies its halo */
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
                             float totals[PAIR_SUMS])
{
    lanes sums[PAIR_SUMS] = {{0}};
    struct bundle b;
    for (int k = 0; k < OUTS; k++)
        b.dy[k] = dy->planes[1] + (size_t)channel_of(dy, o, k) * dy->map;
    for (int row = 0; row < 9; row++) {
        for (int k = 0; k < INS; k++)
            b.x[k] = x->planes[row / 3] + (size_t)channel_of(x, i, k) * x->map +
                     (ptrdiff_t)(row % 3 - 1) * x->pitch - 1;
        sum_row(&b, voxels, 3 * row, sums);
    }
    for (int k = 0; k < PAIR_SUMS; k += LANES)
        lanes_store_unaligned(totals + k, lanes_sums_pairs(sums + k));
}

/* sums[out][in][27] += sum over the strip's `voxels` numbered voxels of dy[out][v] x[in][v + t]. */
static void stencil_correlate(const struct slab *x, const struct slab *dy, size_t voxels, double *sums)
{
    for (int o = 0; o < dy->channels; o += OUTS)
        for (int i = 0; i < x->channels; i += INS) {
            float totals[PAIR_SUMS];
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
