/* See operand.h. */
#include "kernels/cuda/operand.h"
#include "kernels/cuda/streams.h"
#include "kernels/cuda/sums.h"

static enum precision current;

void operand_set_precision(enum precision precision)
{
    current = precision;
}

enum precision operand_precision(void)
{
    return current;
}

bool operand_is_bf16(void)
{
    return precision_is_bf16(current);
}

/* y = x */
template <class IN, class OUT> __global__ void operand_convert_kernel(struct rows r, const IN *x, OUT *y)
{
    struct place p = place_in(r);
    for (size_t v = p.first; v < r.voxels; v += p.step) {
        size_t at = v * (size_t)r.padded + (size_t)p.channel;
        store4(y + at, load4(x + at));
    }
}

const void *operand_of(struct shape shape, const float *matrix, void *destination)
{
    if (!operand_is_bf16())
        return matrix;
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    GPU_LAUNCH((operand_convert_kernel<float, uint16_t>), rows_grid(r), rows_block(r), 0, r, matrix,
               static_cast<uint16_t *>(destination));
    return destination;
}

void operand_to_floats(struct shape shape, const uint16_t *f, float *y)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    GPU_LAUNCH((operand_convert_kernel<uint16_t, float>), rows_grid(r), rows_block(r), 0, r, f, y);
}

template <bool SUMS, class STREAM>
__global__ void operand_add_kernel(struct rows r, int channels, const uint16_t *f, float sign, STREAM *y,
                                   double *partials, double *totals, double *y_sums,
                                   unsigned long long *wraps)
{
    GPU_SHARED(double, shared);
    struct place p = place_in(r);
    double sums[4][2] = {};
    unsigned wrapped = 0;
    for (size_t v = p.first; v < r.voxels; v += p.step) {
        size_t at = v * (size_t)r.padded + (size_t)p.channel;
        float4 addend = load4(f + at);
        float4 sum = stream_sum4(
            y, load4(y + at), make_float4(sign * addend.x, sign * addend.y, sign * addend.z, sign * addend.w),
            wrapped);
        const float values[4] = {sum.x, sum.y, sum.z, sum.w};
        store4(y + at, sum);
        for (int c = 0; c < 4 && SUMS; c++) {
            sums[c][0] += (double)values[c];
            sums[c][1] += (double)values[c] * (double)values[c];
        }
    }
    count_wraps(wrapped, wraps);
    if (!SUMS)
        return;
    store_partials<2, double>(r, sums, shared, partials);
    if (sums_last_block<2>(r, shared, partials, totals))
        sums_copy(2 * channels, totals, y_sums);
}

template <class STREAM>
static void add(struct shape shape, const uint16_t *f, float sign, STREAM *y, double *y_sums,
                double *partials, unsigned long long *wraps)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    double *totals = sums_totals(r, 2, partials);
    if (y_sums)
        GPU_LAUNCH((operand_add_kernel<true, STREAM>), rows_grid(r), rows_block(r),
                   partial_shared(r, 2, sizeof(double)), r, shape.channels, f, sign, y, partials, totals,
                   y_sums, wraps);
    else
        GPU_LAUNCH((operand_add_kernel<false, STREAM>), rows_grid(r), rows_block(r), 0, r, shape.channels, f,
                   sign, y, partials, totals, y_sums, wraps);
}

void operand_add(struct shape shape, const uint16_t *f, float sign, float *y, double *y_sums,
                 double *partials, unsigned long long *wraps)
{
    if (streams_are_int16())
        add(shape, f, sign, stored<int16_t>(y), y_sums, partials, wraps);
    else
        add(shape, f, sign, y, y_sums, partials, wraps);
}
