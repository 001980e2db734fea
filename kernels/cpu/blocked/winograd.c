/* Winograd convolution: how its work is cut, and its scratch. See winograd.h. */
#include "kernels/cpu/blocked/winograd.h"
#include "kernels/cpu/blocked/chunks.h"
#include "kernels/cpu/blocked/panels.h"
#include "kernels/cpu/blocked/products.h"

/* Slices share about this many bytes for what each of them needs: as many as fit, but a few at least. */
enum { SLICES_MIN = 2, SLICES_BYTES = 40 << 20 };

/* Chunks whose weight gradients are added up in single before they go to the taps, in double. */
enum { CHUNKS_SINGLE = 32 };

struct plan {
    int slices, in_blocks, out_blocks;
    size_t filters, operand, points, taps; /* floats; taps: doubles */
    size_t slice_bytes, sums_bytes, bytes;
};

static struct plan plan_of(struct shape in, struct shape out, int backward)
{
    struct plan p = {.in_blocks = blocks_of(in), .out_blocks = blocks_of(out)};
    p.filters = filter_floats(p.in_blocks, p.out_blocks);
    p.operand = operand_floats(p.in_blocks > p.out_blocks ? p.in_blocks : p.out_blocks);
    p.points = backward ? p.filters : 0;
    p.taps = backward ? taps_doubles(p.in_blocks, p.out_blocks) : 0;
    p.slice_bytes = (2 * p.operand + p.points) * sizeof(float) + p.taps * sizeof(double);
    size_t chunks = grid_of(in).chunks, slices = SLICES_BYTES / p.slice_bytes / SLICES_MIN * SLICES_MIN;
    slices = slices < SLICES_MIN ? SLICES_MIN : slices > SLICES_MAX ? SLICES_MAX : slices;
    p.slices = (int)(slices < chunks ? slices : chunks);
    p.sums_bytes = (size_t)p.slices * (size_t)(p.in_blocks + p.out_blocks) * sizeof(struct lane_sums);
    p.bytes =
        p.sums_bytes + (backward ? 2 : 1) * p.filters * sizeof(float) + (size_t)p.slices * p.slice_bytes;
    return p;
}

/* The forward pass needs less for each slice than the backward, cuts more of them, and may need more in all.
 */
size_t blocked_winograd_bytes(struct shape in, struct shape out)
{
    if (blocked_panels_pay(in, out))
        return blocked_panels_bytes(in, out);
    size_t forward = plan_of(in, out, 0).bytes, backward = plan_of(in, out, 1).bytes;
    return forward > backward ? forward : backward;
}

/* What one slice works with. */
struct work {
    const float *filters, *transposed;
    float *operand, *products, *points;
    double *taps;
};

static struct work work_of(const struct plan *p, int backward, int slice, void *scratch)
{
    struct work w;
    w.filters = (const float *)((char *)scratch + p->sums_bytes);
    w.transposed = w.filters + p->filters;
    char *own = (char *)(w.filters + (backward ? 2 : 1) * p->filters) + (size_t)slice * p->slice_bytes;
    w.operand = (float *)own;
    w.products = w.operand + p->operand;
    w.points = w.products + p->operand;
    w.taps = (double *)(w.points + p->points);
    return w;
}

/* The sink of one slice: the same, with the slice's own sums. */
static struct sink sink_of(const struct sink *sink, struct lane_sums *sums, int blocks, int slice)
{
    struct sink own = *sink;
    if (own.sums) {
        own.sums = sums + (size_t)slice * (size_t)blocks;
        memset(own.sums, 0, (size_t)blocks * sizeof *sums);
    }
    return own;
}

static void gather_sums(const struct sink *sink, struct lane_sums *sums, int blocks, int slices)
{
    if (!sink->sums)
        return;
    blocked_sums_add(blocks, slices, sums);
    memcpy(sink->sums, sums, (size_t)blocks * sizeof *sums);
}

static void all_filters(struct filters f, float *u)
{
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks_of(f.to); b++)
        blocked_filters(&f, b, u);
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

static void forward_slice(const struct winograd_forward *f, const struct work *w, const struct sink *to,
                          size_t begin, size_t end)
{
    struct range out = all_blocks(f->out);
    for (size_t i = begin; i < end; i++) {
        struct product forward = product_of(f->in.shape, f->out, i, 0);
        blocked_windows(&f->in, i, all_blocks(f->in.shape), w->operand);
        blocked_multiply(&forward, w->operand, w->filters, w->products);
        blocked_results(f->out, i, out, w->products, to);
    }
}

