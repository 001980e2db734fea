/* 3x3x3 convolution over slabs: see conv3.h. */
#include "kernels/cpu/planar/partials.h"
#include "kernels/cpu/planar/planar.h"
#include "kernels/cpu/planar/stencil.h"

/* A convolution of `in` to `out` maps, or its transpose. */
struct convolution {
    struct shape shape;
    int in, out;
    struct partition partition;
    float *packed;
    size_t slot_bytes;
    char *slots;
};

struct convolution_slot {
    struct slab slab;
    float *result; /* [QUAD][room] */
};

static struct convolution_slot convolution_slot(const struct convolution *c, struct arena *arena)
{
    struct convolution_slot slot;
    slot.slab = slab_take(arena, c->in, c->shape.width, c->partition.rows);
    slot.result = arena_take(arena, QUAD * strip_room(c->shape.width, c->partition.rows) * sizeof(float));
    return slot;
}

static struct convolution convolution_take(struct arena *arena, struct shape shape, int in, int out)
{
    struct convolution c = {.shape = shape, .in = in, .out = out, .partition = partition_of(shape, in, 0)};
    struct arena count = {0};
    convolution_slot(&c, &count);
    c.slot_bytes = count.used;
    c.packed = arena_take(arena, packed_floats(out, in) * sizeof(float));
    c.slots = arena_take(arena, c.slot_bytes * (size_t)c.partition.slots);
    return c;
}

/* y = the strip's rows of one quad */
static void store_quad(const struct convolution *c, struct place place, int first, const float *result,
                       float *y)
{
    struct shape s = c->shape;
    size_t room = strip_room(s.width, c->partition.rows);
    for (int o = 0; o < QUAD && first + o < c->out; o++)
        for (int r = 0; r < place.rows; r++)
            memcpy(y + (((size_t)(first + o) * (size_t)s.depth + (size_t)place.z) * (size_t)s.height +
                        (size_t)(place.first_row + r)) *
                           (size_t)s.width,
                   result + (size_t)o * room + (size_t)r * (size_t)(s.width + 1),
                   (size_t)s.width * sizeof(float));
}

static void convolve_slot(const struct convolution *c, int number, const float *x, float *y)
{
    struct arena arena = {c->slots + (size_t)number * c->slot_bytes, 0};
    struct convolution_slot slot = convolution_slot(c, &arena);
    struct source source = {.shape = c->shape, .x = x};
    int begin = partition_begin(&c->partition, number), end = partition_begin(&c->partition, number + 1);
    for (int item = begin; item < end; item++) {
        struct place place = partition_place(&c->partition, item);
        slab_move(&slot.slab, &source, place, item == begin || place.z == 0);
        for (int q = 0; q < quads(c->out); q++) {
            stencil_convolve(&slot.slab, c->packed + (size_t)q * packed_floats(QUAD, c->in),
                             strip_room(c->shape.width, c->partition.rows), slot.result);
            store_quad(c, place, q * QUAD, slot.result, y);
        }
    }
}

static void convolve(struct shape shape, int in, int out, const float *x, const float *w, int transposed,
                     float *y, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct convolution c = convolution_take(&arena, shape, in, out);
    stencil_pack(out, in, w, transposed, c.packed);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < c.partition.slots; slot++)
        convolve_slot(&c, slot, x, y);
}

/* The weight gradient of a convolution. */
struct correlation {
    struct shape shape;
    int in, out;
    struct partition partition;
    struct partials partials; /* [out][in][27] */
    size_t slot_bytes;
    char *slots;
};

struct correlation_slot {
    struct slab x, dy;
};

static struct correlation_slot correlation_slot(const struct correlation *c, struct arena *arena)
{
    struct correlation_slot slot;
    slot.x = slab_take(arena, c->in, c->shape.width, c->partition.rows);
    slot.dy = slab_take(arena, c->out, c->shape.width, c->partition.rows);
    return slot;
}

static struct correlation correlation_take(struct arena *arena, struct shape shape, int in, int out)
{
    size_t weights = (size_t)in * (size_t)out * 27;
    struct correlation c = {.shape = shape,
                            .in = in,
                            .out = out,
                            .partition = partition_of(shape, in + out, weights * sizeof(double))};
    struct arena count = {0};
    correlation_slot(&c, &count);
    c.slot_bytes = count.used;
    c.partials = partials_take(arena, c.partition.slots, weights);
    c.slots = arena_take(arena, c.slot_bytes * (size_t)c.partition.slots);
    return c;
}

static void correlate_slot(const struct correlation *c, int number, const float *x, const float *dy)
{
    struct arena arena = {c->slots + (size_t)number * c->slot_bytes, 0};
    struct correlation_slot slot = correlation_slot(c, &arena);
    struct source from_x = {.shape = c->shape, .x = x}, from_dy = {.shape = c->shape, .x = dy};
    double *sums = partials_start(&c->partials, number);
    int begin = partition_begin(&c->partition, number), end = partition_begin(&c->partition, number + 1);
    for (int item = begin; item < end; item++) {
        struct place place = partition_place(&c->partition, item);
        int fresh = item == begin || place.z == 0;
        slab_move(&slot.x, &from_x, place, fresh);
        slab_move(&slot.dy, &from_dy, place, fresh);
        stencil_correlate(&slot.x, &slot.dy, strip_voxels(c->shape.width, place.rows), sums);
    }
}

static void correlate(struct shape shape, int in, int out, const float *x, const float *dy, float *dw,
                      void *scratch)
{
    struct arena arena = {scratch, 0};
    struct correlation c = correlation_take(&arena, shape, in, out);
#pragma omp parallel for schedule(dynamic, 1)
    for (int slot = 0; slot < c.partition.slots; slot++)
        correlate_slot(&c, slot, x, dy);
    partials_add(&c.partials, 0, c.partials.count, dw);
}

size_t planar_conv3_scratch(struct shape in, struct shape out)
{
    struct arena forward = {0}, data = {0}, weights = {0};
    convolution_take(&forward, in, shape_channels(in), shape_channels(out));
    convolution_take(&data, in, shape_channels(out), shape_channels(in));
    correlation_take(&weights, in, shape_channels(in), shape_channels(out));
    size_t most = forward.used > data.used ? forward.used : data.used;
    return most > weights.used ? most : weights.used;
}

void planar_conv3_forward(struct shape in, struct shape out, const float *x, const float *w, float *y,
                          void *scratch)
{
    convolve(in, shape_channels(in), shape_channels(out), x, w, 0, y, scratch);
}

void planar_conv3_backward(struct shape in, struct shape out, const float *x, const float *w, const float *dy,
                           float *dx, float *dw, void *scratch)
{
    if (dx)
        convolve(in, shape_channels(out), shape_channels(in), dy, w, 1, dx, scratch);
    correlate(in, shape_channels(in), shape_channels(out), x, dy, dw, scratch);
}

void planar_image_conv_forward(int image_channels, struct shape out, const float *image, const float *w,
                               float *y, void *scratch)
{
    convolve(out, image_channels, shape_channels(out), image, w, 0, y, scratch);
}

void planar_image_conv_backward(int image_channels, struct shape out, const float *image, const float *dy,
                                float *dw, void *scratch)
{
    correlate(out, image_channels, shape_channels(out), image, dy, dw, scratch);
}
