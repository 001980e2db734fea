/* See conv1.h. A tensor is a matrix of voxels by channels for each stream, so a conv1 is a product for each
 * pair of an input and an output stream, with a block of the packed weights. */
#include "kernels/cuda/conv1.h"
#include "kernels/cuda/convolution_plan.h"
#include "kernels/cuda/places.h"
#include "kernels/cuda/product.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/sums.h"

/* --- tensors and weights as matrices --- */

static struct matrix stream_of(const float *tensor, struct shape shape, int stream)
{
    struct matrix m = {const_cast<float *>(tensor) + (size_t)stream * stream_floats(shape),
                       (size_t)padded(shape.channels), false};
    return m;
}

/* The weights [padded(out)][padded(in)] from one input to one output stream. */
static struct matrix block_of(float *packed, struct shape in, struct shape out, int in_stream, int out_stream)
{
    size_t stride = (size_t)places(in);
    float *first =
        packed + (size_t)(out_stream * padded(out.channels)) * stride + in_stream * padded(in.channels);
    struct matrix m = {first, stride, false};
    return m;
}

static struct matrix transposed(struct matrix m)
{
    m.transposed = !m.transposed;
    return m;
}

/* --- weights --- */

/* packed = w, plain [out][in]; one thread an element of packed */
__global__ void conv1_pack_weights_kernel(struct shape out, struct shape in, const float *w, float *packed)
{
    size_t n = thread_number(), row = (size_t)places(in);
    if (n >= (size_t)places(out) * row)
        return;
    int o = channel_of(out, (int)(n / row)), i = channel_of(in, (int)(n % row));
    packed[n] = o >= 0 && i >= 0 ? w[(size_t)o * (size_t)(in.streams * in.channels) + (size_t)i] : 0.0f;
}

static void pack_weights(struct shape out, struct shape in, const float *w, float *packed)
{
    size_t count = (size_t)places(out) * (size_t)places(in);
    GPU_LAUNCH(conv1_pack_weights_kernel, array_grid(count), dim3(ARRAY_THREADS), 0, out, in, w, packed);
}

/* dw += packed; one thread an element of packed */
__global__ void conv1_add_gradient_kernel(struct shape out, struct shape in, const float *packed, float *dw)
{
    size_t n = thread_number(), row = (size_t)places(in);
    if (n >= (size_t)places(out) * row)
        return;
    int o = channel_of(out, (int)(n / row)), i = channel_of(in, (int)(n % row));
    if (o >= 0 && i >= 0)
        dw[(size_t)o * (size_t)(in.streams * in.channels) + (size_t)i] += packed[n];
}

static void add_gradient(struct shape out, struct shape in, const float *packed, float *dw)
{
    size_t count = (size_t)places(out) * (size_t)places(in);
    GPU_LAUNCH(conv1_add_gradient_kernel, array_grid(count), dim3(ARRAY_THREADS), 0, out, in, packed, dw);
}

/* --- biases, of one stream --- */

/* y of every voxel = b */
__global__ void conv1_fill_bias_kernel(struct rows r, int channels, const float *b, float *y)
{
    struct place p = place_in(r);
    float value[4];
    for (int c = 0; c < 4; c++)
        value[c] = p.channel + c < channels ? b[p.channel + c] : 0.0f;
    for (size_t v = p.first; v < r.voxels; v += p.step)
        store4(y + v * (size_t)r.padded + p.channel, make_float4(value[0], value[1], value[2], value[3]));
}

static void fill_bias(struct shape shape, const float *b, float *y)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    GPU_LAUNCH(conv1_fill_bias_kernel, rows_grid(r), rows_block(r), 0, r, shape.channels, b, y);
}

/* db += sum of dy over the voxels */
__global__ void conv1_bias_gradient_kernel(struct rows r, int channels, const float *dy, double *partials,
                                           double *totals, float *db)
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
    if (sums_last_block<1>(r, shared, partials, totals))
        for (int c = (int)threadIdx.x; c < channels; c += (int)blockDim.x)
            db[c] = (float)((double)db[c] + totals[c]);
}

static void bias_gradient(struct shape shape, const float *dy, float *db, double *partials)
{
    struct rows r = rows_of(shape_voxels(shape), shape.channels);
    GPU_LAUNCH(conv1_bias_gradient_kernel, rows_grid(r), rows_block(r), partial_shared(r, 1, sizeof(double)),
               r, shape.channels, dy, partials, sums_totals(r, 1, partials), db);
}

/* --- conv1 --- */

