/* Max-pooling and trilinear up-sampling: see kernels/resample.h and resample.h.
 *
 * A thread owns four channels of one voxel of the level that it writes (of the coarse one where it unpools);
 * the streams of a tensor follow each other along blockIdx.z. */
#include "kernels/cuda/operations.h"
#include "kernels/cuda/pool_maximum.h"
#include "kernels/cuda/resample.h"
#include "kernels/cuda/streams.h"
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
                                         unsigned long long *wraps)
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

/* --- of streams and their gradients --- */

void resample_pool(struct shape fine, const float *x, float *y)
{
    if (streams_are_int16())
        pool(fine, stored<int16_t>(x), y);
    else
        pool(fine, x, y);
}

void resample_unpool(struct shape fine, const float *x, const float *dy, float *dx)
{
    if (streams_are_int16())
        unpool(fine, stored<int16_t>(x), dy, stored<uint16_t>(dx));
    else
        unpool(fine, x, dy, dx);
}

void resample_upsample(struct shape coarse, const float *x, float sign, float *y)
{
    if (streams_are_int16())
        upsample(coarse, x, sign, stored<int16_t>(y));
    else
        upsample(coarse, x, sign, y);
}

void resample_upsample_transpose(struct shape coarse, const float *dy, float *dx)
{
    if (streams_are_int16())
        upsample_transpose(coarse, stored<uint16_t>(dy), dx);
    else
        upsample_transpose(coarse, dy, dx);
}

/* --- the table's plain steps, of floats --- */

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
