#include "lib/network/blocks.h"
#include <stdarg.h>
#include <stdio.h>

/* The ends of a network ----------------------------------------------------------------------------- */

struct conv1 find_conv1(const struct pass *p, const char *path, ...)
{
    char name[PARAMETER_NAME_SIZE];
    va_list arguments;
    va_start(arguments, path);
    vsnprintf(name, sizeof name, path, arguments);
    va_end(arguments);
    return (struct conv1){parameter_find(p->parameters, "%s.weight", name),
                          parameter_find(p->parameters, "%s.bias", name)};
}

void stem(struct pass *p, const char *name, const struct parameter *weight, struct buffer *a)
{
    struct step s = step(p, name, -1);
    needs(&s, OPERATION_IMAGE_CONV, p->image.shape, a->shape);
    reads(&s, &p->image), writes(&s, a);
    if (s.run)
        p->kernels->image_conv_forward(p->architecture->inputs, a->shape, p->image.at, weights(p, weight),
                                       a->at, s.scratch);
}

void stem_backward(struct pass *p, const struct parameter *weight, struct buffer *g)
{
    struct step s = step(p, "first conv backward", -1);
    needs(&s, OPERATION_IMAGE_CONV, p->image.shape, g->shape);
    reads(&s, &p->image), reads(&s, g);
    if (s.run)
        p->kernels->image_conv_backward(p->architecture->inputs, g->shape, p->image.at, g->at,
                                        gradient(p, weight), s.scratch);
}

/* Inference ends here: its result stays, with what it was computed from, until the caller has downloaded
 * it. */
static void output(struct pass *p, struct buffer *a)
{
    struct step s = step(p, "output", -1);
    reads(&s, &p->probabilities), reads(&s, a);
}

void head(struct pass *p, const struct conv1 *last, struct buffer *a)
{
    int regions = p->architecture->outputs;
    struct step s = step(p, "head", -1);
    needs(&s, OPERATION_HEAD, a->shape, p->probabilities.shape);
    reads(&s, a), writes(&s, &p->probabilities);
    if (p->training)
        reads(&s, &p->target);
    if (s.run)
        p->kernels->head_forward(a->shape, regions, a->at, weights(p, last->weight), weights(p, last->bias),
                                 p->cross_entropy ? p->target.at : NULL, p->probabilities.at,
                                 p->cross_entropy ? p->bce_sums.at : NULL, s.scratch);
    if (!p->training) {
        output(p, a);
        return;
    }
    if (s.run)
        p->kernels->dice_sums(shape_voxels(a->shape), regions, p->probabilities.at, p->target.at,
                              p->dice_sums.at, s.scratch);
}

void head_backward(struct pass *p, const struct conv1 *last, struct buffer *a, struct buffer *g)
{
    struct step s = step(p, "head backward", -1);
    needs(&s, OPERATION_HEAD, a->shape, p->probabilities.shape);
    reads(&s, a), reads(&s, &p->probabilities), reads(&s, &p->target), writes(&s, g);
    if (s.run)
        p->kernels->head_backward(a->shape, p->architecture->outputs, a->at, weights(p, last->weight),
                                  p->probabilities.at, p->target.at, p->dice_sums.at, p->loss, g->at,
                                  gradient(p, last->weight), gradient(p, last->bias), s.scratch);
}

/* Branches of a reversible sequence ----------------------------------------------------------------- */

static struct branch_weights branch_weights(const struct pass *p, const struct sequence_branch *b)
{
    return (struct branch_weights){p->architecture->groups, weights(p, b->gamma), weights(p, b->beta),
                                   weights(p, b->conv)};
}

static void branch_forward(void *self, const float *u, float sign, float *y)
{
    const struct sequence_branch *b = self;
    const struct sequence *q = b->sequence;
    const struct pass *p = q->pass;
    const struct branch_weights w = branch_weights(p, b);
    p->kernels->branch_forward(q->half, &w, sums_at(p, b->sums), u, sign, y,
                               b->next ? sums_at(p, b->next->sums) : NULL, q->scratch);
}

static void branch_backward(void *self, const float *u, float *du, float *y, const float *dy)
{
    const struct sequence_branch *b = self;
    const struct sequence *q = b->sequence;
    const struct pass *p = q->pass;
    const struct branch_weights w = branch_weights(p, b);
    const struct branch_gradients g = {gradient(p, b->gamma), gradient(p, b->beta), gradient(p, b->conv)};
    p->kernels->branch_backward(q->half, &w, &g, sums_at(p, b->sums), u, du, y, dy, q->scratch);
}

static void find_branch(struct sequence_branch *branch, struct pass *p, const char *coder, int index,
                        int block, char letter)
{
    const char *path = "%s.%d.reversibleBlocks.reversible_blocks.%d.%c_block.%s";
    branch->gamma = parameter_find(p->parameters, path, coder, index, block, letter, "gn.weight");
    branch->beta = parameter_find(p->parameters, path, coder, index, block, letter, "gn.bias");
    branch->conv = parameter_find(p->parameters, path, coder, index, block, letter, "conv.weight");
    branch->sums = reserve_sums(p, branch->gamma->count);
}

