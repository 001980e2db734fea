/* 3x3x3 convolution over slabs: see kernels/conv3.h. */

/* A convolution of `in` to `out` maps, or its transpose. */
struct convolution {
    struct shape shape;
    int in, out;
    struct partition partition;
    int to_streams; /* the result is a stream */
    float *packed;
    struct slice_memory slices;
};

struct convolution_slice {
    struct slab slab;
    float *result; /* [QUAD][capacity] */
};

static size_t convolution_capacity(const struct convolution *c)
{
    return strip_capacity(c->shape.width, c->partition.rows);
}

static struct convolution_slice convolution_slice(const struct convolution *c, struct arena *arena)
{
    struct convolution_slice slice;
    slice.slab = slab_take(arena, c->in, c->shape.width, c->partition.rows);
    slice.result = arena_lines(arena, QUAD * convolution_capacity(c) * sizeof(float));
    return slice;
}

static struct convolution convolution_take(struct arena *arena, struct shape shape, int in, int out)
{
    struct convolution c = {.shape = shape, .in = in, .out = out, .partition = partition_of(shape, in, 0)};
    struct arena count = {0};
    convolution_slice(&c, &count);
    c.packed = arena_lines(arena, packed_floats(out, in) * sizeof(float));
    c.slices = arena_slices(arena, count.used, c.partition.slices);
    return c;
}

/* y = the strip's rows of one quad; y is a stream or plain. */
static void store_quad(const struct convolution *c, struct strip strip, int q, const float *result, float *y)
{
    size_t width = (size_t)c->shape.width;
    for (int o = q * QUAD; o < int_min(q * QUAD + QUAD, c->out); o++, result += convolution_capacity(c))
        for (int r = 0; r < strip.rows; r++) {
            size_t at = shape_row(c->shape, o, strip.z, strip.first_row + r);
            const float *row = result + (size_t)r * (width + 1);
            if (c->to_streams)
                stream_store(width, row, streams(y) + at);
            else
                memcpy(y + at, row, width * sizeof(float));
        }
}

static void convolve_slice(const struct convolution *c, int number, const float *x, float *y)
{
    struct arena arena = slice_arena(&c->slices, number);
    struct convolution_slice slice = convolution_slice(c, &arena);
    struct slab_source source = {.shape = c->shape, .x.plain = x};
    int begin = partition_begin(&c->partition, number), end = partition_begin(&c->partition, number + 1);
    for (int item = begin; item < end; item++) {
        struct strip strip = partition_strip(&c->partition, item);
        slab_move(&slice.slab, &source, strip, item == begin || strip.z == 0);
        for (int q = 0; q < quads(c->out); q++) {
            stencil_convolve(&slice.slab, c->packed, q, convolution_capacity(c), slice.result);
            store_quad(c, strip, q, slice.result, y);
        }
    }
}

static void convolve(struct shape shape, int in, int out, const float *x, const float *w, int transposed,
                     float *y, int to_streams, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct convolution c = convolution_take(&arena, shape, in, out);
    c.to_streams = to_streams;
    stencil_pack(out, in, w, transposed, c.packed);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < c.partition.slices; slice++)
        convolve_slice(&c, slice, x, y);
}

/* The weight gradient of a convolution. */
struct correlation {
    struct shape shape;
    int in, out;
    struct partition partition;
    struct partials partials; /* [out][in][27] */
    struct slice_memory slices;
};

struct correlation_slice {
    struct slab x, dy;
};

static struct correlation_slice correlation_slice(const struct correlation *c, struct arena *arena)
{
    struct correlation_slice slice;
    slice.x = slab_take(arena, c->in, c->shape.width, c->partition.rows);
    slice.dy = slab_take(arena, c->out, c->shape.width, c->partition.rows);
    return slice;
}

static struct correlation correlation_take(struct arena *arena, struct shape shape, int in, int out)
{
    size_t weights = (size_t)in * (size_t)out * 27;
    struct correlation c = {.shape = shape,
                            .in = in,
                            .out = out,
                            .partition = partition_of(shape, in + out, weights * sizeof(double))};
    struct arena count = {0};
    correlation_slice(&c, &count);
    c.partials = partials_take(arena, c.partition.slices, weights);
    c.slices = arena_slices(arena, count.used, c.partition.slices);
    return c;
}

static void correlate_slice(const struct correlation *c, int number, const float *x,
                            struct plain_or_gradient dy)
{
    struct arena arena = slice_arena(&c->slices, number);
    struct correlation_slice slice = correlation_slice(c, &arena);
    struct slab_source from_x = {.shape = c->shape, .x.plain = x}, from_dy = {.shape = c->shape, .x = dy};
    double *sums = partials_start(&c->partials, number);
    int begin = partition_begin(&c->partition, number), end = partition_begin(&c->partition, number + 1);
    for (int item = begin; item < end; item++) {
        struct strip strip = partition_strip(&c->partition, item);
        int fresh = item == begin || strip.z == 0;
        slab_move(&slice.x, &from_x, strip, fresh);
        slab_move(&slice.dy, &from_dy, strip, fresh);
        stencil_correlate(&slice.x, &slice.dy, strip_voxels(c->shape.width, strip.rows), sums);
    }
}

static void correlate(struct shape shape, int in, int out, const float *x, struct plain_or_gradient dy,
                      float *dw, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct correlation c = correlation_take(&arena, shape, in, out);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slice = 0; slice < c.partition.slices; slice++)
        correlate_slice(&c, slice, x, dy);
    partials_add(&c.partials, 0, c.partials.count, dw);
}

static size_t conv3_scratch(struct shape in, struct shape out)
{
    struct arena forward = {0}, data = {0}, weights = {0};
    convolution_take(&forward, in, shape_channels(in), shape_channels(out));
    convolution_take(&data, in, shape_channels(out), shape_channels(in));
    correlation_take(&weights, in, shape_channels(in), shape_channels(out));
    return size_max(size_max(forward.used, data.used), weights.used);
}

static void conv3_forward(struct shape in, struct shape out, const float *x, const float *w, float *y,
                          void *scratch)
{
    convolve(in, shape_channels(in), shape_channels(out), x, w, 0, y, 0, scratch);
}

static void conv3_backward(struct shape in, struct shape out, const float *x, const float *w, const float *dy,
                           float *dx, float *dw, void *scratch)
{
    if (dx)
        convolve(in, shape_channels(out), shape_channels(in), dy, w, 1, dx, 0, scratch);
    correlate(in, shape_channels(in), shape_channels(out), x, (struct plain_or_gradient){.plain = dy}, dw,
              scratch);
}

static void image_conv_forward(int image_channels, struct shape out, const float *image, const float *w,
                               float *y, void *scratch)
{
    convolve(out, image_channels, shape_channels(out), image, w, 0, y, 1, scratch);
}

static void image_conv_backward(int image_channels, struct shape out, const float *image, const float *dy,
                                float *dw, void *scratch)
{
    correlate(out, image_channels, shape_channels(out), image,
              (struct plain_or_gradient){.gradient = stream_gradients_read(dy)}, dw, scratch);
}
