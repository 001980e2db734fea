/* The first convolution: 3x3x3 from a plain image of few channels to a tensor. See kernels/conv3.h.
 *
 * Images of four maps run on tensor cores, unless fp32 is asked for: see image_product.h. These kernels are for
 * all others, in plain fp32 arithmetic. */
#include "kernels/cuda/image_product.h"
#include "kernels/cuda/operations.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/streams.h"
#include "kernels/cuda/sums.h"

enum { TAPS = 27, IMAGE_QUADS = 8 /* 32 output channels a block */ };

/* --- forward --- */

/* A block: 64 x 4 voxels of a slice, 32 channels of one stream. A thread: 8 voxels along x, four channels. */

enum { STRIP = 8, STRIPS = 8, TILE_X = STRIP * STRIPS, TILE_Y = 4, HALO_X = TILE_X + 2, HALO_Y = TILE_Y + 2 };
enum { TILE_FLOATS = 3 * HALO_Y * HALO_X, TILE_WEIGHTS = TAPS * IMAGE_QUADS * 4 };

/* Three slices around z of one image channel, with a border of one; zero outside. */
__device__ static inline void load_tile(struct shape s, const float *image, int z, int first_y, int first_x,
                                        float *tile)
{
    for (int n = (int)threadIdx.x; n < TILE_FLOATS; n += ROW_THREADS) {
        int tz = n / (HALO_Y * HALO_X) + z - 1, ty = n / HALO_X % HALO_Y + first_y - 1,
            tx = n % HALO_X + first_x - 1;
        bool inside = tz >= 0 && tz < s.depth && ty >= 0 && ty < s.height && tx >= 0 && tx < s.width;
        tile[n] = inside ? image[((size_t)tz * (size_t)s.height + (size_t)ty) * (size_t)s.width + (size_t)tx]
                         : 0.0f;
    }
}

/* Shared: the tile, then the weights of one image channel as [tap][32 output channels]. */
template <class STREAM>
__global__ void image_conv_forward_kernel(struct shape s, int image_channels, const float *image,
                                          const float *w, STREAM *y, unsigned long long *wraps)
{
    GPU_SHARED(float, tile);
    float *weights = tile + TILE_FLOATS;
    size_t voxels = (size_t)s.depth * (size_t)s.height * (size_t)s.width;
    int slabs = (padded(s.channels) + 4 * IMAGE_QUADS - 1) / (4 * IMAGE_QUADS);
    int stream = (int)blockIdx.z / slabs, slab = (int)blockIdx.z % slabs;
    int tiles_x = (s.width + TILE_X - 1) / TILE_X, z = (int)blockIdx.y;
    int first_x = (int)blockIdx.x % tiles_x * TILE_X, first_y = (int)blockIdx.x / tiles_x * TILE_Y;
    int quad = (int)threadIdx.x % IMAGE_QUADS, strip = (int)threadIdx.x / IMAGE_QUADS % STRIPS;
    int row = (int)threadIdx.x / (IMAGE_QUADS * STRIPS);
    float sums[STRIP][4] = {};
    for (int i = 0; i < image_channels; i++) {
        __syncthreads();
        load_tile(s, image + (size_t)i * voxels, z, first_y, first_x, tile);
        for (int n = (int)threadIdx.x; n < TILE_WEIGHTS; n += ROW_THREADS) {
            int o = slab * 4 * IMAGE_QUADS + n % (4 * IMAGE_QUADS), tap = n / (4 * IMAGE_QUADS);
            weights[n] =
                o < s.channels ? w[((stream * s.channels + o) * image_channels + i) * TAPS + tap] : 0.0f;
        }
        __syncthreads();
        for (int tap = 0; tap < TAPS; tap += 3) {
            const float *from = tile + (tap / 9 * HALO_Y + tap / 3 % 3 + row) * HALO_X + strip * STRIP;
            float line[STRIP + 2];
            for (int n = 0; n < STRIP + 2; n++)
                line[n] = from[n];
#pragma unroll
            for (int tx = 0; tx < 3; tx++) {
                float4 weight = load4(weights + (tap + tx) * 4 * IMAGE_QUADS + 4 * quad);
#pragma unroll
                for (int n = 0; n < STRIP; n++) {
                    sums[n][0] += line[n + tx] * weight.x;
                    sums[n][1] += line[n + tx] * weight.y;
                    sums[n][2] += line[n + tx] * weight.z;
                    sums[n][3] += line[n + tx] * weight.w;
                }
            }
        }
    }
    int channel = slab * 4 * IMAGE_QUADS + 4 * quad, vy = first_y + row;
    if (vy >= s.height || channel >= padded(s.channels))
        return;
    size_t v = (size_t)stream * voxels + ((size_t)z * (size_t)s.height + (size_t)vy) * (size_t)s.width;
    unsigned wrapped = 0;
#pragma unroll
    for (int n = 0; n < STRIP; n++) {
        int vx = first_x + strip * STRIP + n;
        if (vx < s.width)
            store4(y + (v + (size_t)vx) * (size_t)padded(s.channels) + channel,
                   stream_of4(y, make_float4(sums[n][0], sums[n][1], sums[n][2], sums[n][3]), wrapped));
    }
    count_wraps(wrapped, wraps);
}

