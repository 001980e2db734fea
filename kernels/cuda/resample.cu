/* Max-pooling and trilinear up-sampling between two levels, without the conv1. See resample.h.
 *
 * A thread owns four channels of one voxel of the level that it writes (of the coarse one where it unpools);
 * the streams of a tensor follow each other along blockIdx.z. */
#include "kernels/cuda/resample.h"
#include "kernels/cuda/rows.h"

/* The grid over all quads of one stream, streams along z. */
static inline dim3 quad_grid(size_t voxels, struct shape s)
{
    size_t quads = voxels * (size_t)(padded(s.channels) / 4);
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

__device__ static inline size_t floats_of_stream(struct shape s)
{
    return (size_t)s.depth * (size_t)s.height * (size_t)s.width * (size_t)padded(s.channels);
}

__device__ static inline struct shape finer_of(struct shape coarse)
{
    coarse.depth *= 2, coarse.height *= 2, coarse.width *= 2;
    return coarse;
}

/* Offset of a voxel's row. */
__device__ static inline size_t row_at(struct shape s, int z, int y, int x)
{
    return (((size_t)z * (size_t)s.height + (size_t)y) * (size_t)s.width + (size_t)x) *
           (size_t)padded(s.channels);
}

static inline struct shape coarser_of(struct shape fine)
{
    fine.depth /= 2, fine.height /= 2, fine.width /= 2;
    return fine;
}

/* --- pool --- */

/* Whether x takes the place of the maximum so far; a NaN takes it and keeps it. */
__device__ static inline bool exceeds(float x, float most)
{
    return x > most || (x != x && most == most);
}

/* The maximum over the 2x2x2 cell of `at`, and for each channel the first corner in z, y, x order that has
 * it. */
__device__ static inline float4 cell_maximum(struct shape fine, const float *x, const struct quad &at,
                                             int where[4])
{
    float most[4] = {};
    for (int c = 0; c < 4; c++)
        where[c] = 0;
    for (int corner = 0; corner < 8; corner++) {
        float4 v = load4(
            x +
            row_at(fine, 2 * at.z + (corner >> 2), 2 * at.y + (corner >> 1 & 1), 2 * at.x + (corner & 1)) +
            at.channel);
        const float values[4] = {v.x, v.y, v.z, v.w};
        for (int c = 0; c < 4; c++)
            if (corner == 0 || exceeds(values[c], most[c]))
                most[c] = values[c], where[c] = corner;
    }
    return make_float4(most[0], most[1], most[2], most[3]);
}

__global__ void resample_pool_kernel(struct shape coarse, const float *x, float *y)
{
    struct quad at = quad_in(coarse);
    struct shape fine = finer_of(coarse);
    if (!at.inside)
        return;
    int where[4];
    float4 most = cell_maximum(fine, x + blockIdx.z * floats_of_stream(fine), at, where);
    store4(y + blockIdx.z * floats_of_stream(coarse) + at.voxel * (size_t)padded(coarse.channels) +
               at.channel,
           most);
}

void resample_pool(struct shape fine, const float *x, float *y)
{
    struct shape coarse = coarser_of(fine);
    GPU_LAUNCH(resample_pool_kernel, quad_grid(shape_voxels(coarse), coarse), dim3(ROW_THREADS), 0, coarse, x,
               y);
}

__global__ void resample_unpool_kernel(struct shape coarse, const float *x, const float *dy, float *dx)
{
    struct quad at = quad_in(coarse);
    struct shape fine = finer_of(coarse);
    if (!at.inside)
        return;
    int where[4];
    cell_maximum(fine, x + blockIdx.z * floats_of_stream(fine), at, where);
    float4 g = load4(dy + blockIdx.z * floats_of_stream(coarse) + at.voxel * (size_t)padded(coarse.channels) +
                     at.channel);
    dx += blockIdx.z * floats_of_stream(fine);
    for (int corner = 0; corner < 8; corner++) {
        float *to =
            dx +
            row_at(fine, 2 * at.z + (corner >> 2), 2 * at.y + (corner >> 1 & 1), 2 * at.x + (corner & 1)) +
            at.channel;
        float4 old = load4(to);
        store4(to, make_float4(
                       where[0] == corner ? old.x + g.x : old.x, where[1] == corner ? old.y + g.y : old.y,
                       where[2] == corner ? old.z + g.z : old.z, where[3] == corner ? old.w + g.w : old.w));
    }
}

void resample_unpool(struct shape fine, const float *x, const float *dy, float *dx)
{
    struct shape coarse = coarser_of(fine);
    GPU_LAUNCH(resample_unpool_kernel, quad_grid(shape_voxels(coarse), coarse), dim3(ROW_THREADS), 0, coarse,
               x, dy, dx);
}

/* --- up-sample --- */

/* Along one axis of n coarse voxels the fine voxel 2 k is 1/4 x[k - 1] + 3/4 x[k], the fine voxel 2 k + 1 is
 * 3/4 x[k] + 1/4 x[k + 1], indices clamped to 0 .. n - 1. */

struct taps {
    int near, far; /* weights 3/4 and 1/4 */
};

__device__ static inline struct taps taps_of(int fine, int n)
{
    int near = fine / 2, far = fine % 2 ? near + 1 : near - 1;
    struct taps t = {near, far < 0 ? 0 : far >= n ? n - 1 : far};
    return t;
}

__device__ static inline float4 add_scaled(float4 sum, float weight, float4 v)
{
    return make_float4(sum.x + weight * v.x, sum.y + weight * v.y, sum.z + weight * v.z,
                       sum.w + weight * v.w);
}

__global__ void resample_upsample_kernel(struct shape coarse, const float *x, float sign, float *y)
{
    struct shape fine = finer_of(coarse);
    struct quad at = quad_in(fine);
    if (!at.inside)
        return;
    x += blockIdx.z * floats_of_stream(coarse) + at.channel;
    y += blockIdx.z * floats_of_stream(fine) + at.voxel * (size_t)padded(fine.channels) + at.channel;
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
    store4(y, add_scaled(load4(y), sign, sum));
}

void resample_upsample(struct shape coarse, const float *x, float sign, float *y)
{
    struct shape fine = coarse;
    fine.depth *= 2, fine.height *= 2, fine.width *= 2;
    GPU_LAUNCH(resample_upsample_kernel, quad_grid(shape_voxels(fine), fine), dim3(ROW_THREADS), 0, coarse, x,
               sign, y);
}

/* What the coarse voxel k gave to the fine voxel 2 k - 1 + step, step = 0 .. 3: 1/4, 3/4, 3/4, 1/4; at a
 * border, where the clamped neighbour is k itself, all of it. Outside the grid: 0. */
__device__ static inline float given(int k, int step, int n)
{
    int fine = 2 * k - 1 + step;
    if (fine < 0 || fine >= 2 * n)
        return 0;
    struct taps t = taps_of(fine, n);
    return (t.near == k ? 0.75f : 0.0f) + (t.far == k ? 0.25f : 0.0f);
}

__global__ void resample_upsample_transpose_kernel(struct shape coarse, const float *dy, float *dx)
{
    struct shape fine = finer_of(coarse);
    struct quad at = quad_in(coarse);
    if (!at.inside)
        return;
    dy += blockIdx.z * floats_of_stream(fine) + at.channel;
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
    store4(dx + blockIdx.z * floats_of_stream(coarse) + at.voxel * (size_t)padded(coarse.channels) +
               at.channel,
           sum);
}

void resample_upsample_transpose(struct shape coarse, const float *dy, float *dx)
{
    GPU_LAUNCH(resample_upsample_transpose_kernel, quad_grid(shape_voxels(coarse), coarse), dim3(ROW_THREADS),
               0, coarse, dy, dx);
}
