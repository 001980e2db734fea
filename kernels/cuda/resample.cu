/* From one level to another: max-pooling and trilinear up-sampling, alone and with their conv1. See
 * kernels/resample.h.
 *
 * A thread owns four channels of one voxel of the level that it writes (of the coarse one where it unpools);
 * the streams of a tensor follow each other along blockIdx.z. */
#include "kernels/cuda/conv1.h"
#include "kernels/cuda/down_fused.h"
#include "kernels/cuda/norm.h"
#include "kernels/cuda/operations.h"
#include "kernels/cuda/pool_maximum.h"
#include "kernels/cuda/streams.h"
#include "kernels/cuda/up_fused.h"
#include "kernels/cuda/upsample_taps.h"

/* The grid over all quads of one stream, streams along z. */
static inline dim3 quad_grid(struct shape s)
{
    size_t quads = shape_voxels(s) * (size_t)(padded(s.channels) / 4);
    return dim3((unsigned)((quads + ROW_THREADS - 1) / ROW_THREADS), 1, (unsigned)s.streams);
}

/* Where the calling thread works: a voxel of a grid, and the first float of its quad in a row. */
struct quad {
    int z, y, x;
    size_t channel, voxel;
    bool inside;
};

__device__ static inline struct quad quad_in(struct shape s)
{
    struct quad q;
    size_t row = (size_t)(padded(s.channels) / 4), n = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
    q.channel = n % row * 4;
    q.voxel = n / row;
    q.inside = q.voxel < (size_t)s.depth * (size_t)s.height * (size_t)s.width;
    q.x = (int)(q.voxel % (size_t)s.width);
    q.y = (int)(q.voxel / (size_t)s.width % (size_t)s.height);
    q.z = (int)(q.voxel / (size_t)s.width / (size_t)s.height);
    return q;
}

HOST_AND_DEVICE static inline struct shape finer_of(struct shape coarse)
{
    coarse.depth *= 2, coarse.height *= 2, coarse.width *= 2;
    return coarse;
}

static inline struct shape coarser_of(struct shape fine)
{
    fine.depth /= 2, fine.height /= 2, fine.width /= 2;
    return fine;
}

/* Offset of a voxel's row in a stream. */
__device__ static inline size_t row_at(struct shape s, int z, int y, int x)
{
    return (((size_t)z * (size_t)s.height + (size_t)y) * (size_t)s.width + (size_t)x) *
           (size_t)padded(s.channels);
}

/* Offset of the calling thread's quad in a tensor of the grid on which it works. */
__device__ static inline size_t quad_at(struct shape s, const struct quad &at)
{
    return blockIdx.z * stream_floats(s) + at.voxel * (size_t)padded(s.channels) + at.channel;
}

/* Offset, in a tensor of the finer level, of one of the 2x2x2 corners of the calling thread's coarse voxel;
 * the bits of `corner` are z, y, x. */
__device__ static inline size_t corner_at(struct shape fine, const struct quad &at, int corner)
{
    return blockIdx.z * stream_floats(fine) +
           row_at(fine, 2 * at.z + (corner >> 2), 2 * at.y + (corner >> 1 & 1), 2 * at.x + (corner & 1)) +
           at.channel;
}

/* --- pool --- */

/* The maxima over the 2x2x2 corners. */
template <class T>
__device__ static inline struct maximum<4> cell_maximum(struct shape fine, const T *x,
                                                        const struct quad &at) {
    struct maximum<4> m = {
    };
    for (unsigned corner = 0; corner < 8; corner++) {
        float4 v = load4(x + corner_at(fine, at, (int)corner));
        const float values[4] = {v.x, v.y, v.z, v.w};
        take_corner(m, corner, values);
    }
    return m;
}

/* y = max over 2x2x2 of x */
template <class T>
__global__ void resample_pool_kernel(struct shape coarse, const T *x, float *y)
{
    struct quad at = quad_in(coarse);
    struct shape fine = finer_of(coarse);
    if (!at.inside)
        return;
    struct maximum<4> m = cell_maximum(fine, x, at);
    store4(y + quad_at(coarse, at), make_float4(m.most[0], m.most[1], m.most[2], m.most[3]));
}

template <class T> static void pool(struct shape fine, const T *x, float *y)
{
    struct shape coarse = coarser_of(fine);
    GPU_LAUNCH(resample_pool_kernel<T>, quad_grid(coarse), dim3(ROW_THREADS), 0, coarse, x, y);
}

/* dx += dy at the first maximum of each 2x2x2 of x */
template <class T, class GRADIENT>
__global__ void resample_unpool_kernel(struct shape coarse, const T *x, const float *dy, GRADIENT *dx)
{
    struct quad at = quad_in(coarse);
    struct shape fine = finer_of(coarse);
    if (!at.inside)
        return;
    struct maximum<4> m = cell_maximum(fine, x, at);
    float4 g = load4(dy + quad_at(coarse, at));
    for (unsigned corner = 0; corner < 8; corner++) {
        GRADIENT *to = dx + corner_at(fine, at, (int)corner);
        float4 old = load4(to);
        store4(to, make_float4(stands_at(m.where, 0, corner) ? old.x + g.x : old.x,
                               stands_at(m.where, 1, corner) ? old.y + g.y : old.y,
                               stands_at(m.where, 2, corner) ? old.z + g.z : old.z,
                               stands_at(m.where, 3, corner) ? old.w + g.w : old.w));
    }
}

template <class T, class GRADIENT>
static void unpool(struct shape fine, const T *x, const float *dy, GRADIENT *dx)
{
    struct shape coarse = coarser_of(fine);
    GPU_LAUNCH((resample_unpool_kernel<T, GRADIENT>), quad_grid(coarse), dim3(ROW_THREADS), 0, coarse, x, dy,
               dx);
}