static inline unsigned slabs_of(struct shape s)
{
    return (unsigned)((padded(s.channels) + 4 * IMAGE_QUADS - 1) / (4 * IMAGE_QUADS) * s.streams);
}

template <class STREAM>
static void forward(int image_channels, struct shape out, const float *image, const float *w, float *y)
{
    unsigned tiles = (unsigned)(((out.width + TILE_X - 1) / TILE_X) * ((out.height + TILE_Y - 1) / TILE_Y));
    GPU_LAUNCH(image_conv_forward_kernel<STREAM>, dim3(tiles, (unsigned)out.depth, slabs_of(out)),
               dim3(ROW_THREADS), (TILE_FLOATS + TILE_WEIGHTS) * sizeof(float), out, image_channels, image, w,
               stored<STREAM>(y), streams_wraps_of(1));
}

void cuda_image_conv_forward(int image_channels, struct shape out, const float *image, const float *w,
                             float *y, void *)
{
    if (!gpu_begin("image_conv_forward"))
        return;
    if (image_product_fits(operand_precision(), image_channels)) {
        image_product_forward(out, image, w, y);
        return;
    }
    (streams_are_int16() ? forward<int16_t> : forward<float>)(image_channels, out, image, w, y);
}

/* --- weight gradient --- */

/* A block: some rows (z, y) of the volume, 32 channels of one stream, up to four image channels. A thread:
 * four output channels, the three taps along x of one (z, y) offset, one of three strips of each row; that is
 * 48 sums. Sums of one row are added to those of all rows: two short chains of additions round less than a
 * long one. */

enum { CHUNK = 4, OFFSETS = 9, WGRAD_STRIPS = 3, WGRAD_THREADS = IMAGE_QUADS * OFFSETS * WGRAD_STRIPS };
enum { WGRAD_BLOCKS_MAX = 1024, WGRAD_SUMS = CHUNK * TAPS * IMAGE_QUADS * 4 };
static_assert((int)WGRAD_SUMS == (int)IMAGE_PRODUCT_SUMS, "one layout of the sums");

