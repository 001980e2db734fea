/* The reversible sequence of somebody else's functions. */
#include "lib/api/inside.h"
#include "lib/base/error.h"
#include "lib/network/reversible.h"
#include <stdlib.h>

enum { SCRATCH_ALIGNMENT = 64 };

/* A branch, and where its scratch is. */
struct branch {
    struct prunet_branch own;
    void *scratch;
};

struct prunet_sequence {
    struct reversible_block *blocks;
    struct branch *branches; /* F of block 0, G of block 0, F of block 1, ... */
    void *scratch;
    int count;
};

static void forward(void *self, const float *u, float sign, float *y)
{
    const struct branch *b = self;
    b->own.forward(b->own.self, u, sign, y, b->scratch);
}

static void backward(void *self, const float *u, float *du, float *y, const float *dy)
{
    const struct branch *b = self;
    b->own.backward(b->own.self, u, du, y, dy, b->scratch);
}

static int check_blocks(const struct prunet_block *blocks, int count)
{
    if (count < 1)
        return fail(STATUS_USAGE, "a sequence of %d blocks", count);
    for (int b = 0; b < count; b++)
        if (!blocks[b].f.forward || !blocks[b].f.backward || !blocks[b].g.forward || !blocks[b].g.backward)
            return fail(STATUS_USAGE, "block %d lacks a function", b);
    return STATUS_OK;
}

static size_t largest_scratch(const struct prunet_block *blocks, int count)
{
    size_t largest = 1;
    for (int b = 0; b < count; b++) {
        largest = blocks[b].f.scratch_bytes > largest ? blocks[b].f.scratch_bytes : largest;
        largest = blocks[b].g.scratch_bytes > largest ? blocks[b].g.scratch_bytes : largest;
    }
    return largest;
}

static void fill(struct prunet_sequence *s, const struct prunet_block *blocks)
{
    for (int b = 0; b < s->count; b++) {
        struct branch *f = &s->branches[2 * b], *g = f + 1;
        *f = (struct branch){blocks[b].f, s->scratch};
        *g = (struct branch){blocks[b].g, s->scratch};
        s->blocks[b] = (struct reversible_block){{forward, backward, f}, {forward, backward, g}};
    }
}

int prunet_sequence_open(struct prunet_sequence **sequence, const struct prunet_block *blocks, int count)
{
    int status = check_blocks(blocks, count);
    if (status)
        return status;
    struct prunet_sequence *s = calloc(1, sizeof *s);
    if (s) {
        s->count = count;
        s->blocks = calloc((size_t)count, sizeof *s->blocks);
        s->branches = calloc((size_t)count, 2 * sizeof *s->branches);
        if (posix_memalign(&s->scratch, SCRATCH_ALIGNMENT, largest_scratch(blocks, count)))
            s->scratch = NULL;
    }
    if (!s || !s->blocks || !s->branches || !s->scratch) {
        prunet_sequence_close(s);
        return fail(STATUS_FAILURE, "out of memory for a sequence of %d blocks", count);
    }
    fill(s, blocks);
    *sequence = s;
    return STATUS_OK;
}

void prunet_sequence_close(struct prunet_sequence *s)
{
    if (!s)
        return;
    free(s->blocks);
    free(s->branches);
    free(s->scratch);
    free(s);
}

void prunet_sequence_forward(struct prunet_sequence *s, float *x1, float *x2)
{
    reversible_forward(s->blocks, s->count, x1, x2);
}

void prunet_sequence_backward(struct prunet_sequence *s, float *y1, float *y2, float *dy1, float *dy2,
                              int input_wanted)
{
    reversible_backward(s->blocks, s->count, y1, y2, dy1, dy2, input_wanted);
}
