/* The reference with streams in 16-bit fixed point, kernels/int16.h: its operations on the streams' values, which lie
 * in scratch behind the operation's own. Streams are plain arrays [channels][D][H][W] of int16_t. */
#include "kernels/int16.h"
#include "kernels/backends.h"
#include "kernels/reference/memory.h"
#include "kernels/reference/reference.h"

static size_t stream_count(struct shape shape)
{
    return (size_t)shape_channels(shape) * shape_voxels(shape);
}

static size_t stream_bytes(struct shape shape)
{
    return stream_count(shape) * sizeof(int16_t);
}

static size_t whole_lines(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Of the values of `in`, and behind them of `out`, with the operation's own scratch before. */
static size_t scratch_bytes(enum operation operation, struct shape in, struct shape out)
{
    const size_t own = whole_lines(kernels_reference.scratch_bytes(operation, in, out));
    const size_t a = whole_lines(kernels_reference.tensor_bytes(in)),
                 b = whole_lines(kernels_reference.tensor_bytes(out));
    switch (operation) {
    case OPERATION_CONV3:
        return own;
    case OPERATION_NORM: /* channel_sums */
    case OPERATION_HEAD:
        return own + a;
    case OPERATION_IMAGE_CONV:
        return own + b;
    default:
        return own + a + b;
    }
}

/* Where the values of `in`, or those of `out` behind them, lie. */
static float *in_values(enum operation operation, struct shape in, struct shape out, void *scratch)
{
    return (float *)(void *)((char *)scratch +
                             whole_lines(kernels_reference.scratch_bytes(operation, in, out)));
}

static float *out_values(enum operation operation, struct shape in, struct shape out, void *scratch)
{
    return in_values(operation, in, out, scratch) +
           whole_lines(kernels_reference.tensor_bytes(in)) / sizeof(float);
}

static const float *load(struct shape shape, const float *stream, float *values)
{
    const int16_t *a = (const int16_t *)(const void *)stream;
    for (size_t i = 0; i < stream_count(shape); i++)
        values[i] = int16_value(a[i]);
    return values;
}

static int64_t wrapped;

static int64_t wraps(void)
{
    return __atomic_exchange_n(&wrapped, 0, __ATOMIC_RELAXED);
}

/* stream += values; `counts`: what wraps, but not when it is undone. */
static void add(struct shape shape, const float *values, int counts, float *stream)
{
    int16_t *a = (int16_t *)(void *)stream;
    int count = 0;
    for (size_t i = 0; i < stream_count(shape); i++)
        a[i] = int16_add(a[i], values[i], &count);
    if (counts)
        __atomic_fetch_add(&wrapped, count, __ATOMIC_RELAXED);
}

/* stream = values */
static void store(struct shape shape, const float *values, float *stream)
{
    memset(stream, 0, stream_bytes(shape));
    add(shape, values, 1, stream);
}

static float *zeros(struct shape shape, float *values)
{
    memset(values, 0, kernels_reference.tensor_bytes(shape));
    return values;
}

/* Sums of the last stream of what has been written; `values` are overwritten. */
static void last_sums(struct shape shape, const float *stream, float *values, double *sums)
{
    const struct shape half = shape_half(shape);
    load(shape, stream, values);
    reference_channel_sums(half, values + stream_count(shape) - stream_count(half), sums, NULL);
}

static void channel_sums(struct shape shape, const float *x, double *sums, void *scratch)
{
    reference_channel_sums(shape, load(shape, x, in_values(OPERATION_NORM, shape, shape, scratch)), sums,
                           NULL);
}

static void image_conv_forward(int image_channels, struct shape out, const float *image, const float *w,
                               float *y, void *scratch)
{
    const struct shape in = {1, image_channels, out.depth, out.height, out.width};
    float *values = in_values(OPERATION_IMAGE_CONV, in, out, scratch);
    reference_image_conv_forward(image_channels, out, image, w, values, scratch);
    store(out, values, y);
}

static void branch_forward(struct shape shape, const struct branch_weights *weights, const double *u_sums,
                           const float *u, float sign, float *y, double *y_sums, void *scratch)
{
    const float *from = load(shape, u, in_values(OPERATION_BRANCH, shape, shape, scratch));
    float *f = zeros(shape, out_values(OPERATION_BRANCH, shape, shape, scratch));
    reference_branch_forward(shape, weights, u_sums, from, sign, f, NULL, scratch);
    add(shape, f, sign > 0, y);
    if (y_sums)
        last_sums(shape, y, f, y_sums);
}

static void branch_backward(struct shape shape, const struct branch_weights *weights,
                            const struct branch_gradients *gradients, const double *u_sums, const float *u,
                            float *du, float *y, const float *dy, void *scratch)
{
    const float *from = load(shape, u, in_values(OPERATION_BRANCH, shape, shape, scratch));
    float *f = zeros(shape, out_values(OPERATION_BRANCH, shape, shape, scratch));
    reference_branch_backward(shape, weights, gradients, u_sums, from, du, y ? f : NULL, dy, scratch);
    if (y)
        add(shape, f, 0, y);
}

static void down_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                         const float *b, float *y, double *sums, void *scratch)
{
    const float *from = load(fine, x, in_values(OPERATION_DOWN, fine, coarse, scratch));
    float *values = out_values(OPERATION_DOWN, fine, coarse, scratch);
    reference_down_forward(fine, coarse, from, w, b, values, NULL, scratch);
    store(coarse, values, y);
    if (sums)
        last_sums(coarse, y, values, sums);
}