/* partials[block][slab of all streams and chunk][image channel of the chunk][tap][32 channels] */
template <class GRADIENT>
__global__ void image_conv_backward_kernel(struct shape s, int image_channels, int slabs, int chunks,
                                           const float *image, const GRADIENT *dy, double *partials)
{
    GPU_SHARED(float, shared);
    size_t voxels = (size_t)s.depth * (size_t)s.height * (size_t)s.width;
    int row_floats = padded(s.channels), chunk = (int)blockIdx.z, stream = (int)blockIdx.y / slabs;
    int quad = (int)threadIdx.x % IMAGE_QUADS, offset = (int)threadIdx.x / IMAGE_QUADS % OFFSETS;
    int strip = (int)threadIdx.x / (IMAGE_QUADS * OFFSETS);
    int channel = ((int)blockIdx.y % slabs * IMAGE_QUADS + quad) * 4, first_channel = chunk * CHUNK;
    int each = (s.width + WGRAD_STRIPS - 1) / WGRAD_STRIPS, first = strip * each;
    int end = first + each < s.width ? first + each : s.width;
    float sums[CHUNK][3][4] = {};
    if (channel >= row_floats)
        end = first;
    for (int line = (int)blockIdx.x; line < s.depth * s.height; line += (int)gridDim.x) {
        int z = line / s.height + offset / 3 - 1, y = line % s.height + offset % 3 - 1;
        if (z < 0 || z >= s.depth || y < 0 || y >= s.height)
            continue;
        const GRADIENT *gradients =
            dy + ((size_t)stream * voxels + (size_t)line * (size_t)s.width) * (size_t)row_floats + channel;
        const float *intensities = image + ((size_t)z * (size_t)s.height + (size_t)y) * (size_t)s.width;
        float here[CHUNK][3][4] = {}, before[CHUNK] = {}, at[CHUNK] = {};
#pragma unroll
        for (int i = 0; i < CHUNK; i++)
            if (first_channel + i < image_channels && first < end) {
                const float *map = intensities + (size_t)(first_channel + i) * voxels;
                before[i] = first > 0 ? map[first - 1] : 0.0f;
                at[i] = map[first];
            }
        for (int x = first; x < end; x++) {
            float4 g = load4(gradients + (size_t)x * (size_t)row_floats);
#pragma unroll
            for (int i = 0; i < CHUNK; i++) {
                bool real = first_channel + i < image_channels && x + 1 < s.width;
                float after = real ? intensities[(size_t)(first_channel + i) * voxels + (size_t)x + 1] : 0.0f;
                const float window[3] = {before[i], at[i], after};
#pragma unroll
                for (int tx = 0; tx < 3; tx++) {
                    here[i][tx][0] += g.x * window[tx];
                    here[i][tx][1] += g.y * window[tx];
                    here[i][tx][2] += g.z * window[tx];
                    here[i][tx][3] += g.w * window[tx];
                }
                before[i] = at[i], at[i] = after;
            }
        }
#pragma unroll
        for (int n = 0; n < CHUNK * 12; n++)
            sums[n / 12][n / 4 % 3][n % 4] += here[n / 12][n / 4 % 3][n % 4];
    }
    /* Strip after strip goes into shared memory, so that the order of the additions is fixed. */
    for (int turn = 0; turn < WGRAD_STRIPS; turn++) {
        __syncthreads();
        if (turn == strip)
#pragma unroll
            for (int n = 0; n < CHUNK * 12; n++) {
                int tap = offset * 3 + n / 4 % 3;
                float *to = shared + ((n / 12 * TAPS + tap) * IMAGE_QUADS + quad) * 4 + n % 4;
                *to = (turn ? *to : 0.0f) + sums[n / 12][n / 4 % 3][n % 4];
            }
    }
    __syncthreads();
    double *to = partials + ((size_t)blockIdx.x * gridDim.y + blockIdx.y) * (size_t)(chunks * WGRAD_SUMS) +
                 (size_t)(chunk * WGRAD_SUMS);
    for (int n = (int)threadIdx.x; n < WGRAD_SUMS; n += WGRAD_THREADS)
        to[n] = (double)shared[n];
}

