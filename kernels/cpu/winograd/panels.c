/* Winograd convolution where filters outgrow the cache: many channels on small grids.
 *
 * The operands of many chunks are transformed once and shared. Then each task takes a panel of output blocks
 * and goes through its filters line by line of points (filters.c): a line is transformed, multiplies all
 * those chunks and is replaced by the next. The filters of all points, 33 MB at 240 channels, never exist at
 * once; what a task writes and reads again, 1.1 MB of planes and 0.2 MB of a line there, stays close. A
 * weight gradient is summed by one task, in order, the same way back.
 *
 * 2026-11-26, AMD EPYC with AVX-512, one thread, 240 channels, beside oneDNN's direct kernel in the same run
 * (OMP_NUM_THREADS=1 PRUNET_BENCH_CLOCK=cpu onednn_bench cpu patch 15): 8x8x8 forward 5.8 ms, 2.1 times as
 * fast, weight gradient 5.3 ms, 2.6 times. With the filters of all points of a panel at once it was 9 to 13
 * ms each. */

/* Bytes. Two threads at 120 channels on 32x32x32, branch backward (2026-11-26, AMD EPYC, 32 MiB of shared
 * cache): with all filters at once 130 ms, by panels with 16 MiB of operands 105 ms, with 32 MiB 140 ms. */
enum {
    FILTERS_MAX = 4 << 20,     /* of filters that may exist at once */
    OPERANDS_BYTES = 16 << 20, /* what operands and products may take, unless one chunk needs more */
};

enum {
    PANEL_BLOCKS = 32 / LANES, /* output blocks of a task */
    WORKERS_MAX = 8,
};

/* How the work is cut, and scratch. */
struct panels {
    size_t chunks, at_once;   /* of the grid; what is done with one panel of filters */
    size_t operand, products; /* floats: of a chunk, of a chunk in a panel */
    int most_blocks, workers; /* of input and output */
    float *operands;          /* [at_once][operand] */
    struct slice_memory memory;
};

/* What each worker has for itself. */
struct panel_worker {
    float *products, *planes, *line; /* [at_once][products]; filters */
};

static struct panel_worker panel_worker(const struct panels *p, struct arena *arena)
{
    struct panel_worker w;
    w.products = arena_vectors(arena, p->at_once * p->products * sizeof(float));
    w.planes = arena_vectors(arena, plane_floats(p->most_blocks, PANEL_BLOCKS) * sizeof(float));
    w.line = arena_vectors(arena, POINTS_X * filter_point(p->most_blocks, PANEL_BLOCKS) * sizeof(float));
    return w;
}

static struct panels panels_take(struct arena *arena, struct shape in, struct shape out)
{
    struct panels p = {.chunks = grid_of(in).chunks, .most_blocks = int_max(blocks_of(in), blocks_of(out))};
    p.operand = operand_floats(p.most_blocks);
    p.products = operand_floats(PANEL_BLOCKS);
    p.workers = int_min(WORKERS_MAX, (p.most_blocks + PANEL_BLOCKS - 1) / PANEL_BLOCKS);
    p.at_once = size_max(1, OPERANDS_BYTES / sizeof(float) / (p.operand + (size_t)p.workers * p.products));
    p.at_once = size_min(p.at_once, p.chunks);
    p.operands = arena_vectors(arena, p.at_once * p.operand * sizeof(float));
    struct arena count = {0};
    panel_worker(&p, &count);
    p.memory = arena_slices(arena, count.used, p.workers);
    return p;
}

/* Whether a convolution goes by panels. */
static int panels_pay(struct shape in, struct shape out)
{
    return filter_floats(blocks_of(in), blocks_of(out)) * sizeof(float) > FILTERS_MAX;
}

static struct panel_worker this_worker(const struct panels *p)
{
    struct arena arena = slice_arena(&p->memory, omp_get_thread_num());
    return panel_worker(p, &arena);
}

static int workers_of(const struct panels *p)
{
    return int_min(p->workers, omp_get_max_threads());
}

/* Chunks [begin, end), whose operands are shared. */
struct shared_chunks {
    size_t begin, end;
};

static struct shared_chunks shared_chunks(const struct panels *p, size_t begin)
{
    return (struct shared_chunks){begin, size_min(begin + p->at_once, p->chunks)};
}

static void share_windows(const struct panels *p, struct shared_chunks s, const struct conv_input *in)
{
#pragma omp parallel for collapse(2) schedule(static)
    for (size_t i = s.begin; i < s.end; i++)
        for (int b = 0; b < blocks_of(in->shape); b++)
            chunk_windows(in, i, (struct block_range){b, 1}, p->operands + (i - s.begin) * p->operand);
}

