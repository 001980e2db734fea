/* Between plain arrays and the padded layout, between fp32 and bf16; biases. See device.h. */
#include "kernels/cuda/device.h"
#include "kernels/cuda/rows.h"

enum { PACK_THREADS = 256 };

static inline dim3 pack_grid(size_t count)
{
    return dim3((unsigned)((count + PACK_THREADS - 1) / PACK_THREADS));
}

__device__ static inline size_t thread_number(void)
{
    return (size_t)blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ static inline void store1(float *to, float value)
{
    *to = value;
}

__device__ static inline void store1(uint16_t *to, float value)
{
    *to = (uint16_t)bf16_bits(value);
}

__device__ static inline float load1(const float *from)
{
    return *from;
}

__device__ static inline float load1(const uint16_t *from)
{
    return __uint_as_float((unsigned)*from << 16);
}

/* --- sheets --- */

template <class IN, class OUT> __global__ void convert(struct rows r, const IN *x, OUT *y)
{
    struct place p = place_in(r);
    for (size_t v = p.first; v < r.voxels; v += p.step) {
        size_t at = v * (size_t)r.padded + (size_t)p.channel;
        store4(y + at, load4(x + at));
    }
}

void gpu_to_bf16(size_t voxels, int channels, const float *x, uint16_t *out)
{
    struct rows r = rows_of(voxels, channels);
    GPU_LAUNCH((convert<float, uint16_t>), rows_grid(r), rows_block(r), 0, r, x, out);
}

void gpu_from_bf16(size_t voxels, int channels, const uint16_t *f, float *y)
{
    struct rows r = rows_of(voxels, channels);
    GPU_LAUNCH((convert<uint16_t, float>), rows_grid(r), rows_block(r), 0, r, f, y);
}

template <bool MOMENTS> __global__ void add_bf16(struct rows r, const uint16_t *f, float *y, double *partials)
{
    GPU_SHARED(double, shared);
    struct place p = place_in(r);
    double sums[4][2] = {};
    for (size_t v = p.first; v < r.voxels; v += p.step) {
        size_t at = v * (size_t)r.padded + (size_t)p.channel;
        float4 old = load4(y + at), add = load4(f + at);
        const float values[4] = {old.x + add.x, old.y + add.y, old.z + add.z, old.w + add.w};
        store4(y + at, make_float4(values[0], values[1], values[2], values[3]));
        for (int c = 0; c < 4 && MOMENTS; c++) {
            sums[c][0] += (double)values[c];
            sums[c][1] += (double)values[c] * (double)values[c];
        }
    }
    if (MOMENTS)
        store_partials<2, double>(r, sums, shared, partials);
}

void gpu_add_bf16(size_t voxels, int channels, const uint16_t *f, float *y, double *channel_sums,
                  double *partials)
{
    struct rows r = rows_of(voxels, channels);
    if (!channel_sums) {
        GPU_LAUNCH(add_bf16<false>, rows_grid(r), rows_block(r), 0, r, f, y, partials);
        return;
    }
    GPU_LAUNCH(add_bf16<true>, rows_grid(r), rows_block(r), partial_shared(r, 2, sizeof(double)), r, f, y,
               partials);
    gpu_sum_partials(r.width, r.padded * 2, channels * 2, partials, channel_sums);
}

/* --- weights of 3x3x3 convolutions --- */

enum { TAPS = 27 };

/* one thread an element of packed [padded(out)][27][padded(in)] */
template <class OUT> __global__ void pack_conv(int out, int in, const float *w, float sign, OUT *packed)
{
    size_t n = thread_number(), row = (size_t)padded(in);
    int i = (int)(n % row), tap = (int)(n / row % TAPS), o = (int)(n / row / TAPS);
    if (o >= padded(out))
        return;
    bool real = o < out && i < in;
    store1(packed + n, real ? sign * w[((size_t)o * (size_t)in + (size_t)i) * TAPS + (size_t)tap] : 0.0f);
}

void gpu_pack_conv(int out, int in, const float *w, float sign, void *packed, bool bf16)
{
    size_t count = (size_t)padded(out) * TAPS * (size_t)padded(in);
    if (bf16)
        GPU_LAUNCH(pack_conv<uint16_t>, pack_grid(count), dim3(PACK_THREADS), 0, out, in, w, sign,
                   static_cast<uint16_t *>(packed));
    else
        GPU_LAUNCH(pack_conv<float>, pack_grid(count), dim3(PACK_THREADS), 0, out, in, w, sign,
                   static_cast<float *>(packed));
}

/* one thread an element of dw [out][in][27] */
template <class IN> __global__ void add_conv_gradient(int out, int in, const IN *packed, float *dw)
{
    size_t n = thread_number(), row = (size_t)padded(in);
    size_t tap = n % TAPS, i = n / TAPS % (size_t)in, o = n / TAPS / (size_t)in;
    if (o < (size_t)out)
        dw[n] += load1(packed + (o * TAPS + tap) * row + i);
}

void gpu_add_conv_gradient(int out, int in, const void *packed, bool bf16, float *dw)
{
    size_t count = (size_t)out * TAPS * (size_t)in;
    if (bf16)
        GPU_LAUNCH(add_conv_gradient<uint16_t>, pack_grid(count), dim3(PACK_THREADS), 0, out, in,
                   static_cast<const uint16_t *>(packed), dw);
    else
        GPU_LAUNCH(add_conv_gradient<float>, pack_grid(count), dim3(PACK_THREADS), 0, out, in,
                   static_cast<const float *>(packed), dw);
}

/* --- weights of 1x1x1 convolutions --- */

/* The channel of the network that stands at a place in the padded rows of all streams; -1 for padding. */
__device__ static inline int channel_at(struct shape s, int place)
{
    int part = place / padded(s.channels), channel = place % padded(s.channels);
    return channel < s.channels ? part * s.channels + channel : -1;
}

/* one thread an element of packed */
__global__ void pack_conv1(struct shape out, struct shape in, const float *w, float *packed)
{
    size_t n = thread_number(), row = (size_t)(in.streams * padded(in.channels));
    if (n >= (size_t)(out.streams * padded(out.channels)) * row)
        return;
    int o = channel_at(out, (int)(n / row)), i = channel_at(in, (int)(n % row));
    packed[n] = o >= 0 && i >= 0 ? w[(size_t)o * (size_t)(in.streams * in.channels) + (size_t)i] : 0.0f;
}

void gpu_pack_conv1(struct shape out, struct shape in, const float *w, float *packed)
{
    size_t count = (size_t)(out.streams * padded(out.channels)) * (size_t)(in.streams * padded(in.channels));
    GPU_LAUNCH(pack_conv1, pack_grid(count), dim3(PACK_THREADS), 0, out, in, w, packed);
}

/* one thread an element of packed */
__global__ void add_conv1_gradient(struct shape out, struct shape in, const float *packed, float *dw)
{
    size_t n = thread_number(), row = (size_t)(in.streams * padded(in.channels));
    if (n >= (size_t)(out.streams * padded(out.channels)) * row)
        return;
    int o = channel_at(out, (int)(n / row)), i = channel_at(in, (int)(n % row));
    if (o >= 0 && i >= 0)
        dw[(size_t)o * (size_t)(in.streams * in.channels) + (size_t)i] += packed[n];
}

void gpu_add_conv1_gradient(struct shape out, struct shape in, const float *packed, float *dw)
{
    size_t count = (size_t)(out.streams * padded(out.channels)) * (size_t)(in.streams * padded(in.channels));
    GPU_LAUNCH(add_conv1_gradient, pack_grid(count), dim3(PACK_THREADS), 0, out, in, packed, dw);
}

/* --- biases --- */

__global__ void fill_bias(struct rows r, int channels, const float *b, float *y)
{
    struct place p = place_in(r);
    float value[4];
    for (int c = 0; c < 4; c++)
        value[c] = p.channel + c < channels ? b[p.channel + c] : 0.0f;
    for (size_t v = p.first; v < r.voxels; v += p.step)
        store4(y + v * (size_t)r.padded + p.channel, make_float4(value[0], value[1], value[2], value[3]));
}

void gpu_fill_bias(size_t voxels, int channels, const float *b, float *y)
{
    struct rows r = rows_of(voxels, channels);
    GPU_LAUNCH(fill_bias, rows_grid(r), rows_block(r), 0, r, channels, b, y);
}

__global__ void bias_sums(struct rows r, const float *dy, double *partials)
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

void gpu_bias_gradient(size_t voxels, int channels, const float *dy, float *db, double *partials)
{
    struct rows r = rows_of(voxels, channels);
    double *totals = partials + partial_doubles(r, 1);
    GPU_LAUNCH(bias_sums, rows_grid(r), rows_block(r), partial_shared(r, 1, sizeof(double)), r, dy, partials);
    gpu_sum_partials(r.width, r.padded, channels, partials, totals);
    gpu_add_totals(channels, totals, db);
}
