/* Between two levels, and the two ends of the network: pool, conv1, up-sample, head, Adam. */
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/operations.h"
#include "kernels/cuda/product.h"
#include "kernels/cuda/scratch.h"

/* The grid of one level with the channels of another. */
static struct shape on_grid(struct shape channels, struct shape grid)
{
    channels.depth = grid.depth, channels.height = grid.height, channels.width = grid.width;
    return channels;
}

static float *part_of(const float *tensor, struct shape shape, int part)
{
    return (float *)tensor + (size_t)part * part_floats(shape);
}

/* --- conv1: rows of voxels times packed weights [out streams][padded out][in streams][padded in] --- */

static struct matrix rows_in(const float *tensor, struct shape shape, int part)
{
    return (struct matrix){part_of(tensor, shape, part), (size_t)padded(shape.channels), false};
}

static struct matrix block_of(const float *packed, struct shape in, struct shape out, int in_part,
                              int out_part)
{
    size_t stride = (size_t)(in.streams * padded(in.channels));
    const float *first =
        packed + (size_t)(out_part * padded(out.channels)) * stride + in_part * padded(in.channels);
    return (struct matrix){first, stride, false};
}

static struct matrix transposed(struct matrix m)
{
    m.transposed = !m.transposed;
    return m;
}

/* y = w x + b; in and out on one grid */
static void conv1(const struct scratch *s, struct shape in, struct shape out, const float *x, const float *w,
                  const float *b, float *y)
{
    size_t voxels = shape_voxels(in), width = (size_t)padded(out.channels),
           inner = (size_t)padded(in.channels);
    gpu_pack_conv1(out, in, w, s->weights);
    for (int o = 0; o < out.streams; o++) {
        gpu_fill_bias(voxels, out.channels, b + o * out.channels, part_of(y, out, o));
        for (int i = 0; i < in.streams; i++)
            product(voxels, width, inner, rows_in(x, in, i), transposed(block_of(s->weights, in, out, i, o)),
                    true, part_of(y, out, o), width, s->workspace, s->workspace_bytes);
    }
}

/* dw, db += */
static void conv1_weight_gradient(const struct scratch *s, struct shape in, struct shape out, const float *x,
                                  const float *dy, float *dw, float *db)
{
    size_t voxels = shape_voxels(in), width = (size_t)padded(out.channels),
           inner = (size_t)padded(in.channels);
    for (int o = 0; o < out.streams; o++) {
        for (int i = 0; i < in.streams; i++) {
            struct matrix to = block_of(s->weights_gradient, in, out, i, o);
            product(width, inner, voxels, transposed(rows_in(dy, out, o)), rows_in(x, in, i), false,
                    (float *)to.data, to.stride, s->workspace, s->workspace_bytes);
        }
        gpu_bias_gradient(voxels, out.channels, part_of(dy, out, o), db + o * out.channels, s->partials);
    }
    gpu_add_conv1_gradient(out, in, s->weights_gradient, dw);
}

/* dx = w^T dy */
static void conv1_data_gradient(const struct scratch *s, struct shape in, struct shape out, const float *w,
                                const float *dy, float *dx)
{
    size_t voxels = shape_voxels(in), width = (size_t)padded(out.channels),
           inner = (size_t)padded(in.channels);
    gpu_pack_conv1(out, in, w, s->weights);
    for (int i = 0; i < in.streams; i++)
        for (int o = 0; o < out.streams; o++)
            product(voxels, inner, width, rows_in(dy, out, o), block_of(s->weights, in, out, i, o), o > 0,
                    part_of(dx, in, i), inner, s->workspace, s->workspace_bytes);
}

static void last_stream_sums(const struct scratch *s, struct shape shape, const float *y,
                             double *channel_sums)
{
    if (channel_sums)
        gpu_channel_sums(shape_voxels(shape), shape.channels, part_of(y, shape, shape.streams - 1),
                         channel_sums, s->partials);
}

/* --- plain steps --- */