struct conv1_scratch conv1_take(struct scratch *scratch, struct shape in, struct shape out)
{
    size_t weights = (size_t)places(out) * (size_t)places(in) * sizeof(float);
    struct conv1_scratch s = {};
    s.product.bytes = CONVOLUTION_PLAN_WORKSPACE;
    s.product.workspace = scratch_take(scratch, s.product.bytes);
    s.weights = static_cast<float *>(scratch_take(scratch, weights));
    s.weights_gradient = static_cast<float *>(scratch_take(scratch, weights));
    s.partials =
        static_cast<double *>(scratch_take(scratch, sums_partials_bytes(shape_voxels(out), out.channels)));
    return s;
}

void conv1_forward(const struct conv1_scratch *s, struct shape in, struct shape out, const float *x,
                   const float *w, const float *b, float *y)
{
    size_t voxels = shape_voxels(in), width = (size_t)padded(out.channels),
           inner = (size_t)padded(in.channels);
    pack_weights(out, in, w, s->weights);
    for (int o = 0; o < out.streams; o++) {
        struct matrix to = stream_of(y, out, o);
        fill_bias(out, b + o * out.channels, to.data);
        for (int i = 0; i < in.streams; i++)
            product(&s->product, voxels, width, inner, stream_of(x, in, i),
                    transposed(block_of(s->weights, in, out, i, o)), true, to);
    }
}

void conv1_weight_gradient(const struct conv1_scratch *s, struct shape in, struct shape out, const float *x,
                           const float *dy, float *dw, float *db)
{
    size_t voxels = shape_voxels(in), width = (size_t)padded(out.channels),
           inner = (size_t)padded(in.channels);
    for (int o = 0; o < out.streams; o++) {
        struct matrix gradient = stream_of(dy, out, o);
        for (int i = 0; i < in.streams; i++)
            product(&s->product, width, inner, voxels, transposed(gradient), stream_of(x, in, i), false,
                    block_of(s->weights_gradient, in, out, i, o));
        bias_gradient(out, gradient.data, db + o * out.channels, s->partials);
    }
    add_gradient(out, in, s->weights_gradient, dw);
}

void conv1_data_gradient(const struct conv1_scratch *s, struct shape in, struct shape out, const float *w,
                         const float *dy, float *dx)
{
    size_t voxels = shape_voxels(in), width = (size_t)padded(out.channels),
           inner = (size_t)padded(in.channels);
    pack_weights(out, in, w, s->weights);
    for (int i = 0; i < in.streams; i++)
        for (int o = 0; o < out.streams; o++)
            product(&s->product, voxels, inner, width, stream_of(dy, out, o),
                    block_of(s->weights, in, out, i, o), o > 0, stream_of(dx, in, i));
}

/* --- gradients from sums of blocks --- */

struct conv1_sums conv1_sums_take(struct scratch *scratch, unsigned tiles, struct conv1_slices slices)
{
    size_t count = (size_t)slices.slices * conv1_slice_sums(slices);
    struct conv1_sums s;
    s.partials = static_cast<float *>(scratch_take(scratch, (size_t)tiles * count * sizeof *s.partials));
    s.totals = static_cast<double *>(scratch_take(scratch, count * sizeof *s.totals));
    return s;
}

/* One thread a sum. */
__global__ void conv1_add_sums_kernel(struct conv1_slices s, struct shape in, struct shape out,
                                      const double *totals, float *dw, float *db)
{
    size_t n = thread_number();
    int each = (int)conv1_slice_sums(s), slice = (int)(n / (size_t)each), k = (int)(n % (size_t)each),
        weights = s.outs * s.ins;
    if (slice >= s.slices)
        return;
    bool bias = k >= weights;
    int o = channel_of(out, bias ? k - weights : k / s.ins),
        i = bias ? 0 : channel_of(in, slice * s.ins + k % s.ins);
    if (o < 0 || i < 0 || (bias && slice > 0))
        return;
    float *to = bias ? db + o : dw + (size_t)o * (size_t)(in.streams * in.channels) + (size_t)i;
    *to = (float)((double)*to + totals[n]);
}

void conv1_sums_add(const struct conv1_sums *sums, unsigned tiles, struct conv1_slices slices,
                    struct shape in, struct shape out, float *dw, float *db)
{
    size_t count = (size_t)slices.slices * conv1_slice_sums(slices);
    sums_reduce_floats(tiles, (int)count, sums->partials, sums->totals);
    GPU_LAUNCH(conv1_add_sums_kernel, array_grid(count), dim3(ARRAY_THREADS), 0, slices, in, out,
               sums->totals, dw, db);
}
