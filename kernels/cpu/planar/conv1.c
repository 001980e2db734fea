/* 1x1x1 convolutions of a run of voxels, which lies at the same place in each map. */

/* Voxels that are convolved at a time, so that all their channels stay in the first cache. */
enum { RUN = 512 };

/* Maps; that of channel i has its run of voxels at x + i * stride. */
struct maps {
    int channels;
    const float *x;
    size_t stride;
};

/* The matrix w(o, i) = w[o * of_out + i * of_in]. */
struct matrix {
    const float *w;
    int of_out, of_in;
};

enum { VECTORS_MAX = 4 };

/* Up to QUAD output channels of `vectors` vectors. With count below LANES only that many voxels exist. */
INLINE void conv1_block(struct maps x, int out, struct matrix w, const float *b, int vectors, size_t count,
                        float *y, size_t y_stride)
{
    lanes sums[QUAD][VECTORS_MAX];
    int row[QUAD]; /* past the last channel: the first once more, not stored */
    for (int o = 0; o < QUAD; o++) {
        row[o] = (o < out ? o : 0) * w.of_out;
        for (int v = 0; v < vectors; v++)
            sums[o][v] = (lanes){0} + (b ? b[o < out ? o : 0] : 0);
    }
    for (int i = 0; i < x.channels; i++) {
        lanes values[VECTORS_MAX];
        for (int v = 0; v < vectors; v++)
            values[v] = lanes_load_first(x.x + (size_t)i * x.stride + (size_t)v * LANES, count);
        for (int o = 0; o < QUAD; o++)
            for (int v = 0; v < vectors; v++)
                sums[o][v] = lanes_add_scaled(sums[o][v], w.w[row[o] + i * w.of_in], values[v]);
    }
    for (int o = 0; o < QUAD && o < out; o++)
        for (int v = 0; v < vectors; v++)
            lanes_store_first(y + (size_t)o * y_stride + (size_t)v * LANES, sums[o][v], count);
}

/* y[o * y_stride + v] = sum_i w(o, i) x[i][v] + b[o] for `out` channels and `count` voxels; b may be NULL. */
static void conv1_run(struct maps x, int out, struct matrix w, const float *b, size_t count, float *y,
                      size_t y_stride)
{
    for (int first = 0; first < out; first += QUAD) {
        int some = int_min(QUAD, out - first);
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
        for (; left; left -= size_min(left, LANES)) {
            conv1_block(at, some, rows, bias, 1, size_min(left, LANES), to, y_stride);
            at.x += LANES;
            to += LANES;
        }
    }
}

/* A run of `channels` maps of `voxels` voxels of a gradient: where it lies, or in values[channels][count]. */
static struct maps gradient_maps(int channels, const stream_gradient *g, size_t voxels, size_t count,
                                 float *values)
{
    if (STREAM_IN_PLACE)
        return (struct maps){channels, gradient_values(count, g, values), voxels};
    for (int c = 0; c < channels; c++)
        gradient_values(count, g + (size_t)c * voxels, values + (size_t)c * count);
    return (struct maps){channels, values, count};
}

/* conv1_run without bias, into such maps. x must not lie in `values`. */
static void conv1_run_to_gradient(struct maps x, int out, struct matrix w, size_t count, float *values,
                                  stream_gradient *g, size_t voxels)
{
    float *y = gradient_written(g, values);
    conv1_run(x, out, w, NULL, count, y, STREAM_IN_PLACE ? voxels : count);
    for (int c = 0; !STREAM_IN_PLACE && c < out; c++)
        gradient_close(count, y + (size_t)c * count, g + (size_t)c * voxels);
}

/* Sums of QUAD x QUAD pairs of maps; past the last map the first once more. */
static void correlate_quads(const float *const dy[QUAD], const float *const x[QUAD], size_t count,
                            float totals[QUAD * QUAD])
{
    lanes sums[QUAD * QUAD] = {{0}};
    for (size_t at = 0; at < count; at += LANES) {
        lanes values[QUAD];
        for (int i = 0; i < QUAD; i++)
            values[i] = lanes_load_first(x[i] + at, count - at);
        for (int o = 0; o < QUAD; o++) {
            lanes gradient = lanes_load_first(dy[o] + at, count - at);
            for (int i = 0; i < QUAD; i++)
                sums[o * QUAD + i] = lanes_fma(gradient, values[i], sums[o * QUAD + i]);
        }
    }
    for (int k = 0; k < QUAD * QUAD; k += LANES)
        lanes_store_unaligned(totals + k, lanes_sums_pairs(sums + k));
}

static float run_total(const float *x, size_t count)
{
    lanes sum = {0};
    for (size_t at = 0; at < count; at += LANES)
        sum += lanes_load_first(x + at, count - at);
    return lanes_sum_pairs(sum);
}

static void quad_of(struct maps maps, int first, const float *quad[QUAD])
{
    for (int k = 0; k < QUAD; k++)
        quad[k] = maps.x + (size_t)(first + k < maps.channels ? first + k : first) * maps.stride;
}

/* sums[o][x.channels + 1] += sum_v dy[o][v] x[i][v], and in the last column sum_v dy[o][v]. */
static void conv1_correlate(struct maps x, struct maps dy, size_t count, double *sums)
{
    int columns = x.channels + 1;
    for (int o = 0; o < dy.channels; o += QUAD) {
        const float *gradients[QUAD], *values[QUAD];
        quad_of(dy, o, gradients);
        for (int i = 0; i < x.channels; i += QUAD) {
            float totals[QUAD * QUAD];
            quad_of(x, i, values);
            correlate_quads(gradients, values, count, totals);
            for (int k = 0; k < QUAD * QUAD; k++)
                if (o + k / QUAD < dy.channels && i + k % QUAD < x.channels)
                    sums[(o + k / QUAD) * columns + i + k % QUAD] += totals[k];
        }
        for (int k = 0; k < QUAD && o + k < dy.channels; k++)
            sums[(o + k) * columns + x.channels] += run_total(gradients[k], count);
    }
}

/* dw [out][in], db [out] += the totals of such sums */
static void conv1_gradients_add(const struct partials *sums, int out, int in, float *dw, float *db)
{
    for (int o = 0; o < out; o++) {
        size_t row = (size_t)o * (size_t)(in + 1);
        partials_add(sums, row, (size_t)in, dw + (size_t)o * (size_t)in);
        partials_add(sums, row + (size_t)in, 1, db + o);
    }
}
