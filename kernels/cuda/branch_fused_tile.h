/* What the fused kernels and the image's product share: rows of 32 or 64 channels, as bf16 in shared memory, and
 * the normalisation of the floats that are loaded into them. */
#ifndef PRUNET_KERNELS_CUDA_BRANCH_FUSED_TILE_H
#define PRUNET_KERNELS_CUDA_BRANCH_FUSED_TILE_H

#include "kernels/cuda/norm.h"
#include "kernels/cuda/streams.h"
#include "kernels/cuda/tensor_core.h"

enum { TAPS = 27, WIDTH = 32 /* channels */, CHUNKS = WIDTH / 8 /* of 16 bytes in a row */ };

/* How many slices of WIDTH channels a stream has, the last one perhaps not full. */
HOST_AND_DEVICE static inline int slices_of(const struct shape &s)
{
    return (padded(s.channels) + WIDTH - 1) / WIDTH;
}

/* Where chunk n of a row of so many bf16 stands: neighbouring rows put the same chunk into different banks, so
 * that a matrix of eight rows is read without conflict. The banks are 128 bytes wide, two rows of 32. */
template <int ROW = WIDTH> __device__ static inline int chunk_at(int row, int n)
{
    static_assert(ROW == 32 || ROW == 64, "a row, or two, fill the banks");
    return row * ROW + ((n ^ (row >> (ROW == 32))) & (ROW / 8 - 1)) * 8;
}

/* Sixteen rows from `first` on as the right operand of a product whose sums run along the rows: [16 channels]. */
__device__ static inline void read_transposed(const uint16_t *rows, int first, unsigned (&b)[WIDTH / 16][4])
{
    int lane = (int)threadIdx.x % 32;
#pragma unroll
    for (int pair = 0; pair < WIDTH / 16; pair++)
        load_matrices_transposed(b[pair], rows + chunk_at(first + lane % 16, 2 * pair + lane / 16));
}

/* Eight numbers of a row, on their way from floats to bf16. */
struct eight {
    float of[8];
};

__device__ static inline struct eight eight_of(float4 a, float4 b)
{
    return {{a.x, a.y, a.z, a.w, b.x, b.y, b.z, b.w}};
}

__device__ static inline struct eight load_eight(const float *from)
{
    return eight_of(load4(from), load4(from + 4));
}

/* Of a type of 16 bits. */
template <class T> __device__ static inline struct eight load_eight(const T *from)
{
    uint4 bits = *reinterpret_cast<const uint4 *>(from);
    return eight_of(four_of(from, make_uint2(bits.x, bits.y)), four_of(from, make_uint2(bits.z, bits.w)));
}

__device__ static inline uint4 bf16_chunk(const struct eight &v)
{
    return make_uint4(bf16_pair(v.of[0], v.of[1]), bf16_pair(v.of[2], v.of[3]), bf16_pair(v.of[4], v.of[5]),
                      bf16_pair(v.of[6], v.of[7]));
}

/* norm: of these eight channels */
__device__ static inline struct eight activated_eight(struct eight v, const struct norm_channel *norm)
{
#pragma unroll
    for (int c = 0; c < 8; c++)
        v.of[c] = activated(v.of[c], norm[c]);
    return v;
}

#endif
