#include "lib/network/sequence.h"
#include "lib/base/error.h"
#include <stdlib.h>

static size_t half_bytes(const struct sequence *s)
{
    return s->network->kernels->tensor_bytes(s->half);
}

static float *second(const struct sequence *s, float *tensor)
{
    return tensor + half_bytes(s) / sizeof *tensor;
}

/* Branches ------------------------------------------------------------------------------------------ */

static void branch_forward(void *self, const float *u, float sign, float *y)
{
    const struct sequence_branch *b = self;
    b->sequence->network->kernels->branch_forward(b->sequence->half, &b->weights, b->channel_sums, u, sign, y,
                                                  b->next_sums, b->sequence->scratch);
}

static void branch_backward(void *self, const float *u, float *du, float *y, const float *dy)
{
    const struct sequence_branch *b = self;
    b->sequence->network->kernels->branch_backward(b->sequence->half, &b->weights, &b->gradients,
                                                   b->channel_sums, u, du, y, dy, b->sequence->scratch);
}

static void copy_half(void *self, float *to, const float *from)
{
    const struct sequence *s = self;
    s->network->kernels->copy(to, from, half_bytes(s));
}

static void find_branch(struct sequence_branch *branch, const char *coder, int index, int block, char letter)
{
    const struct parameter_table *table = &branch->sequence->network->table;
    const char *path = "%s.%d.reversibleBlocks.reversible_blocks.%d.%c_block.%s";
    branch->gamma = parameter_find(table, path, coder, index, block, letter, "gn.weight");
    branch->beta = parameter_find(table, path, coder, index, block, letter, "gn.bias");
    branch->conv = parameter_find(table, path, coder, index, block, letter, "conv.weight");
}

/* Life ---------------------------------------------------------------------------------------------- */

int sequence_open(struct sequence *s, const struct network *network, const char *coder, int index, int count)
{
    size_t branches = 2 * (size_t)count;
    s->network = network;
    s->count = count;
    s->blocks = calloc((size_t)count, sizeof *s->blocks);
    s->branches = calloc(branches, sizeof *s->branches);
    s->inputs = calloc(branches, sizeof *s->inputs);
    if (!s->blocks || !s->branches || !s->inputs)
        return fail(STATUS_FAILURE, "out of memory");
    for (int b = 0; b < 2 * count; b++) {
        struct sequence_branch *branch = &s->branches[b];
        branch->sequence = s;
        find_branch(branch, coder, index, b / 2, "fg"[b % 2]);
        *(b % 2 ? &s->blocks[b / 2].g : &s->blocks[b / 2].f) =
            (struct branch_function){branch_forward, branch_backward, branch};
    }
    return STATUS_OK;
}

void sequence_close(struct sequence *s)
{
    free(s->blocks);
    free(s->branches);
    free(s->inputs);
}

size_t sequence_sums(const struct sequence *s, int channels)
{
    return 2 * (size_t)s->count * 2 * (size_t)channels;
}

static int kept_count(const struct sequence *s)
{
    return 2 * s->count - 1 + s->restored;
}

double *sequence_bind(struct sequence *s, double *channel_sums)
{
    const struct network *n = s->network;
    for (int b = 0; b < 2 * s->count; b++) {
        struct sequence_branch *branch = &s->branches[b];
        branch->weights =
            (struct branch_weights){n->architecture.groups, network_weights(n, branch->gamma),
                                    network_weights(n, branch->beta), network_weights(n, branch->conv)};
        branch->gradients = (struct branch_gradients){network_parameter_gradient(n, branch->gamma),
                                                      network_parameter_gradient(n, branch->beta),
                                                      network_parameter_gradient(n, branch->conv)};
        branch->channel_sums = channel_sums;
        channel_sums += 2 * s->half.channels;
        branch->next_sums = b + 1 < 2 * s->count ? channel_sums : NULL;
    }
    for (int i = 0; s->kept && i < kept_count(s); i++)
        s->inputs[i] = (float *)((char *)network_buffer(n, s->kept_buffer) + (size_t)i * half_bytes(s));
    return channel_sums;
}

double *sequence_first_sums(const struct sequence *s)
{
    return s->branches[0].channel_sums;
}

void sequence_plan_kept(struct sequence *s, struct plan *plan, const char *name, int level)
{
    if (s->kept)
        s->kept_buffer = plan_begin(plan, name, level, (size_t)kept_count(s) * half_bytes(s));
}

void sequence_plan_undone(const struct sequence *s, struct plan *plan)
{
    if (s->kept)
        plan_end(plan, s->kept_buffer);
}

/* Running ------------------------------------------------------------------------------------------- */

static struct kept_inputs kept_inputs(struct sequence *s)
{
    return (struct kept_inputs){s->inputs, copy_half, s};
}

void sequence_forward(struct sequence *s, float *x, void *scratch)
{
    s->scratch = scratch;
    if (!s->kept) {
        reversible_forward(s->blocks, s->count, x, second(s, x));
        return;
    }
    struct kept_inputs kept = kept_inputs(s);
    if (s->restored)
        copy_half(s, s->inputs[2 * s->count - 1], x);
    reversible_forward_keeping(s->blocks, s->count, x, second(s, x), &kept);
}

void sequence_backward(struct sequence *s, float *y, float *dy, bool input_wanted, void *scratch)
{
    s->scratch = scratch;
    if (!s->kept) {
        reversible_backward(s->blocks, s->count, y, second(s, y), dy, second(s, dy), input_wanted);
        return;
    }
    struct kept_inputs kept = kept_inputs(s);
    reversible_backward_kept(s->blocks, s->count, y, &kept, dy, second(s, dy));
    if (s->restored && input_wanted) {
        copy_half(s, y, s->inputs[2 * s->count - 1]);
        copy_half(s, second(s, y), s->inputs[0]);
    }
}
