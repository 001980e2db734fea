/* 3x3x3 convolution and its gradients: see kernels/conv3.h. The image's convolution is one more, which reads
 * plain maps.
 *
 * The grid is cut into slices; a slice goes through its chunks of tiles, each while it is in the cache: by
 * transforms (tile_io.c), products (products.c) and, backward, their gradients. Where filters outgrow the
 * cache, panels.c does the same in another order. */

/* Slices share about this many bytes for what each of them needs: as many as fit, but a few at least. */
enum { CONV3_SLICES_MIN = 2, CONV3_SLICES_BYTES = 40 << 20 };

/* Scratch of the forward or of the backward pass. */
struct conv3 {
    int backward, in_blocks, out_blocks, slices;
    struct lane_sums *out_sums, *in_sums; /* of the epilogues of y and dx, [slices][blocks] */
    float *filters, *transposed;          /* transposed: backward */
    struct slice_memory memory;
};

/* What one slice works with; points and taps of the weight gradient: backward. */
struct conv3_slice {
    float *operand, *products, *points;
    double *taps;
};

static size_t conv3_filter_bytes(const struct conv3 *c)
{
    return filter_floats(c->in_blocks, c->out_blocks) * sizeof(float);
}

static size_t conv3_taps_bytes(const struct conv3 *c)
{
    return taps_doubles(c->in_blocks, c->out_blocks) * sizeof(double);
}

static struct conv3_slice conv3_slice(const struct conv3 *c, struct arena *arena)
{
    size_t operand = operand_floats(int_max(c->in_blocks, c->out_blocks)) * sizeof(float);
    struct conv3_slice slice = {.operand = arena_vectors(arena, operand)};
    slice.products = arena_vectors(arena, operand);
    if (c->backward) {
        slice.points = arena_vectors(arena, conv3_filter_bytes(c));
        slice.taps = arena_vectors(arena, conv3_taps_bytes(c));
    }
    return slice;
}

static struct conv3 conv3_take(struct arena *arena, struct shape in, struct shape out, int backward)
{
    struct conv3 c = {.backward = backward, .in_blocks = blocks_of(in), .out_blocks = blocks_of(out)};
    struct arena count = {0};
    conv3_slice(&c, &count);
    size_t slices = CONV3_SLICES_BYTES / count.used / CONV3_SLICES_MIN * CONV3_SLICES_MIN;
    slices = size_max(CONV3_SLICES_MIN, size_min(slices, SLICES_MAX));
    c.slices = (int)size_min(slices, grid_of(in).chunks);
    c.out_sums = arena_vectors(arena, (size_t)(c.slices * c.out_blocks) * sizeof *c.out_sums);
    c.in_sums = arena_vectors(arena, (size_t)(c.slices * c.in_blocks) * sizeof *c.in_sums);
    c.filters = arena_vectors(arena, conv3_filter_bytes(&c));
    if (backward)
        c.transposed = arena_vectors(arena, conv3_filter_bytes(&c));
    c.memory = arena_slices(arena, count.used, c.slices);
    return c;
}

/* The forward pass needs less for each slice than the backward, cuts more of them, and may need more. */
static size_t conv3_scratch(struct shape in, struct shape out)
{
    struct arena forward = {0}, backward = {0};
    if (panels_pay(in, out)) {
        panels_take(&forward, in, out);
        return forward.used;
    }
    conv3_take(&forward, in, out, 0);
    conv3_take(&backward, in, out, 1);
    return size_max(forward.used, backward.used);
}

/* The epilogue of one slice: the same, with the slice's own sums. */
static struct epilogue slice_epilogue(const struct epilogue *all, struct lane_sums *sums, int blocks,
                                      int slice)
{
    struct epilogue own = *all;
    if (own.sums) {
        own.sums = sums + (size_t)slice * (size_t)blocks;
        memset(own.sums, 0, (size_t)blocks * sizeof *sums);
    }
    return own;
}

static void gather_sums(const struct epilogue *all, struct lane_sums *sums, int blocks, int slices)
{
    if (!all->sums)
        return;
    lane_sums_add(blocks, slices, sums);
    memcpy(all->sums, sums, (size_t)blocks * sizeof *sums);
}

static void all_filters(struct filters f, float *u)
{
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks_of(f.to); b++)
        filter_block(&f, b, u);
}

/* What chunk number i is multiplied with: all filters. */
static struct product product_of(struct shape in, struct shape out, size_t i, int add)
{
    struct grid grid = grid_of(in);
    return (struct product){.points = POINTS,
                            .tiles = chunk_of(&grid, i).count,
                            .in = in,
                            .out_blocks = blocks_of(out),
                            .add = add};
}

static void convolve_slice(const struct convolution *f, const struct conv3 *c, int number)
{
    struct arena arena = slice_arena(&c->memory, number);
    struct conv3_slice slice = conv3_slice(c, &arena);
    struct epilogue to = slice_epilogue(&f->to, c->out_sums, c->out_blocks, number);
    size_t chunks = grid_of(f->in.shape).chunks, end = slice_begin(chunks, c->slices, number + 1);
    for (size_t i = slice_begin(chunks, c->slices, number); i < end; i++) {
        struct product forward = product_of(f->in.shape, f->out, i, 0);
        chunk_windows(&f->in, i, all_blocks(f->in.shape), slice.operand);
        multiply(&forward, slice.operand, c->filters, slice.products);
        chunk_results(f->out, i, all_blocks(f->out), slice.products, &to);
    }
}

