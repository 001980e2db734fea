/* What the two kernels of down_fused.h share: a block works on 4 x 8 coarse voxels (y, x) and goes along z. The 32
 * voxels of a plane, y * 8 + x, are the rows of its products; two halves of sixteen, two lines each. */
#ifndef PRUNET_KERNELS_CUDA_DOWN_FUSED_TILE_H
#define PRUNET_KERNELS_CUDA_DOWN_FUSED_TILE_H

#include "kernels/cuda/halves_product.h"
#include "kernels/cuda/pool_maximum.h"
#include "kernels/cuda/streams.h"

enum { TILE_Y = 4, TILE_X = 8, VOXELS = TILE_Y * TILE_X, WARPS = 8, THREADS = 32 * WARPS };
enum {
    HALVES = 2,
    GROUPS = WARPS / HALVES /* of columns: a warp multiplies one of them by half of the voxels */
};

struct tiling {
    struct shape fine, coarse;
    int slices; /* of the channels; they are neighbouring blocks and share what they read in the cache */
    int across, down, deep; /* tiles along x, y and z */
    int planes;             /* of a tile */
};

static inline struct tiling tiling_within(int planes_max, struct shape fine, struct shape coarse, int slices)
{
    struct tiling t = {
        fine, coarse, slices, (coarse.width + TILE_X - 1) / TILE_X, (coarse.height + TILE_Y - 1) / TILE_Y,
        0,    0};
    t.deep = (coarse.depth + planes_max - 1) / planes_max;
    t.planes = (coarse.depth + t.deep - 1) / t.deep;
    return t;
}

static inline unsigned tiles(const struct tiling &t)
{
    return (unsigned)(t.across * t.down * t.deep);
}

/* Where a block works: its slice, and its first coarse voxel. */
struct tile {
    int slice, number;
    int y, x, first_z, end_z;
};

__device__ static inline struct tile tile_of(const struct tiling &t)
{
    int n = (int)blockIdx.x / t.slices, first_z = n / t.across / t.down * t.planes,
        left = t.coarse.depth - first_z;
    return {(int)blockIdx.x % t.slices, n,       n / t.across % t.down * TILE_Y,
            n % t.across * TILE_X,      first_z, first_z + (left < t.planes ? left : t.planes)};
}

/* Floats from one voxel of a tensor to another: all offsets are of 32 bits. */
__device__ static inline int voxel_at(const struct shape &s, int z, int y, int x)
{
    return ((z * s.height + y) * s.width + x) * padded(s.channels);
}

__device__ static inline int corner_at(const struct shape &fine, int corner)
{
    return voxel_at(fine, corner >> 2, corner >> 1 & 1, corner & 1);
}

/* --- two or four channels side by side --- */

template <int CHANNELS, class T>
__device__ static inline void load_channels(const T *from, float (&to)[CHANNELS])
{
    static_assert(CHANNELS == 2 || CHANNELS == 4, "");
    if constexpr (CHANNELS == 4) {
        float4 v = load4(from);
        to[0] = v.x, to[1] = v.y, to[2] = v.z, to[3] = v.w;
    } else {
        float2 v = load2(from);
        to[0] = v.x, to[1] = v.y;
    }
}

template <int CHANNELS, class T>
__device__ static inline void store_channels(T *to, const float (&v)[CHANNELS])
{
    if constexpr (CHANNELS == 4)
        store4(to, make_float4(v[0], v[1], v[2], v[3]));
    else
        store2(to, make_float2(v[0], v[1]));
}

/* As bf16, high + low, `half` elements apart. */
template <int CHANNELS>
__device__ static inline void store_halves(uint16_t *to, int half, const float (&v)[CHANNELS])
{
#pragma unroll
    for (int c = 0; c < CHANNELS; c += 2) {
        struct halves h = halves_of(v[c], v[c + 1]);
        *reinterpret_cast<unsigned *>(to + c) = h.high;
        *reinterpret_cast<unsigned *>(to + half + c) = h.low;
    }
}

/* --- pooling --- */

/* The maximum over a coarse voxel whose first corner is at `first`; zeros where there is none. */
template <int CHANNELS, class STREAM>
__device__ static inline struct maximum<CHANNELS> pool(const struct shape &fine, const STREAM *first,
                                                       bool present) {
    struct maximum<CHANNELS> m = {
    };
    if (!present)
        return m;
    float values[8][CHANNELS];
#pragma unroll
    for (int corner = 0; corner < 8; corner++)
        load_channels(first + corner_at(fine, corner), values[corner]);
#pragma unroll
    for (int corner = 0; corner < 8; corner++)
        take_corner(m, (unsigned)corner, values[corner]);
    return m;
}

#endif
