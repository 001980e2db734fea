/* Winograd convolution by panels of output blocks: see panels.h. */
#include "kernels/cpu/blocked/panels.h"
#include "kernels/cpu/blocked/chunks.h"
#include "kernels/cpu/blocked/products.h"
#include <omp.h>

enum {
    PANEL_BLOCKS = 32 / LANES, /* output blocks of a task */
    FILTERS_MOST = 12 << 20,   /* bytes of filters that other ways may take */
    OPERANDS_BYTES = 32 << 20, /* what shared operands may take, unless one chunk needs more */
    WORKERS_MOST = 8,
};

struct plan {
    size_t chunks, at_once;          /* of the grid; whose operands are shared */
    size_t operand, products, panel; /* floats */
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
    p.panel = filter_floats(most, PANEL_BLOCKS);
    p.at_once = larger(1, OPERANDS_BYTES / (p.operand * sizeof(float)));
    p.at_once = p.at_once < p.chunks ? p.at_once : p.chunks;
    p.workers = smaller(WORKERS_MOST, (most + PANEL_BLOCKS - 1) / PANEL_BLOCKS);
    return p;
}

int blocked_panels_pay(struct shape in, struct shape out)
{
    return filter_floats(blocks_of(in), blocks_of(out)) * sizeof(float) > FILTERS_MOST;
}

size_t blocked_panels_bytes(struct shape in, struct shape out)
{
    struct plan p = plan_of(in, out);
    return (p.at_once * p.operand + (size_t)p.workers * (p.products + p.panel)) * sizeof(float);
}

/* Memory of the worker that asks. */
struct worker {
    float *products, *panel;
};

static struct worker worker_of(const struct plan *p, void *scratch)
{
    float *own =
        (float *)scratch + p->at_once * p->operand + (size_t)omp_get_thread_num() * (p->products + p->panel);
    return (struct worker){own, own + p->products};
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
#pragma omp parallel for schedule(dynamic)
    for (size_t i = s.begin; i < s.end; i++)
        blocked_windows(in, i, operands + (i - s.begin) * p->operand);
}

static struct range panel_at(struct shape to, int first)
{
    return (struct range){first, smaller(PANEL_BLOCKS, blocks_of(to) - first)};
}

/* The sink takes shared operands times filters, panel by panel. */
static void multiply_panels(const struct plan *p, struct stretch s, const struct filters *f,
                            const struct sink *to, void *scratch)
{
#pragma omp parallel for schedule(dynamic) num_threads(workers_of(p))
    for (int first = 0; first < blocks_of(f->to); first += PANEL_BLOCKS) {
        struct worker w = worker_of(p, scratch);
        struct range panel = panel_at(f->to, first);
        for (int b = 0; b < panel.count; b++)
            blocked_filters(f, panel, b, w.panel);
        for (size_t i = s.begin; i < s.end; i++) {
            const float *operand = (const float *)scratch + (i - s.begin) * p->operand;
            blocked_multiply(POINTS, f->from, panel.count, operand, w.panel, w.products);
            blocked_results(f->to, i, panel, w.products, to);
        }
    }
}

/* dw += shared operands times transformed dy, panel by panel. */
static void correlate_panels(const struct plan *p, struct stretch s, const struct winograd_backward *b,
                             void *scratch)
{
    struct shape in = b->forward.in.shape, out = b->forward.out;
#pragma omp parallel for schedule(dynamic) num_threads(workers_of(p))
    for (int first = 0; first < blocks_of(out); first += PANEL_BLOCKS) {
        struct worker w = worker_of(p, scratch);
        struct range panel = panel_at(out, first);
        memset(w.panel, 0, filter_floats(blocks_of(in), panel.count) * sizeof(float));
        for (size_t i = s.begin; i < s.end; i++) {
            blocked_gradients(out, i, panel, b->dy, w.products);
            blocked_correlate(POINTS, in, panel.count, (const float *)scratch + (i - s.begin) * p->operand,
                              w.products, w.panel);
        }
        blocked_filters_gradient(in, out, panel, w.panel, b->dw);
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
        correlate_panels(&p, s, b, scratch);
        if (b->dx.y) {
            share_windows(&p, s, &dy, scratch);
            multiply_panels(&p, s, &transposed, &b->dx, scratch);
        }
    }
}
