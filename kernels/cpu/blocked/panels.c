/* Winograd convolution by panels of output blocks: see panels.h. */
#include "kernels/cpu/blocked/panels.h"
#include "kernels/cpu/blocked/chunks.h"
#include "kernels/cpu/blocked/products.h"
#include <omp.h>

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

struct plan {
    size_t chunks, at_once;   /* of the grid; what is done with one panel of filters */
    size_t operand, products; /* floats: of a chunk, of a chunk in a panel */
    size_t planes, line;      /* floats of filters */
    int workers;
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static struct plan plan_of(struct shape in, struct shape out)
{
    struct plan p = {.chunks = grid_of(in).chunks};
    int in_blocks = blocks_of(in), out_blocks = blocks_of(out),
        most = in_blocks > out_blocks ? in_blocks : out_blocks;
    p.operand = operand_floats(most);
    p.products = operand_floats(PANEL_BLOCKS);
    p.planes = plane_floats(most, PANEL_BLOCKS);
    p.line = POINTS_X * filter_point(most, PANEL_BLOCKS);
    p.workers = smaller(WORKERS_MAX, (most + PANEL_BLOCKS - 1) / PANEL_BLOCKS);
    p.at_once = larger(1, OPERANDS_BYTES / sizeof(float) / (p.operand + (size_t)p.workers * p.products));
    p.at_once = p.at_once < p.chunks ? p.at_once : p.chunks;
    return p;
}

int blocked_panels_pay(struct shape in, struct shape out)
{
    return filter_floats(blocks_of(in), blocks_of(out)) * sizeof(float) > FILTERS_MAX;
}

static size_t worker_floats(const struct plan *p)
{
    return p->at_once * p->products + p->planes + p->line;
}

size_t blocked_panels_bytes(struct shape in, struct shape out)
{
    struct plan p = plan_of(in, out);
    return (p.at_once * p.operand + (size_t)p.workers * worker_floats(&p)) * sizeof(float);
}

/* Memory of the worker that asks. */
struct worker {
    float *products, *planes, *line; /* of each chunk of a stretch in one panel; filters */
};

static struct worker worker_of(const struct plan *p, void *scratch)
{
    float *own = (float *)scratch + p->at_once * p->operand + (size_t)omp_get_thread_num() * worker_floats(p);
    float *planes = own + p->at_once * p->products;
    return (struct worker){own, planes, planes + p->planes};
}

static int workers_of(const struct plan *p)
{
    return smaller(p->workers, omp_get_max_threads());
}

/* Chunks [begin, end), whose operands are shared. */
struct stretch {
    size_t begin, end;
};

static struct stretch stretch_at(const struct plan *p, size_t begin)
{
    size_t end = begin + p->at_once;
    return (struct stretch){begin, end < p->chunks ? end : p->chunks};
}

static void share_windows(const struct plan *p, struct stretch s, const struct input *in, float *operands)
{
#pragma omp parallel for collapse(2) schedule(static)
    for (size_t i = s.begin; i < s.end; i++)
        for (int b = 0; b < blocks_of(in->shape); b++)
            blocked_windows(in, i, (struct range){b, 1}, operands + (i - s.begin) * p->operand);
}

static struct range panel_at(struct shape to, int first)
{
    return (struct range){first, smaller(PANEL_BLOCKS, blocks_of(to) - first)};
}

/* The points of a line in chunk number i of a stretch: operands and products of a panel. */
struct points {
    struct product product;
    const float *operand;
    float *products;
};

static struct points points_of(const struct plan *p, struct stretch s, size_t i, struct shape in,
                               int panel_blocks, int line, const struct worker *w, const float *operands)
{
    struct grid grid = grid_of(in);
    size_t first = (size_t)line * POINTS_X;
    return (struct points){
        {.points = POINTS_X, .tiles = chunk_of(&grid, i).count, .in = in, .out_blocks = panel_blocks},
        operands + (i - s.begin) * p->operand + first * point_stride(blocks_of(in)),
        w->products + (i - s.begin) * p->products + first * point_stride(panel_blocks)};
}

/* The sink takes shared operands times filters, panel by panel. */
static void multiply_panels(const struct plan *p, struct stretch s, const struct filters *f,
                            const struct sink *to, void *scratch)
{
#pragma omp parallel for schedule(dynamic) num_threads(workers_of(p))
    for (int first = 0; first < blocks_of(f->to); first += PANEL_BLOCKS) {
        struct worker w = worker_of(p, scratch);
        struct range panel = panel_at(f->to, first);
        blocked_filter_planes(f, panel, w.planes);
        for (int line = 0; line < POINTS_ZY; line++) {
            blocked_filter_line(f, panel.count, line, w.planes, w.line);
            for (size_t i = s.begin; i < s.end; i++) {
                struct points at = points_of(p, s, i, f->from, panel.count, line, &w, scratch);
                blocked_multiply(&at.product, at.operand, w.line, at.products);
            }
        }
        for (size_t i = s.begin; i < s.end; i++)
            blocked_results(f->to, i, panel, w.products + (i - s.begin) * p->products, to);
    }
}

/* dw += shared operands times transformed dy, panel by panel. */
static void correlate_panels(const struct plan *p, struct stretch s, const struct filters *f, const float *dy,
                             float *dw, void *scratch)
{
#pragma omp parallel for schedule(dynamic) num_threads(workers_of(p))
    for (int first = 0; first < blocks_of(f->to); first += PANEL_BLOCKS) {
        struct worker w = worker_of(p, scratch);
        struct range panel = panel_at(f->to, first);
        for (size_t i = s.begin; i < s.end; i++)
            blocked_gradients(f->to, i, panel, dy, w.products + (i - s.begin) * p->products);
        for (int line = 0; line < POINTS_ZY; line++) {
            for (size_t i = s.begin; i < s.end; i++) {
                struct points at = points_of(p, s, i, f->from, panel.count, line, &w, scratch);
                at.product.add = i > s.begin;
                blocked_correlate(&at.product, at.operand, at.products, w.line);
            }
            blocked_line_gradient(f, panel.count, line, w.line, w.planes);
        }
        blocked_planes_gradient(f, panel, w.planes, dw);
    }
}

static void clear_sums(const struct sink *to, struct shape shape)
{
    if (to->sums)
        memset(to->sums, 0, (size_t)blocks_of(shape) * sizeof *to->sums);
}

void blocked_panels_forward(const struct winograd_forward *f, void *scratch)
{
    struct plan p = plan_of(f->in.shape, f->out);
    struct filters filters = blocked_filters_of(f->in.shape, f->out, f->w);
    clear_sums(&f->to, f->out);
    for (size_t begin = 0; begin < p.chunks; begin += p.at_once) {
        struct stretch s = stretch_at(&p, begin);
        share_windows(&p, s, &f->in, scratch);
        multiply_panels(&p, s, &filters, &f->to, scratch);
    }
}

void blocked_panels_backward(const struct winograd_backward *b, void *scratch)
{
    const struct winograd_forward *f = &b->forward;
    struct plan p = plan_of(f->in.shape, f->out);
    struct filters filters = blocked_filters_of(f->in.shape, f->out, f->w);
    struct input dy = {.shape = f->out, .x = b->dy};
    struct filters transposed = blocked_filters_transposed(f->in.shape, f->out, f->w);
    clear_sums(&f->to, f->out);
    clear_sums(&b->dx, f->in.shape);
    for (size_t begin = 0; begin < p.chunks; begin += p.at_once) {
        struct stretch s = stretch_at(&p, begin);
        share_windows(&p, s, &f->in, scratch);
        if (f->to.y)
            multiply_panels(&p, s, &filters, &f->to, scratch);
        correlate_panels(&p, s, &filters, b->dy, b->dw, scratch);
        if (b->dx.y) {
            share_windows(&p, s, &dy, scratch);
            multiply_panels(&p, s, &transposed, &b->dx, scratch);
        }
    }
}