void blocked_winograd_forward(const struct winograd_forward *f, void *scratch)
{
    if (blocked_panels_pay(f->in.shape, f->out)) {
        blocked_panels_forward(f, scratch);
        return;
    }
    struct plan p = plan_of(f->in.shape, f->out, 0);
    struct lane_sums *sums = scratch;
    all_filters(blocked_filters_of(f->in.shape, f->out, f->w), (float *)work_of(&p, 0, 0, scratch).filters);
#pragma omp parallel for schedule(dynamic)
    for (int slice = 0; slice < p.slices; slice++) {
        struct work w = work_of(&p, 0, slice, scratch);
        struct sink to = sink_of(&f->to, sums, p.out_blocks, slice);
        size_t chunks = grid_of(f->in.shape).chunks;
        forward_slice(f, &w, &to, slice_begin(chunks, p.slices, slice),
                      slice_begin(chunks, p.slices, slice + 1));
    }
    gather_sums(&f->to, sums, p.out_blocks, p.slices);
}

static void backward_slice(const struct winograd_backward *b, const struct work *w, const struct sink *to,
                           const struct sink *dx, size_t begin, size_t end)
{
    const struct winograd_forward *f = &b->forward;
    struct range in = all_blocks(f->in.shape), out = all_blocks(f->out);
    struct input dy = {.shape = f->out, .x = b->dy};
    for (size_t i = begin; i < end; i++) {
        struct product forward = product_of(f->in.shape, f->out, i, 0),
                       gradient = product_of(f->in.shape, f->out, i, 1),
                       backward = product_of(f->out, f->in.shape, i, 0);
        blocked_windows(&f->in, i, in, w->operand);
        if (to->y) {
            blocked_multiply(&forward, w->operand, w->filters, w->products);
            blocked_results(f->out, i, out, w->products, to);
        }
        blocked_gradients(f->out, i, out, b->dy, w->products);
        blocked_correlate(&gradient, w->operand, w->products, w->points);
        if (dx->y) {
            blocked_windows(&dy, i, out, w->operand);
            blocked_multiply(&backward, w->operand, w->transposed, w->products);
            blocked_results(f->in.shape, i, in, w->products, dx);
        }
        if ((i - begin) % CHUNKS_SINGLE == CHUNKS_SINGLE - 1 || i == end - 1)
            blocked_taps_add(f->in.shape, f->out, w->points, w->taps);
    }
}

void blocked_winograd_backward(const struct winograd_backward *b, void *scratch)
{
    const struct winograd_forward *f = &b->forward;
    if (blocked_panels_pay(f->in.shape, f->out)) {
        blocked_panels_backward(b, scratch);
        return;
    }
    struct plan p = plan_of(f->in.shape, f->out, 1);
    struct lane_sums *out_sums = scratch, *in_sums = out_sums + p.slices * p.out_blocks;
    struct work first = work_of(&p, 1, 0, scratch);
    if (f->to.y)
        all_filters(blocked_filters_of(f->in.shape, f->out, f->w), (float *)first.filters);
    if (b->dx.y)
        all_filters(blocked_filters_transposed(f->in.shape, f->out, f->w), (float *)first.transposed);
#pragma omp parallel for schedule(dynamic)
    for (int slice = 0; slice < p.slices; slice++) {
        struct work w = work_of(&p, 1, slice, scratch);
        struct sink to = sink_of(&f->to, out_sums, p.out_blocks, slice);
        struct sink dx = sink_of(&b->dx, in_sums, p.in_blocks, slice);
        memset(w.points, 0, p.points * sizeof(float));
        memset(w.taps, 0, p.taps * sizeof(double));
        size_t chunks = grid_of(f->in.shape).chunks;
        backward_slice(b, &w, &to, &dx, slice_begin(chunks, p.slices, slice),
                       slice_begin(chunks, p.slices, slice + 1));
    }
    gather_sums(&f->to, out_sums, p.out_blocks, p.slices);
    gather_sums(&b->dx, in_sums, p.in_blocks, p.slices);
    blocked_taps_store(f->in.shape, f->out, p.slices, p.slice_bytes / sizeof(double), first.taps, b->dw);
}