/* one thread a weight of dw [streams * channels][image channels][27] */
__global__ void image_conv_add_gradient_kernel(struct shape s, int image_channels, int slabs, int chunks,
                                               const double *totals, float *dw)
{
    int n = (int)(blockIdx.x * blockDim.x + threadIdx.x);
    int tap = n % TAPS, i = n / TAPS % image_channels, o = n / TAPS / image_channels;
    if (o >= s.streams * s.channels)
        return;
    int stream = o / s.channels, c = o % s.channels, slab = stream * slabs + c / (4 * IMAGE_QUADS);
    size_t at =
        ((size_t)((slab * chunks + i / CHUNK) * CHUNK + i % CHUNK) * TAPS + (size_t)tap) * 4 * IMAGE_QUADS +
        (size_t)(c % (4 * IMAGE_QUADS));
    dw[n] = (float)((double)dw[n] + totals[at]);
}

static inline unsigned wgrad_blocks(struct shape s)
{
    long lines = (long)s.depth * s.height;
    return (unsigned)(lines < (long)WGRAD_BLOCKS_MAX ? lines : (long)WGRAD_BLOCKS_MAX);
}

/* Sums of blocks: floats of image_product_backward, or doubles. */
struct wgrad_scratch {
    bool product;
    unsigned blocks;
    int sums; /* of a block */
    void *partials;
    double *totals;
};

static struct wgrad_scratch wgrad_take(struct scratch *scratch, enum precision precision, int image_channels,
                                       struct shape out)
{
    struct wgrad_scratch w = {};
    w.product = image_product_fits(precision, image_channels);
    w.blocks = w.product ? image_product_blocks(out) : wgrad_blocks(out);
    w.sums = (int)slabs_of(out) * ((image_channels + CHUNK - 1) / CHUNK) * WGRAD_SUMS;
    w.totals = static_cast<double *>(scratch_take(scratch, (size_t)w.sums * sizeof(double)));
    w.partials = scratch_take(scratch, (size_t)w.blocks * (size_t)w.sums *
                                           (w.product ? sizeof(float) : sizeof(double)));
    return w;
}

template <class GRADIENT>
static void weight_sums(const struct wgrad_scratch *scratch, int image_channels, struct shape out, int chunks,
                        const float *image, const float *dy)
{
    double *partials = static_cast<double *>(scratch->partials);
    unsigned slabs = slabs_of(out);
    GPU_LAUNCH(image_conv_backward_kernel<GRADIENT>, dim3(scratch->blocks, slabs, (unsigned)chunks),
               dim3(WGRAD_THREADS), WGRAD_SUMS * sizeof(float), out, image_channels, (int)slabs / out.streams,
               chunks, image, stored<GRADIENT>(dy), partials);
    sums_reduce(scratch->blocks, scratch->sums, scratch->sums, partials, scratch->totals);
}

size_t image_conv_scratch_bytes(enum precision precision, struct shape image, struct shape out)
{
    struct scratch s = scratch_begin(NULL);
    wgrad_take(&s, precision, image.channels, out);
    return s.bytes;
}

void cuda_image_conv_backward(int image_channels, struct shape out, const float *image, const float *dy,
                              float *dw, void *scratch)
{
    struct scratch s = scratch_begin(scratch);
    if (!gpu_begin("image_conv_backward"))
        return;
    struct wgrad_scratch w = wgrad_take(&s, operand_precision(), image_channels, out);
    int slabs = (int)slabs_of(out) / out.streams, chunks = (image_channels + CHUNK - 1) / CHUNK,
        weights = out.streams * out.channels * image_channels * TAPS;
    if (w.product) {
        float *partials = static_cast<float *>(w.partials);
        image_product_backward(out, image, dy, partials);
        sums_reduce_floats(w.blocks, w.sums, partials, w.totals);
    } else {
        (streams_are_int16() ? weight_sums<uint16_t> : weight_sums<float>)(&w, image_channels, out, chunks,
                                                                           image, dy);
    }
    GPU_LAUNCH(image_conv_add_gradient_kernel, dim3((unsigned)(weights + 255) / 256), dim3(256), 0, out,
               image_channels, slabs, chunks, w.totals, dw);
}
