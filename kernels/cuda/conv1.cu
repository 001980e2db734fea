/* Weights of 1x1x1 convolutions, from and to plain arrays, and their biases. See conv1.h. */
#include "kernels/cuda/conv1.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/sums.h"

/* --- weights of 1x1x1 convolutions --- */

/* The channel of the network that stands at a place in the padded rows of all streams; -1 for padding. */
__device__ static inline int channel_at(struct shape s, int place)
{
    int stream = place / padded(s.channels), channel = place % padded(s.channels);
    return channel < s.channels ? stream * s.channels + channel : -1;
}

/* one thread an element of packed */
__global__ void conv1_pack_weights_kernel(struct shape out, struct shape in, const float *w, float *packed)
{
    size_t n = thread_number(), row = (size_t)(in.streams * padded(in.channels));
    if (n >= (size_t)(out.streams * padded(out.channels)) * row)
        return;
    int o = channel_at(out, (int)(n / row)), i = channel_at(in, (int)(n % row));
    packed[n] = o >= 0 && i >= 0 ? w[(size_t)o * (size_t)(in.streams * in.channels) + (size_t)i] : 0.0f;
}

void conv1_pack_weights(struct shape out, struct shape in, const float *w, float *packed)
{
    size_t count = (size_t)(out.streams * padded(out.channels)) * (size_t)(in.streams * padded(in.channels));
    GPU_LAUNCH(conv1_pack_weights_kernel, array_grid(count), dim3(ARRAY_THREADS), 0, out, in, w, packed);
}

/* one thread an element of packed */
__global__ void conv1_add_gradient_kernel(struct shape out, struct shape in, const float *packed, float *dw)
{
    size_t n = thread_number(), row = (size_t)(in.streams * padded(in.channels));
    if (n >= (size_t)(out.streams * padded(out.channels)) * row)
        return;
    int o = channel_at(out, (int)(n / row)), i = channel_at(in, (int)(n % row));
    if (o >= 0 && i >= 0)
        dw[(size_t)o * (size_t)(in.streams * in.channels) + (size_t)i] += packed[n];
}

void conv1_add_gradient(struct shape out, struct shape in, const float *packed, float *dw)
{
    size_t count = (size_t)(out.streams * padded(out.channels)) * (size_t)(in.streams * padded(in.channels));
    GPU_LAUNCH(conv1_add_gradient_kernel, array_grid(count), dim3(ARRAY_THREADS), 0, out, in, packed, dw);
}

/* --- biases --- */

__global__ void conv1_fill_bias_kernel(struct rows r, int channels, const float *b, float *y)
{
    struct place p = place_in(r);
    float value[4];
    for (int c = 0; c < 4; c++)
        value[c] = p.channel + c < channels ? b[p.channel + c] : 0.0f;
    for (size_t v = p.first; v < r.voxels; v += p.step)
        store4(y + v * (size_t)r.padded + p.channel, make_float4(value[0], value[1], value[2], value[3]));
}

void conv1_fill_bias(struct shape shape, const float *b, float *y)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    GPU_LAUNCH(conv1_fill_bias_kernel, rows_grid(r), rows_block(r), 0, r, shape.channels, b, y);
}

__global__ void conv1_bias_sums_kernel(struct rows r, const float *dy, double *partials)
{
    GPU_SHARED(double, shared);
    struct place p = place_in(r);
    double sums[4][1] = {};
    for (size_t v = p.first; v < r.voxels; v += p.step) {
        float4 value = load4(dy + v * (size_t)r.padded + p.channel);
        sums[0][0] += (double)value.x;
        sums[1][0] += (double)value.y;
        sums[2][0] += (double)value.z;
        sums[3][0] += (double)value.w;
    }
    store_partials<1, double>(r, sums, shared, partials);
}

void conv1_bias_gradient(struct shape shape, const float *dy, float *db, double *partials)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    double *totals = partials + partial_doubles(r, 1);
    GPU_LAUNCH(conv1_bias_sums_kernel, rows_grid(r), rows_block(r), partial_shared(r, 1, sizeof(double)), r,
               dy, partials);
    sums_reduce(r.width, r.padded, shape.channels, partials, totals);
    sums_add_totals(shape.channels, totals, db);
}