static struct block_range panel_at(struct shape to, int first)
{
    return (struct block_range){first, int_min(PANEL_BLOCKS, blocks_of(to) - first)};
}

/* The points of a line in chunk number i of a shared range: operands and products of a panel. */
struct points {
    struct product product;
    const float *operand;
    float *products;
};

static struct points points_of(const struct panels *p, struct shared_chunks s, size_t i, struct shape in,
                               int panel_blocks, int line, const struct panel_worker *w)
{
    struct grid grid = grid_of(in);
    size_t first = (size_t)line * POINTS_X;
    return (struct points){
        {.points = POINTS_X, .tiles = chunk_of(&grid, i).count, .in = in, .out_blocks = panel_blocks},
        p->operands + (i - s.begin) * p->operand + first * point_stride(blocks_of(in)),
        w->products + (i - s.begin) * p->products + first * point_stride(panel_blocks)};
}

/* The epilogue takes shared operands times filters, panel by panel. */
static void multiply_panels(const struct panels *p, struct shared_chunks s, const struct filters *f,
                            const struct epilogue *to)
{
#pragma omp parallel for schedule(dynamic) num_threads(workers_of(p))
    for (int first = 0; first < blocks_of(f->to); first += PANEL_BLOCKS) {
        struct panel_worker w = this_worker(p);
        struct block_range panel = panel_at(f->to, first);
        filter_planes(f, panel, w.planes);
        for (int line = 0; line < POINTS_ZY; line++) {
            filter_line(f, panel.count, line, w.planes, w.line);
            for (size_t i = s.begin; i < s.end; i++) {
                struct points at = points_of(p, s, i, f->from, panel.count, line, &w);
                multiply(&at.product, at.operand, w.line, at.products);
            }
        }
        for (size_t i = s.begin; i < s.end; i++)
            chunk_results(f->to, i, panel, w.products + (i - s.begin) * p->products, to);
    }
}

/* dw += shared operands times transformed dy, panel by panel. */
static void correlate_panels(const struct panels *p, struct shared_chunks s, const struct filters *f,
                             const float *dy, float *dw)
{
#pragma omp parallel for schedule(dynamic) num_threads(workers_of(p))
    for (int first = 0; first < blocks_of(f->to); first += PANEL_BLOCKS) {
        struct panel_worker w = this_worker(p);
        struct block_range panel = panel_at(f->to, first);
        for (size_t i = s.begin; i < s.end; i++)
            chunk_gradients(f->to, i, panel, dy, w.products + (i - s.begin) * p->products);
        for (int line = 0; line < POINTS_ZY; line++) {
            for (size_t i = s.begin; i < s.end; i++) {
                struct points at = points_of(p, s, i, f->from, panel.count, line, &w);
                at.product.add = i > s.begin;
                correlate(&at.product, at.operand, at.products, w.line);
            }
            line_gradient(f, panel.count, line, w.line, w.planes);
        }
        planes_gradient(f, panel, w.planes, dw);
    }
}

static void clear_sums(const struct epilogue *to, struct shape shape)
{
    if (to->sums)
        memset(to->sums, 0, (size_t)blocks_of(shape) * sizeof *to->sums);
}

static void panels_convolve(const struct convolution *f, struct arena *arena)
{
    struct panels p = panels_take(arena, f->in.shape, f->out);
    struct filters filters = filters_of(f->in.shape, f->out, f->w);
    clear_sums(&f->to, f->out);
    for (size_t begin = 0; begin < p.chunks; begin += p.at_once) {
        struct shared_chunks s = shared_chunks(&p, begin);
        share_windows(&p, s, &f->in);
        multiply_panels(&p, s, &filters, &f->to);
    }
}

static void panels_convolve_backward(const struct convolution_backward *b, struct arena *arena)
{
    const struct convolution *f = &b->forward;
    struct panels p = panels_take(arena, f->in.shape, f->out);
    struct filters filters = filters_of(f->in.shape, f->out, f->w);
    struct conv_input dy = {.shape = f->out, .x = b->dy};
    struct filters transposed = filters_transposed(f->in.shape, f->out, f->w);
    clear_sums(&f->to, f->out);
    clear_sums(&b->dx, f->in.shape);
    for (size_t begin = 0; begin < p.chunks; begin += p.at_once) {
        struct shared_chunks s = shared_chunks(&p, begin);
        share_windows(&p, s, &f->in);
        if (f->to.y)
            multiply_panels(&p, s, &filters, &f->to);
        correlate_panels(&p, s, &filters, b->dy, b->dw);
        if (b->dx.y) {
            share_windows(&p, s, &dy);
            multiply_panels(&p, s, &transposed, &b->dx);
        }
    }
}
