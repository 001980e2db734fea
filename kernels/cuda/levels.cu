/* From one level to another, down and up: a change of grid (resample.h) and a conv1 (conv1.h), one after the other, or
 * a kernel for both (down_fused.h, up_fused.h). See kernels/resample.h. */
#include "kernels/cuda/conv1.h"
#include "kernels/cuda/down_fused.h"
#include "kernels/cuda/norm.h"
#include "kernels/cuda/operations.h"
#include "kernels/cuda/resample.h"
#include "kernels/cuda/streams.h"
#include "kernels/cuda/up_fused.h"

/* A tensor with the channels of one level on the grid of another. */
static struct shape on_grid(struct shape channels, struct shape grid)
{
    channels.depth = grid.depth, channels.height = grid.height, channels.width = grid.width;
    return channels;
}

static size_t tensor_floats(struct shape s)
{
    return (size_t)s.streams * stream_floats(s);
}

/* `between`, all streams, lies between the conv1 and the change of grid: the pooled values of `down`, or the
 * result of the conv1 of `up`; on the way back its gradient. `coarse`: the floats of the coarse tensor or its
 * gradient, which the conv1 takes, where these are stored otherwise. */
struct level_buffers {
    struct conv1_scratch conv;
    float *between, *coarse;
};

static struct level_buffers divide(struct scratch *s, enum precision precision, struct shape in,
                                   struct shape out, struct shape between, struct shape coarse)
{
    struct level_buffers b = {conv1_take(s, in, out), NULL, NULL};
    b.between = static_cast<float *>(scratch_take(s, tensor_floats(between) * sizeof(float)));
    if (precision == PRECISION_INT16)
        b.coarse = static_cast<float *>(scratch_take(s, tensor_floats(coarse) * sizeof(float)));
    return b;
}

static struct level_buffers buffers_in(void *scratch, struct shape in, struct shape out, struct shape between,
                                       struct shape coarse)
{
    struct scratch s = scratch_begin(scratch);
    return divide(&s, operand_precision(), in, out, between, coarse);
}

/* --- streams and gradients of 16 bits, for the conv1 --- */

template <class T> __device__ static inline float4 converted4(const T *, float4 v, unsigned &)
{
    return v;
}

__device__ static inline float4 converted4(const int16_t *y, float4 v, unsigned &wrapped)
{
    return stream_of4(y, v, wrapped);
}

/* y = x, four numbers a thread */
template <class FROM, class TO>
__global__ void levels_convert_kernel(size_t quads, const FROM *x, TO *y, unsigned long long *wraps)
{
    size_t n = thread_number();
    unsigned wrapped = 0;
    if (n >= quads)
        return;
    store4(y + 4 * n, converted4(y, load4(x + 4 * n), wrapped));
    count_wraps(wrapped, wraps);
}

template <class FROM, class TO> static void convert(struct shape shape, const FROM *x, TO *y)
{
    size_t quads = tensor_floats(shape) / 4;
    GPU_LAUNCH((levels_convert_kernel<FROM, TO>), array_grid(quads), dim3(ARRAY_THREADS), 0, quads, x, y,
               streams_wraps_of(1));
}

/* What a conv1 reads: a coarse stream or its gradient, itself or its floats. */
template <class T> static const float *floats_of(struct shape coarse, const float *x, float *floats)
{
    if (!floats)
        return x;
    convert(coarse, stored<T>(x), floats);
    return floats;
}

/* What the fused kernels need lies where the other buffers do. Where backward is fused, forward is, too. */
size_t down_scratch_bytes(enum precision precision, struct shape fine, struct shape coarse)
{
    struct scratch s = scratch_begin(NULL);
    if (down_fused_backward_fits(precision, fine, coarse))
        down_fused_take(&s, fine, coarse);
    else
        divide(&s, precision, fine, coarse, on_grid(fine, coarse), coarse);
    size_t sums = down_fused_fits(precision, fine, coarse) ? down_fused_partials_bytes(fine, coarse) : 0;
    return s.bytes > sums ? s.bytes : sums;
}

size_t up_scratch_bytes(enum precision precision, struct shape coarse, struct shape fine)
{
    struct scratch s = scratch_begin(NULL);
    if (up_fused_backward_fits(precision, coarse, fine))
        up_fused_take(&s, coarse, fine);
    else
        divide(&s, precision, coarse, fine, on_grid(fine, coarse), coarse);
    size_t sums = up_fused_fits(precision, coarse) ? up_fused_partials_bytes(coarse, fine) : 0;
    return s.bytes > sums ? s.bytes : sums;
}

