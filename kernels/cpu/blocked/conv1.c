/* 1x1x1 convolution: filters, slices and gradients. See conv1.h. */
#include "kernels/cpu/blocked/conv1.h"

/* Chunks whose gradients are added up in single before they go on in double, and chunks worth a slice. */
enum { CHUNKS_SINGLE = 32, CHUNKS_SLICE = 8 };

static struct conv1 plan_of(struct shape in, struct shape out, size_t voxels)
{
    struct conv1 m = {.in = in, .out = out, .voxels = voxels, .chunks = (voxels + CHUNK - 1) / CHUNK};
    m.in_blocks = blocks_of(in);
    m.out_blocks = blocks_of(out);
    m.slices = m.chunks / CHUNKS_SLICE > SLICES_MAX ? SLICES_MAX : (int)(m.chunks / CHUNKS_SLICE);
    m.slices = m.slices ? m.slices : 1;
    m.filters = (size_t)m.out_blocks * filter_stride(m.in_blocks);
    m.operand = (size_t)(m.in_blocks > m.out_blocks ? m.in_blocks : m.out_blocks) * CHUNK * LANES;
    m.slice_bytes = (3 * m.operand + m.filters) * sizeof(float) +
                    (m.filters + (size_t)m.out_blocks * LANES) * sizeof(double);
    return m;
}

size_t blocked_conv1_bytes(struct shape in, struct shape out, size_t voxels)
{
    struct conv1 m = plan_of(in, out, voxels);
    return 2 * m.filters * sizeof(float) + (size_t)m.slices * m.slice_bytes;
}

/* u [to blocks][from blocks * LANES][LANES] = w[k * k_stride + n * n_stride], summed over k; 0 elsewhere. */
static void filters(struct shape from, struct shape to, const float *w, size_t k_stride, size_t n_stride,
                    float *u)
{
    memset(u, 0, (size_t)blocks_of(to) * filter_stride(blocks_of(from)) * sizeof *u);
    for (int k = 0; k < shape_channels(from); k++)
        for (int n = 0; n < shape_channels(to); n++) {
            size_t row = (size_t)(channel_block(from, k) * LANES + channel_lane(from, k));
            u[(size_t)channel_block(to, n) * filter_stride(blocks_of(from)) + row * LANES +
              (size_t)channel_lane(to, n)] = w[(size_t)k * k_stride + (size_t)n * n_stride];
        }
}

struct conv1 blocked_conv1_prepare(struct shape in, struct shape out, size_t voxels, const float *w,
                                   void *scratch)
{
    struct conv1 m = plan_of(in, out, voxels);
    m.forward = scratch;
    m.transposed = m.forward + m.filters;
    m.own = (char *)(m.transposed + m.filters);
    filters(in, out, w, 1, (size_t)shape_channels(in), m.forward);
    filters(out, in, w, (size_t)shape_channels(in), 1, m.transposed);
    return m;
}

static double *wide_of(const struct conv1 *m, int slice)
{
    return (double *)(m->own + (size_t)slice * m->slice_bytes +
                      (3 * m->operand + m->filters) * sizeof(float));
}

struct conv1_slice blocked_conv1_slice(const struct conv1 *m, int i)
{
    struct conv1_slice s = {.begin = slice_begin(m->chunks, m->slices, i),
                            .end = slice_begin(m->chunks, m->slices, i + 1)};
    s.x = (float *)(m->own + (size_t)i * m->slice_bytes);
    s.dy = s.x + m->operand;
    s.made = s.dy + m->operand;
    s.single = s.made + m->operand;
    s.wide = wide_of(m, i);
    return s;
}

void blocked_conv1_clear(const struct conv1 *m, const struct conv1_slice *s)
{
    memset(s->single, 0, m->filters * sizeof *s->single);
    memset(s->wide, 0, (m->filters + (size_t)m->out_blocks * LANES) * sizeof *s->wide);
}

void blocked_conv1_gradient(const struct conv1 *m, const struct conv1_slice *s, size_t i)
{
    struct product product = conv1_product(m->in, m->out_blocks);
    product.add = 1;
    blocked_correlate(&product, s->x, s->dy, s->single);
    double *bias = s->wide + m->filters;
    for (int b = 0; b < m->out_blocks; b++) {
        lanes sum = {0};
        for (int slot = 0; slot < CHUNK; slot++)
            sum += lanes_load(s->dy + (size_t)(b * CHUNK + slot) * LANES);
        *(lanes_double *)(bias + (size_t)b * LANES) += lanes_widen(sum);
    }
    if ((i - s->begin) % CHUNKS_SINGLE == CHUNKS_SINGLE - 1 || i == s->end - 1)
        for (size_t at = 0; at < m->filters; at += LANES) {
            *(lanes_double *)(s->wide + at) += lanes_widen(lanes_load(s->single + at));
            lanes_store(s->single + at, (lanes){0});
        }
}

void blocked_conv1_store(const struct conv1 *m, float *dw, float *db)
{
    for (int o = 0; o < shape_channels(m->out); o++) {
        int out_block = channel_block(m->out, o), lane = channel_lane(m->out, o);
        for (int i = 0; i <= shape_channels(m->in); i++) { /* the last one is the bias */
            int bias = i == shape_channels(m->in);
            size_t at = bias
                            ? m->filters + (size_t)(out_block * LANES + lane)
                            : (size_t)out_block * filter_stride(m->in_blocks) +
                                  (size_t)(channel_block(m->in, i) * LANES + channel_lane(m->in, i)) * LANES +
                                  (size_t)lane;
            double sum = 0;
            for (int slice = 0; slice < m->slices; slice++)
                sum += wide_of(m, slice)[at];
            float *to = bias ? db + o : dw + (size_t)o * (size_t)shape_channels(m->in) + i;
            *to = (float)(*to + sum);
        }
    }
}
