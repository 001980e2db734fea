/* The reference with streams in 16 bits, kernels/int16.h: its operations on the values of streams and their gradients,
 * which lie in scratch behind the operation's own. Both are plain arrays [channels][D][H][W], streams of int16_t,
 * gradients of bfloat16. */
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

/* Where values lie, one after the other behind the operation's own scratch: of `in` and `out`, or of the gradient of
 * `out` where its own are not needed; then of the gradient of `in`, and of both for a branch. */
struct values {
    float *in, *out, *in_gradient, *out_gradient;
};

static float *cut(char *scratch, size_t *used, size_t bytes)
{
    float *piece = scratch ? (float *)(void *)(scratch + *used) : NULL;
    *used += whole_lines(bytes);
    return piece;
}

/* Returns the bytes of all; scratch may be NULL. */
static size_t values_take(enum operation operation, struct shape in, struct shape out, void *scratch,
                          struct values *v)
{
    const size_t a = kernels_reference.tensor_bytes(in), b = kernels_reference.tensor_bytes(out);
    size_t used = 0;
    cut(scratch, &used, kernels_reference.scratch_bytes(operation, in, out));
    *v = (struct values){0};
    if (operation != OPERATION_CONV3 && operation != OPERATION_IMAGE_CONV)
        v->in = cut(scratch, &used, a);
    if (operation == OPERATION_CONV3 || operation == OPERATION_NORM) /* of plain tensors, and channel_sums */
        return used;
    if (operation != OPERATION_HEAD)
        v->out = cut(scratch, &used, b);
    if (operation != OPERATION_IMAGE_CONV)
        v->in_gradient = cut(scratch, &used, a);
    if (operation == OPERATION_BRANCH)
        v->out_gradient = cut(scratch, &used, b);
    return used;
}

static size_t scratch_bytes(enum operation operation, struct shape in, struct shape out)
{
    struct values v;
    return values_take(operation, in, out, NULL, &v);
}