void cuda_pool_forward(struct shape fine, const float *x, float *y)
{
    if (gpu_begin("pool_forward"))
        gpu_pool(fine, x, y);
}

void cuda_pool_backward(struct shape fine, const float *x, const float *dy, float *dx)
{
    if (gpu_begin("pool_backward"))
        gpu_unpool(fine, x, dy, dx);
}

void cuda_upsample_forward(struct shape coarse, const float *x, float *y)
{
    if (gpu_begin("upsample_forward"))
        gpu_upsample(coarse, x, 1, y);
}

void cuda_upsample_backward(struct shape coarse, const float *dy, float *dx)
{
    if (gpu_begin("upsample_backward"))
        gpu_upsample_transpose(coarse, dy, dx);
}

/* --- down and up --- */

void cuda_down_forward(struct shape fine, struct shape coarse, const float *x, const float *w, const float *b,
                       float *y, double *channel_sums, void *scratch)
{
    struct scratch s = scratch_of(OPERATION_DOWN, fine, coarse, scratch);
    if (!gpu_begin("down_forward"))
        return;
    gpu_pool(fine, x, s.first);
    conv1(&s, on_grid(fine, coarse), coarse, s.first, w, b, y);
    last_stream_sums(&s, coarse, y, channel_sums);
}

void cuda_down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                        const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct scratch s = scratch_of(OPERATION_DOWN, fine, coarse, scratch);
    struct shape pooled = on_grid(fine, coarse);
    if (!gpu_begin("down_backward"))
        return;
    gpu_pool(fine, x, s.first);
    conv1_weight_gradient(&s, pooled, coarse, s.first, dy, dw, db);
    conv1_data_gradient(&s, pooled, coarse, w, dy, s.first); /* over the pooled values, which have served */
    gpu_unpool(fine, x, s.first, dx);
}

void cuda_up_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                     float sign, float *y, double *channel_sums, void *scratch)
{
    struct scratch s = scratch_of(OPERATION_UP, coarse, fine, scratch);
    struct shape mixed = on_grid(fine, coarse);
    if (!gpu_begin("up_forward"))
        return;
    conv1(&s, coarse, mixed, x, w, b, s.first);
    gpu_upsample(mixed, s.first, sign, y);
    last_stream_sums(&s, fine, y, channel_sums);
}

void cuda_up_backward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *dy,
                      float *dx, float *dw, float *db, void *scratch)
{
    struct scratch s = scratch_of(OPERATION_UP, coarse, fine, scratch);
    struct shape mixed = on_grid(fine, coarse);
    if (!gpu_begin("up_backward"))
        return;
    gpu_upsample_transpose(mixed, dy, s.first);
    conv1_weight_gradient(&s, coarse, mixed, x, s.first, dw, db);
    conv1_data_gradient(&s, coarse, mixed, w, s.first, dx);
}

/* --- the end --- */

void cuda_head_forward(struct shape in, int regions, const float *x, const float *w, const float *b, float *p,
                       void *scratch)
{
    (void)scratch;
    if (gpu_begin("head_forward"))
        gpu_head(in, regions, x, w, b, p);
}

/* Scratch is that of any tensor: the sums want the same room for all. */
void cuda_dice_sums(size_t voxels, int regions, const float *p, const uint8_t *target, struct dice_sums *sums,
                    void *scratch)
{
    if (gpu_begin("dice_sums"))
        gpu_dice_sums(voxels, regions, p, target, sums, scratch);
}

void cuda_head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                        const uint8_t *target, const struct dice_sums *sums, float scale, float *dx,
                        float *dw, float *db, void *scratch)
{
    if (gpu_begin("head_backward"))
        gpu_head_backward(in, regions, x, w, p, target, sums, scale, dx, dw, db, scratch);
}

void cuda_adam(size_t n, const struct adam *adam, const float *g, float *w, float *m, float *v)
{
    if (gpu_begin("adam"))
        gpu_adam(n, adam, g, w, m, v);
}