/* --- up-sample --- */

/* y += sign upsample(x) */
template <class T>
__global__ void resample_upsample_kernel(struct shape coarse, const float *x, float sign, T *y,
                                         unsigned *wraps)
{
    struct shape fine = finer_of(coarse);
    struct quad at = quad_in(fine);
    if (!at.inside)
        return;
    x += blockIdx.z * stream_floats(coarse) + at.channel;
    y += quad_at(fine, at);
    struct taps z = taps_of(at.z, coarse.depth), v = taps_of(at.y, coarse.height),
                u = taps_of(at.x, coarse.width);
    float4 sum = make_float4(0, 0, 0, 0);
    for (int corner = 0; corner < 8; corner++) {
        float weight =
            (corner & 4 ? 0.25f : 0.75f) * (corner & 2 ? 0.25f : 0.75f) * (corner & 1 ? 0.25f : 0.75f);
        sum = add_scaled(sum, weight,
                         load4(x + row_at(coarse, corner & 4 ? z.far : z.near, corner & 2 ? v.far : v.near,
                                          corner & 1 ? u.far : u.near)));
    }
    unsigned wrapped = 0;
    store4(y, stream_sum4(y, load4(y), make_float4(sign * sum.x, sign * sum.y, sign * sum.z, sign * sum.w),
                          wrapped));
    count_wraps(wrapped, wraps);
}

template <class T> static void upsample(struct shape coarse, const float *x, float sign, T *y)
{
    struct shape fine = finer_of(coarse);
    GPU_LAUNCH(resample_upsample_kernel<T>, quad_grid(fine), dim3(ROW_THREADS), 0, coarse, x, sign, y,
               streams_wraps_of(sign));
}

/* dx = upsample^T(dy) */
template <class T>
__global__ void resample_upsample_transpose_kernel(struct shape coarse, const T *dy, float *dx)
{
    struct shape fine = finer_of(coarse);
    struct quad at = quad_in(coarse);
    if (!at.inside)
        return;
    dy += blockIdx.z * stream_floats(fine) + at.channel;
    float4 sum = make_float4(0, 0, 0, 0);
    for (int sz = 0; sz < 4; sz++) {
        float wz = given(at.z, sz, coarse.depth);
        for (int sy = 0; sy < 4 && wz != 0; sy++) {
            float wy = wz * given(at.y, sy, coarse.height);
            for (int sx = 0; sx < 4 && wy != 0; sx++) {
                float weight = wy * given(at.x, sx, coarse.width);
                if (weight != 0)
                    sum = add_scaled(
                        sum, weight,
                        load4(dy + row_at(fine, 2 * at.z - 1 + sz, 2 * at.y - 1 + sy, 2 * at.x - 1 + sx)));
            }
        }
    }
    store4(dx + quad_at(coarse, at), sum);
}

template <class T> static void upsample_transpose(struct shape coarse, const T *dy, float *dx)
{
    GPU_LAUNCH(resample_upsample_transpose_kernel<T>, quad_grid(coarse), dim3(ROW_THREADS), 0, coarse, dy,
               dx);
}

/* --- the table's plain steps --- */

void cuda_pool_forward(struct shape fine, const float *x, float *y)
{
    if (gpu_begin("pool_forward"))
        pool(fine, x, y);
}

void cuda_pool_backward(struct shape fine, const float *x, const float *dy, float *dx)
{
    if (gpu_begin("pool_backward"))
        unpool(fine, x, dy, dx);
}

void cuda_upsample_forward(struct shape coarse, const float *x, float *y)
{
    if (gpu_begin("upsample_forward"))
        upsample(coarse, x, 1, y);
}

void cuda_upsample_backward(struct shape coarse, const float *dy, float *dx)
{
    if (gpu_begin("upsample_backward"))
        upsample_transpose(coarse, dy, dx);
}

/* --- down and up, with their conv1 --- */

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
__global__ void resample_convert_kernel(size_t quads, const FROM *x, TO *y, unsigned *wraps)
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
    GPU_LAUNCH((resample_convert_kernel<FROM, TO>), array_grid(quads), dim3(ARRAY_THREADS), 0, quads, x, y,
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

static void pool_stream(struct shape fine, const float *x, float *y)
{
    if (streams_are_int16())
        pool(fine, stored<int16_t>(x), y);
    else
        pool(fine, x, y);
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
    pool_stream(fine, x, buffers.between);
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
    pool_stream(fine, x, buffers.between);
    conv1_weight_gradient(&buffers.conv, pooled, coarse, buffers.between, dy, dw, db);
    conv1_data_gradient(&buffers.conv, pooled, coarse, w, dy, buffers.between); /* the values are used up */
    if (streams_are_int16())
        unpool(fine, stored<int16_t>(x), buffers.between, stored<uint16_t>(dx));
    else
        unpool(fine, x, buffers.between, dx);
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
    if (streams_are_int16())
        upsample(narrow, buffers.between, sign, stored<int16_t>(y));
    else
        upsample(narrow, buffers.between, sign, y);
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
    if (streams_are_int16())
        upsample_transpose(narrow, stored<uint16_t>(dy), buffers.between);
    else
        upsample_transpose(narrow, dy, buffers.between);
    x = floats_of<int16_t>(coarse, x, buffers.coarse);
    conv1_weight_gradient(&buffers.conv, coarse, narrow, x, buffers.between, dw, db);
    conv1_data_gradient(&buffers.conv, coarse, narrow, w, buffers.between,
                        buffers.coarse ? buffers.coarse : dx);
    if (buffers.coarse)
        convert(coarse, buffers.coarse, stored<uint16_t>(dx));
}
