/* Products of matrices whose elements are sums of two bf16, high + low: the three largest of four products, about
 * 2^-16 off. A matrix in shared memory is [rows][stride] of high and, `half` elements behind, of low. A stride is an
 * odd number of chunks of 16 bytes, so that eight rows are read without conflict. */
#ifndef PRUNET_KERNELS_CUDA_HALVES_PRODUCT_H
#define PRUNET_KERNELS_CUDA_HALVES_PRODUCT_H

#include "kernels/cuda/places.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/tensor_core.h"

/* sums (16 x 8) += a b. b: both registers of the high part, both of the low one. */
__device__ static inline void multiply_halves(float (&sums)[4], const unsigned (&high)[4],
                                              const unsigned (&low)[4], uint4 b)
{
    multiply_add_16x8x16(sums, low, b.x, b.y);
    multiply_add_16x8x16(sums, high, b.z, b.w);
    multiply_add_16x8x16(sums, high, b.x, b.y);
}

/* Which of a warp's 8 FRAGMENTS columns stands in column c of a fragment. A lane holds the columns 2 (lane % 4) and
 * the next of each: so two fragments give it four neighbours, from 4 (lane % 4) on, and four fragments two times four,
 * 16 apart. It stores them at once. */
template <int FRAGMENTS> __device__ static inline int column_at(int fragment, int c)
{
    const int side = FRAGMENTS < 2 ? FRAGMENTS : 2;
    return fragment / side * 8 * side + c / 2 * 2 * side + fragment % side * 2 + c % 2;
}

/* The weights of a conv1 as a matrix of places by places. */
struct weights_view {
    struct shape rows, columns; /* whose channels these are */
    int row, column;            /* floats from one channel to the next */
};

/* w [out][in]: of `in` by `out`, or transposed. */
__device__ static inline struct weights_view weights_forward(const struct shape &in, const struct shape &out)
{
    return {in, out, 1, in.streams * in.channels};
}

__device__ static inline struct weights_view weights_transposed(const struct shape &in,
                                                                const struct shape &out)
{
    return {out, in, in.streams * in.channels, 1};
}

/* to[warp's group][CHUNKS of 16 rows][FRAGMENTS][lane] = the columns from `first` on; zeros for padding. By all threads
 * of the block. */
template <int CHUNKS, int FRAGMENTS>
__device__ static inline void load_fragments(const struct weights_view &v, int first, int groups,
                                             const float *w, uint4 *to)
{
    for (int n = (int)threadIdx.x; n < groups * CHUNKS * FRAGMENTS * 32; n += (int)blockDim.x) {
        int lane = n % 32, fragment = n / 32 % FRAGMENTS, chunk = n / 32 / FRAGMENTS % CHUNKS,
            group = n / 32 / FRAGMENTS / CHUNKS;
        int column =
            channel_of(v.columns, first + group * 8 * FRAGMENTS + column_at<FRAGMENTS>(fragment, lane / 4));
        float value[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int row = channel_of(v.rows, chunk * 16 + lane % 4 * 2 + (i & 1) + (i >> 1) * 8);
            value[i] = row >= 0 && column >= 0
                           ? w[(size_t)row * (size_t)v.row + (size_t)column * (size_t)v.column]
                           : 0.0f;
        }
        struct halves front = halves_of(value[0], value[1]), back = halves_of(value[2], value[3]);
        to[n] = make_uint4(front.high, back.high, front.low, back.low);
    }
}

/* sums += 16 rows of a matrix by a warp's columns of load_fragments, their first 16 `chunks` elements. */
template <int FRAGMENTS>
__device__ static inline void rows_product(int chunks, const uint16_t *rows, int stride, int half,
                                           const uint4 *fragments, float (&sums)[FRAGMENTS][4])
{
    int lane = (int)threadIdx.x % 32;
    const uint16_t *row = rows + lane % 16 * stride + lane / 16 * 8;
#pragma unroll 1
    for (int chunk = 0; chunk < chunks; chunk++) {
        unsigned high[4], low[4];
        load_matrices(high, row + chunk * 16);
        load_matrices(low, row + half + chunk * 16);
#pragma unroll
        for (int n = 0; n < FRAGMENTS; n++)
            multiply_halves(sums[n], high, low, fragments[(chunk * FRAGMENTS + n) * 32 + lane]);
    }
}

#endif
