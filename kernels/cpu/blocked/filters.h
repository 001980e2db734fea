/* Filters: from taps to points and back.
 *
 *     U = G w G^T along each axis:   [POINTS][out blocks][in blocks * LANES][LANES outs]
 *     dw = G^T dU G:                 taps, [out blocks][in blocks * LANES][27][LANES outs] doubles
 *
 * Each point of U is followed by one spare vector, as in operands. Rows of U past the
 * last input channel are not written, and not read either. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_FILTERS_H
#define PRUNET_KERNELS_CPU_BLOCKED_FILTERS_H

#include "kernels/cpu/blocked/tiles.h"

enum { TAPS = 27, SQUARE = 9 }; /* of a filter, of a plane of it */

#define blocked_filters_of VARIANT_NAME(blocked_filters_of)
#define blocked_filters_transposed VARIANT_NAME(blocked_filters_transposed)
#define blocked_filters VARIANT_NAME(blocked_filters)
#define blocked_filter_planes VARIANT_NAME(blocked_filter_planes)
#define blocked_filter_line VARIANT_NAME(blocked_filter_line)
#define blocked_line_gradient VARIANT_NAME(blocked_line_gradient)
#define blocked_planes_gradient VARIANT_NAME(blocked_planes_gradient)
#define blocked_taps_add VARIANT_NAME(blocked_taps_add)
#define blocked_taps_store VARIANT_NAME(blocked_taps_store)

/* Floats from one output block to the next. */
INLINE size_t filter_stride(int in_blocks)
{
    return (size_t)in_blocks * LANES * LANES;
}

/* From one point to the next. */
INLINE size_t filter_point(int in_blocks, int out_blocks)
{
    return (size_t)out_blocks * filter_stride(in_blocks) + LANES;
}

INLINE size_t filter_floats(int in_blocks, int out_blocks)
{
    return POINTS * filter_point(in_blocks, out_blocks);
}

INLINE size_t plane_floats(int in_blocks, int out_blocks)
{
    return (size_t)POINTS_Z * SQUARE * (size_t)out_blocks * filter_stride(in_blocks);
}

INLINE size_t taps_doubles(int in_blocks, int out_blocks)
{
    return (size_t)out_blocks * (size_t)in_blocks * LANES * TAPS * LANES;
}

/* The filters between two stacks: channels `from` are summed over, channels `to` are produced. Tap t of a
 * pair is w[from * from_stride + to * to_stride + t], or the taps in reverse. */
struct filters {
    struct shape from, to;
    const float *w;
    size_t from_stride, to_stride;
    int reversed;
};

/* Those of w [out][in][27], and those that take dy (shape out) back to dx (shape in): w transposed, its taps
 * in reverse. */
struct filters blocked_filters_of(struct shape in, struct shape out, const float *w);
struct filters blocked_filters_transposed(struct shape in, struct shape out, const float *w);

/* Block b: u [POINTS][to blocks][from blocks * LANES][LANES]. */
void blocked_filters(const struct filters *f, int b, float *u);

/* The same for a panel, some blocks of `to`, in two steps with little memory: first all taps along z,
 *
 *     planes [POINTS_Z][panel blocks][from blocks * LANES][SQUARE][LANES]
 *
 * then, line by line of POINTS_X points (line = z * POINTS_Y + y), along y and x,
 *
 *     u [POINTS_X][panel blocks][from blocks * LANES][LANES] */
void blocked_filter_planes(const struct filters *f, struct range panel, float *planes);
void blocked_filter_line(const struct filters *f, int panel_blocks, int line, const float *planes, float *u);

/* And back: lines in their order, which set the planes, then dw += , the gradient of f->w. */
void blocked_line_gradient(const struct filters *f, int panel_blocks, int line, const float *du,
                           float *planes);
void blocked_planes_gradient(const struct filters *f, struct range panel, const float *planes, float *dw);

/* taps += G^T du G, du = 0, for all output blocks. */
void blocked_taps_add(struct shape in, struct shape out, float *du, double *taps);

/* dw [out][in][27] += the sum of `slices` taps, in their order. */
void blocked_taps_store(struct shape in, struct shape out, int slices, size_t slice_doubles,
                        const double *taps, float *dw);

#endif