void sequence_find(struct sequence *q, struct pass *p, const char *coder, int index, int count)
{
    q->count = count;
    for (int b = 0; b < 2 * count; b++) {
        struct sequence_branch *branch = &q->branches[b];
        find_branch(branch, p, coder, index, b / 2, "fg"[b % 2]);
        branch->sequence = q;
        branch->next = b + 1 < 2 * count ? branch + 1 : NULL;
        *(b % 2 ? &q->blocks[b / 2].g : &q->blocks[b / 2].f) =
            (struct branch_function){branch_forward, branch_backward, branch};
    }
}

void sequence_chain(struct sequence *q, const struct sequence *next)
{
    q->branches[2 * q->count - 1].next = &next->branches[0];
}

/* The sequence -------------------------------------------------------------------------------------- */

static size_t half_bytes(const struct sequence *q)
{
    return q->pass->kernels->stream_bytes(q->half);
}

static float *half_at(const struct sequence *q, const struct buffer *halves, int index)
{
    return (float *)((char *)halves->at + (size_t)index * half_bytes(q));
}

/* The second half of a gradient. */
static float *half_gradient(const struct sequence *q, const struct buffer *dy)
{
    return (float *)((char *)dy->at + q->pass->kernels->gradient_bytes(q->half));
}

/* Inputs of all branches but the last, whose own is in the output; behind them the input's first half. */
static int saved_halves(const struct sequence *q)
{
    return 2 * q->count - 1 + q->input_wanted;
}

void sequence_declare(struct sequence *q, const struct pass *p, struct shape shape, int level,
                      const char *saved, bool input_wanted)
{
    q->pass = p;
    q->half = shape_half(shape);
    q->input_wanted = input_wanted;
    q->saves = saved;
    if (saved)
        q->saved = (struct buffer){saved, level, (size_t)saved_halves(q) * half_bytes(q), q->half, NULL};
}

double *sequence_sums(const struct pass *p, const struct sequence *q)
{
    return sums_at(p, q->branches[0].sums);
}

void sequence_gather(struct step *s, const struct sequence *q, struct buffer *x)
{
    needs(s, OPERATION_NORM, q->half, q->half);
    reads(s, x);
    if (s->run)
        q->pass->kernels->channel_sums(q->half, half_at(q, x, 1), sequence_sums(q->pass, q), s->scratch);
}

static void copy_half(void *self, float *to, const float *from)
{
    const struct sequence *q = self;
    q->pass->kernels->copy(to, from, half_bytes(q));
}

static struct saved_inputs saved_inputs(struct sequence *q)
{
    for (int i = 0; i < saved_halves(q); i++)
        q->inputs[i] = half_at(q, &q->saved, i);
    return (struct saved_inputs){q->inputs, copy_half, q};
}

static void run_saving(struct sequence *q, const struct buffer *x)
{
    struct saved_inputs saved = saved_inputs(q);
    if (q->input_wanted)
        copy_half(q, q->inputs[2 * q->count - 1], x->at);
    reversible_forward_saving(q->blocks, q->count, x->at, half_at(q, x, 1), &saved);
}

void sequence_forward(struct step *s, struct sequence *q, struct buffer *x)
{
    needs(s, OPERATION_BRANCH, q->half, q->half);
    updates(s, x);
    if (q->saves)
        writes(s, &q->saved);
    if (!s->run)
        return;
    q->scratch = s->scratch;
    if (q->saves)
        run_saving(q, x);
    else
        reversible_forward(q->blocks, q->count, x->at, half_at(q, x, 1));
}

static void run_backward_saved(struct sequence *q, const struct buffer *y, const struct buffer *dy)
{
    struct saved_inputs saved = saved_inputs(q);
    reversible_backward_saved(q->blocks, q->count, y->at, &saved, dy->at, half_gradient(q, dy));
    if (q->input_wanted) {
        copy_half(q, y->at, q->inputs[2 * q->count - 1]);
        copy_half(q, half_at(q, y, 1), q->inputs[0]);
    }
}

void sequence_backward(struct step *s, struct sequence *q, struct buffer *y, struct buffer *dy)
{
    needs(s, OPERATION_BRANCH, q->half, q->half);
    updates(s, y), updates(s, dy);
    if (q->saves)
        reads(s, &q->saved);
    if (!s->run)
        return;
    q->scratch = s->scratch;
    if (q->saves)
        run_backward_saved(q, y, dy);
    else
        reversible_backward(q->blocks, q->count, y->at, half_at(q, y, 1), dy->at, half_gradient(q, dy),
                            q->input_wanted);
}
