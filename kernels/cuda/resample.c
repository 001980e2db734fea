/* Between two levels: pool, up-sample, and both with their conv1. See kernels/resample.h. */
#include "kernels/cuda/resample.h"
#include "kernels/cuda/conv1.h"
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/norm.h"
#include "kernels/cuda/operations.h"

/* The grid of one level with the channels of another. */
static struct shape on_grid(struct shape channels, struct shape grid)
{
    channels.depth = grid.depth, channels.height = grid.height, channels.width = grid.width;
    return channels;
}

/* --- plain steps --- */

void cuda_pool_forward(struct shape fine, const float *x, float *y)
{
    if (gpu_begin("pool_forward"))
        resample_pool(fine, x, y);
}

void cuda_pool_backward(struct shape fine, const float *x, const float *dy, float *dx)
{
    if (gpu_begin("pool_backward"))
        resample_unpool(fine, x, dy, dx);
}

void cuda_upsample_forward(struct shape coarse, const float *x, float *y)
{
    if (gpu_begin("upsample_forward"))
        resample_upsample(coarse, x, 1, y);
}

void cuda_upsample_backward(struct shape coarse, const float *dy, float *dx)
{
    if (gpu_begin("upsample_backward"))
        resample_upsample_transpose(coarse, dy, dx);
}

/* --- down and up --- */

/* `between` is the tensor between the conv1 and the change of grid, all streams, and later its gradient: the
 * pooled values of `down`, or what the conv1 of `up` gives. */
struct buffers {
    struct conv1_scratch conv;
    float *between;
};

static struct buffers divide(struct scratch *s, struct shape in, struct shape out, struct shape between)
{
    struct buffers b = {.conv = conv1_take(s, in, out)};
    b.between = scratch_take(s, (size_t)between.streams * stream_floats(between) * sizeof(float));
    return b;
}

size_t down_scratch_bytes(struct shape fine, struct shape coarse)
{
    struct scratch s = scratch_begin(NULL);
    divide(&s, fine, coarse, on_grid(fine, coarse));
    return s.bytes;
}

size_t up_scratch_bytes(struct shape coarse, struct shape fine)
{
    struct scratch s = scratch_begin(NULL);
    divide(&s, coarse, fine, on_grid(fine, coarse));
    return s.bytes;
}

/* Channel sums of the last stream: the first branch reads that one. */
static void last_stream_sums(const struct buffers *b, struct shape shape, const float *y,
                             double *channel_sums)
{
    if (channel_sums)
        norm_channel_sums(shape, y + (size_t)(shape.streams - 1) * stream_floats(shape), channel_sums,
                          b->conv.partials);
}

void cuda_down_forward(struct shape fine, struct shape coarse, const float *x, const float *w, const float *b,
                       float *y, double *channel_sums, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    struct shape pooled = on_grid(fine, coarse);
    if (!gpu_begin("down_forward"))
        return;
    struct buffers buffers = divide(&s, fine, coarse, pooled);
    resample_pool(fine, x, buffers.between);
    conv1_forward(&buffers.conv, pooled, coarse, buffers.between, w, b, y);
    last_stream_sums(&buffers, coarse, y, channel_sums);
}

void cuda_down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                        const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    struct shape pooled = on_grid(fine, coarse);
    if (!gpu_begin("down_backward"))
        return;
    struct buffers buffers = divide(&s, fine, coarse, pooled);
    resample_pool(fine, x, buffers.between);
    conv1_weight_gradient(&buffers.conv, pooled, coarse, buffers.between, dy, dw, db);
    conv1_data_gradient(&buffers.conv, pooled, coarse, w, dy, buffers.between); /* the values are used up */
    resample_unpool(fine, x, buffers.between, dx);
}

void cuda_up_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                     float sign, float *y, double *channel_sums, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    struct shape narrow = on_grid(fine, coarse);
    if (!gpu_begin("up_forward"))
        return;
    struct buffers buffers = divide(&s, coarse, fine, narrow);
    conv1_forward(&buffers.conv, coarse, narrow, x, w, b, buffers.between);
    resample_upsample(narrow, buffers.between, sign, y);
    last_stream_sums(&buffers, fine, y, channel_sums);
}

void cuda_up_backward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *dy,
                      float *dx, float *dw, float *db, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    struct shape narrow = on_grid(fine, coarse);
    if (!gpu_begin("up_backward"))
        return;
    struct buffers buffers = divide(&s, coarse, fine, narrow);
    resample_upsample_transpose(narrow, dy, buffers.between);
    conv1_weight_gradient(&buffers.conv, coarse, narrow, x, buffers.between, dw, db);
    conv1_data_gradient(&buffers.conv, coarse, narrow, w, buffers.between, dx);
}