static void convolve(const struct convolution *f, struct arena *arena)
{
    if (panels_pay(f->in.shape, f->out)) {
        panels_convolve(f, arena);
        return;
    }
    struct conv3 c = conv3_take(arena, f->in.shape, f->out, 0);
    all_filters(filters_of(f->in.shape, f->out, f->w), c.filters);
#pragma omp parallel for schedule(dynamic)
    for (int slice = 0; slice < c.slices; slice++)
        convolve_slice(f, &c, slice);
    gather_sums(&f->to, c.out_sums, c.out_blocks, c.slices);
}

static void convolve_backward_slice(const struct convolution_backward *b, const struct conv3 *c, int number)
{
    const struct convolution *f = &b->forward;
    struct block_range in = all_blocks(f->in.shape), out = all_blocks(f->out);
    struct conv_input dy = {.shape = f->out, .x = b->dy};
    struct arena arena = slice_arena(&c->memory, number);
    struct conv3_slice slice = conv3_slice(c, &arena);
    struct epilogue to = slice_epilogue(&f->to, c->out_sums, c->out_blocks, number),
                    dx = slice_epilogue(&b->dx, c->in_sums, c->in_blocks, number);
    memset(slice.points, 0, conv3_filter_bytes(c));
    memset(slice.taps, 0, conv3_taps_bytes(c));
    size_t chunks = grid_of(f->in.shape).chunks, begin = slice_begin(chunks, c->slices, number),
           end = slice_begin(chunks, c->slices, number + 1);
    for (size_t i = begin; i < end; i++) {
        struct product forward = product_of(f->in.shape, f->out, i, 0),
                       gradient = product_of(f->in.shape, f->out, i, 1),
                       backward = product_of(f->out, f->in.shape, i, 0);
        chunk_windows(&f->in, i, in, slice.operand);
        if (to.y) {
            multiply(&forward, slice.operand, c->filters, slice.products);
            chunk_results(f->out, i, out, slice.products, &to);
        }
        chunk_gradients(f->out, i, out, b->dy, slice.products);
        correlate(&gradient, slice.operand, slice.products, slice.points);
        if (dx.y) {
            chunk_windows(&dy, i, out, slice.operand);
            multiply(&backward, slice.operand, c->transposed, slice.products);
            chunk_results(f->in.shape, i, in, slice.products, &dx);
        }
        if ((i - begin) % CHUNKS_SINGLE == CHUNKS_SINGLE - 1 || i == end - 1)
            taps_add(f->in.shape, f->out, slice.points, slice.taps);
    }
}

static void convolve_backward(const struct convolution_backward *b, struct arena *arena)
{
    const struct convolution *f = &b->forward;
    if (panels_pay(f->in.shape, f->out)) {
        panels_convolve_backward(b, arena);
        return;
    }
    struct conv3 c = conv3_take(arena, f->in.shape, f->out, 1);
    if (f->to.y)
        all_filters(filters_of(f->in.shape, f->out, f->w), c.filters);
    if (b->dx.y)
        all_filters(filters_transposed(f->in.shape, f->out, f->w), c.transposed);
#pragma omp parallel for schedule(dynamic)
    for (int slice = 0; slice < c.slices; slice++)
        convolve_backward_slice(b, &c, slice);
    gather_sums(&f->to, c.out_sums, c.out_blocks, c.slices);
    gather_sums(&b->dx, c.in_sums, c.in_blocks, c.slices);
    struct arena first = slice_arena(&c.memory, 0);
    taps_total(f->in.shape, f->out, c.slices, c.memory.bytes / sizeof(double), conv3_slice(&c, &first).taps,
               b->dw);
}

/* --- the operations --- */

static void forward(struct conv_input in, struct shape out, const float *w, float *y, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct convolution f = {.in = in, .out = out, .w = w, .to = {.kind = EPILOGUE_SET, .y = y}};
    convolve(&f, &arena);
}

static void backward(struct conv_input in, struct shape out, const float *w, const float *dy, float *dx,
                     float *dw, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct convolution_backward b = {
        .forward = {.in = in, .out = out, .w = w},
        .dy = dy,
        .dx = {.kind = EPILOGUE_SET, .y = dx},
        .dw = dw,
    };
    convolve_backward(&b, &arena);
}

static void conv3_forward(struct shape in, struct shape out, const float *x, const float *w, float *y,
                          void *scratch)
{
    forward((struct conv_input){.shape = in, .x = x}, out, w, y, scratch);
}

static void conv3_backward(struct shape in, struct shape out, const float *x, const float *w, const float *dy,
                           float *dx, float *dw, void *scratch)
{
    backward((struct conv_input){.shape = in, .x = x}, out, w, dy, dx, dw, scratch);
}

static struct conv_input image_input(int channels, struct shape out, const float *image)
{
    return (struct conv_input){
        .shape = {1, channels, out.depth, out.height, out.width}, .x = image, .image = 1};
}

static void image_conv_forward(int channels, struct shape out, const float *image, const float *w, float *y,
                               void *scratch)
{
    forward(image_input(channels, out, image), out, w, y, scratch);
}

static void image_conv_backward(int channels, struct shape out, const float *image, const float *dy,
                                float *dw, void *scratch)
{
    backward(image_input(channels, out, image), out, NULL, dy, NULL, dw, scratch);
}