static struct values values_of(enum operation operation, struct shape in, struct shape out, void *scratch)
{
    struct values v;
    values_take(operation, in, out, scratch, &v);
    return v;
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

static size_t gradient_bytes(struct shape shape)
{
    return stream_count(shape) * sizeof(uint16_t);
}

static const float *load_gradient(struct shape shape, const float *gradient, float *values)
{
    const uint16_t *g = (const uint16_t *)(const void *)gradient;
    for (size_t i = 0; i < stream_count(shape); i++)
        values[i] = bf16_value(g[i]);
    return values;
}

/* gradient = values */
static void store_gradient(struct shape shape, const float *values, float *gradient)
{
    uint16_t *g = (uint16_t *)(void *)gradient;
    for (size_t i = 0; i < stream_count(shape); i++)
        g[i] = bf16_of(values[i]);
}

/* The operations ------------------------------------------------------------------------------------- */

static void channel_sums(struct shape shape, const float *x, double *sums, void *scratch)
{
    const struct values v = values_of(OPERATION_NORM, shape, shape, scratch);
    reference_channel_sums(shape, load(shape, x, v.in), sums, NULL);
}

static void image_conv_forward(int image_channels, struct shape out, const float *image, const float *w,
                               float *y, void *scratch)
{
    const struct shape in = {1, image_channels, out.depth, out.height, out.width};
    const struct values v = values_of(OPERATION_IMAGE_CONV, in, out, scratch);
    reference_image_conv_forward(image_channels, out, image, w, v.out, scratch);
    store(out, v.out, y);
}

static void image_conv_backward(int image_channels, struct shape out, const float *image, const float *dy,
                                float *dw, void *scratch)
{
    const struct shape in = {1, image_channels, out.depth, out.height, out.width};
    const struct values v = values_of(OPERATION_IMAGE_CONV, in, out, scratch);
    reference_image_conv_backward(image_channels, out, image, load_gradient(out, dy, v.out), dw, scratch);
}

static void branch_forward(struct shape shape, const struct branch_weights *weights, const double *u_sums,
                           const float *u, float sign, float *y, double *y_sums, void *scratch)
{
    const struct values v = values_of(OPERATION_BRANCH, shape, shape, scratch);
    zeros(shape, v.out);
    reference_branch_forward(shape, weights, u_sums, load(shape, u, v.in), sign, v.out, NULL, scratch);
    add(shape, v.out, sign > 0, y);
    if (y_sums)
        last_sums(shape, y, v.out, y_sums);
}

static void branch_backward(struct shape shape, const struct branch_weights *weights,
                            const struct branch_gradients *gradients, const double *u_sums, const float *u,
                            float *du, float *y, const float *dy, void *scratch)
{
    const struct values v = values_of(OPERATION_BRANCH, shape, shape, scratch);
    zeros(shape, v.out);
    load(shape, u, v.in);
    load_gradient(shape, du, v.in_gradient);
    load_gradient(shape, dy, v.out_gradient);
    reference_branch_backward(shape, weights, gradients, u_sums, v.in, v.in_gradient, y ? v.out : NULL,
                              v.out_gradient, scratch);
    store_gradient(shape, v.in_gradient, du);
    if (y)
        add(shape, v.out, 0, y);
}

static void down_forward(struct shape fine, struct shape coarse, const float *x, const float *w,
                         const float *b, float *y, double *sums, void *scratch)
{
    const struct values v = values_of(OPERATION_DOWN, fine, coarse, scratch);
    reference_down_forward(fine, coarse, load(fine, x, v.in), w, b, v.out, NULL, scratch);
    store(coarse, v.out, y);
    if (sums)
        last_sums(coarse, y, v.out, sums);
}

static void down_backward(struct shape fine, struct shape coarse, const float *x, const float *w,
                          const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    const struct values v = values_of(OPERATION_DOWN, fine, coarse, scratch);
    load(fine, x, v.in);
    load_gradient(fine, dx, v.in_gradient);
    load_gradient(coarse, dy, v.out);
    reference_down_backward(fine, coarse, v.in, w, v.out, v.in_gradient, dw, db, scratch);
    store_gradient(fine, v.in_gradient, dx);
}

static void up_forward(struct shape coarse, struct shape fine, const float *x, const float *w, const float *b,
                       float sign, float *y, double *sums, void *scratch)
{
    const struct values v = values_of(OPERATION_UP, coarse, fine, scratch);
    zeros(fine, v.out);
    reference_up_forward(coarse, fine, load(coarse, x, v.in), w, b, sign, v.out, NULL, scratch);
    add(fine, v.out, sign > 0, y);
    if (sums)
        last_sums(fine, y, v.out, sums);
}

static void up_backward(struct shape coarse, struct shape fine, const float *x, const float *w,
                        const float *dy, float *dx, float *dw, float *db, void *scratch)
{
    const struct values v = values_of(OPERATION_UP, coarse, fine, scratch);
    load(coarse, x, v.in);
    load_gradient(fine, dy, v.out);
    reference_up_backward(coarse, fine, v.in, w, v.out, v.in_gradient, dw, db, scratch);
    store_gradient(coarse, v.in_gradient, dx);
}

static void head_forward(struct shape in, int regions, const float *x, const float *w, const float *b,
                         const uint8_t *target, float *p, double *bce_sums, void *scratch)
{
    const struct values v = values_of(OPERATION_HEAD, in, in, scratch);
    reference_head_forward(in, regions, load(in, x, v.in), w, b, target, p, bce_sums, scratch);
}

static void head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                          const uint8_t *target, const struct dice_sums *sums, struct loss_weights loss,
                          float *dx, float *dw, float *db, void *scratch)
{
    const struct values v = values_of(OPERATION_HEAD, in, in, scratch);
    load(in, x, v.in);
    reference_head_backward(in, regions, v.in, w, p, target, sums, loss, v.in_gradient, dw, db, scratch);
    store_gradient(in, v.in_gradient, dx);
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
    .gradient_bytes = gradient_bytes,
    .wraps = wraps,
    .pack = copy_tensor,
    .unpack = copy_tensor,
    .scratch_bytes = scratch_bytes,
    /* on streams and their gradients */
    .image_conv_forward = image_conv_forward,
    .image_conv_backward = image_conv_backward,
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