static void down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                          const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    const float *from = load(fine, x, in_values(OPERATION_DOWN, fine, coarse, scratch));
    reference_down_backward(fine, coarse, from, w, dy, dx, dw, db, scratch);
}

static void up_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                       float sign, float *y, double *sums, void *scratch)
{
    const float *from = load(coarse, x, in_values(OPERATION_UP, coarse, fine, scratch));
    float *values = zeros(fine, out_values(OPERATION_UP, coarse, fine, scratch));
    reference_up_forward(coarse, fine, from, w, b, sign, values, NULL, scratch);
    add(fine, values, sign > 0, y);
    if (sums)
        last_sums(fine, y, values, sums);
}

static void up_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                        const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    const float *from = load(coarse, x, in_values(OPERATION_UP, coarse, fine, scratch));
    reference_up_backward(coarse, fine, from, w, dy, dx, dw, db, scratch);
}

static void head_forward(struct shape in, int regions, const float *x, const float *w, const float *b,
                         const uint8_t *target, float *p, double *bce_sums, void *scratch)
{
    const struct shape out = {1, regions, in.depth, in.height, in.width};
    const float *from = load(in, x, in_values(OPERATION_HEAD, in, out, scratch));
    reference_head_forward(in, regions, from, w, b, target, p, bce_sums, scratch);
}

static void head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                          const uint8_t *target, const struct dice_sums *sums, struct loss_weights loss,
                          float *dx, float *dw, float *db, void *scratch)
{
    const struct shape out = {1, regions, in.depth, in.height, in.width};
    const float *from = load(in, x, in_values(OPERATION_HEAD, in, out, scratch));
    reference_head_backward(in, regions, from, w, p, target, sums, loss, dx, dw, db, scratch);
}

static size_t tensor_bytes(struct shape shape)
{
    return kernels_reference.tensor_bytes(shape);
}

static void copy_tensor(struct shape shape, const float *from, float *to)
{
    memcpy(to, from, tensor_bytes(shape));
}

const struct kernels kernels_reference_int16 = {
    .name = "reference-int16",
    .description = "reference: plain loops, double sums, int16",
    REFERENCE_HOST_FUNCTIONS,
    .tensor_bytes = tensor_bytes,
    .stream_bytes = stream_bytes,
    .wraps = wraps,
    .pack = copy_tensor,
    .unpack = copy_tensor,
    .scratch_bytes = scratch_bytes,
    /* on streams */
    .image_conv_forward = image_conv_forward,
    .channel_sums = channel_sums,
    .branch_forward = branch_forward,
    .branch_backward = branch_backward,
    .down_forward = down_forward,
    .down_backward = down_backward,
    .up_forward = up_forward,
    .up_backward = up_backward,
    .head_forward = head_forward,
    .head_backward = head_backward,
    /* the reference's own */
    .conv3_forward = reference_conv3_forward,
    .conv3_backward = reference_conv3_backward,
    .image_conv_backward = reference_image_conv_backward,
    .norm_forward = reference_norm_forward,
    .norm_backward = reference_norm_backward,
    .pool_forward = reference_pool_forward,
    .pool_backward = reference_pool_backward,
    .upsample_forward = reference_upsample_forward,
    .upsample_backward = reference_upsample_backward,
    .dice_sums = reference_dice_sums,
    .adam = reference_adam,
    .average = reference_average,
    .fixed_add = reference_fixed_add,
    .fixed_mean = reference_fixed_mean,
};

static int no_tables(const struct kernels *list[FAMILY_TABLES_MAX])
{
    (void)list;
    return 0;
}

static const struct kernels *choose(const int *channels, int levels, int streams, const char **why)
{
    (void)channels, (void)levels;
    *why = "reference-int16 stores the two streams of reversible networks: this one has none";
    return streams == 2 ? &kernels_reference_int16 : NULL;
}

const struct kernels_family kernels_family_reference_int16 = {"reference-int16", no_tables, choose};