/* Channel sums of the last stream: the first branch reads that one. */
static void last_stream_sums(const struct level_buffers *b, struct shape shape, const float *y,
                             double *channel_sums)
{
    size_t last = (size_t)(shape.streams - 1) * stream_floats(shape);
    const float *stream = y + (streams_are_int16() ? last / 2 : last); /* a row is of eight */
    if (channel_sums)
        norm_channel_sums(shape, stream, channel_sums, b->conv.partials);
}

void cuda_down_forward(struct shape fine, struct shape coarse, const float *x, const float *w, const float *b,
                       float *y, double *channel_sums, void *scratch)
{
    struct shape pooled = on_grid(fine, coarse);
    struct level_buffers buffers = buffers_in(scratch, fine, coarse, pooled, coarse);
    if (!gpu_begin("down_forward"))
        return;
    if (down_fused_fits(operand_precision(), fine, coarse)) {
        down_fused_forward(fine, coarse, x, w, b, y, channel_sums, static_cast<double *>(scratch));
        return;
    }
    resample_pool(fine, x, buffers.between);
    conv1_forward(&buffers.conv, pooled, coarse, buffers.between, w, b, buffers.coarse ? buffers.coarse : y);
    if (buffers.coarse)
        convert(coarse, buffers.coarse, stored<int16_t>(y));
    last_stream_sums(&buffers, coarse, y, channel_sums);
}

void cuda_down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                        const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    struct shape pooled = on_grid(fine, coarse);
    struct level_buffers buffers = buffers_in(scratch, fine, coarse, pooled, coarse);
    if (!gpu_begin("down_backward"))
        return;
    if (down_fused_backward_fits(operand_precision(), fine, coarse)) {
        struct scratch s = scratch_begin(scratch);
        down_fused_backward(fine, coarse, x, w, dy, dx, dw, db, down_fused_take(&s, fine, coarse));
        return;
    }
    dy = floats_of<uint16_t>(coarse, dy, buffers.coarse);
    resample_pool(fine, x, buffers.between);
    conv1_weight_gradient(&buffers.conv, pooled, coarse, buffers.between, dy, dw, db);
    conv1_data_gradient(&buffers.conv, pooled, coarse, w, dy, buffers.between); /* the values are used up */
    resample_unpool(fine, x, buffers.between, dx);
}

void cuda_up_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                     float sign, float *y, double *channel_sums, void *scratch)
{
    struct shape narrow = on_grid(fine, coarse);
    struct level_buffers buffers = buffers_in(scratch, coarse, fine, narrow, coarse);
    if (!gpu_begin("up_forward"))
        return;
    if (up_fused_fits(operand_precision(), coarse)) {
        up_fused_forward(coarse, fine, x, w, b, sign, y, channel_sums, static_cast<double *>(scratch));
        return;
    }
    x = floats_of<int16_t>(coarse, x, buffers.coarse);
    conv1_forward(&buffers.conv, coarse, narrow, x, w, b, buffers.between);
    resample_upsample(narrow, buffers.between, sign, y);
    last_stream_sums(&buffers, fine, y, channel_sums);
}

void cuda_up_backward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *dy,
                      float *dx, float *dw, float *db, void *scratch)
{
    struct shape narrow = on_grid(fine, coarse);
    struct level_buffers buffers = buffers_in(scratch, coarse, fine, narrow, coarse);
    if (!gpu_begin("up_backward"))
        return;
    if (up_fused_backward_fits(operand_precision(), coarse, fine)) {
        struct scratch s = scratch_begin(scratch);
        up_fused_backward(coarse, fine, x, w, dy, dx, dw, db, up_fused_take(&s, coarse, fine));
        return;
    }
    resample_upsample_transpose(narrow, dy, buffers.between);
    x = floats_of<int16_t>(coarse, x, buffers.coarse);
    conv1_weight_gradient(&buffers.conv, coarse, narrow, x, buffers.between, dw, db);
    conv1_data_gradient(&buffers.conv, coarse, narrow, w, buffers.between,
                        buffers.coarse ? buffers.coarse : dx);
    if (buffers.coarse)
        convert(coarse, buffers.coarse, stored<uint16_t>(dx));
}
