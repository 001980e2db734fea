/* The reversible sequence (Gomez et al., NeurIPS 2017), generic over the functions F and G of its blocks.
 *
 * A block maps x = (x1, x2) to y = (y1, y2), and back without having saved anything:
 *
 *     y1 = x1 + F(x2)    x2 = y2 - G(y1)
 *     y2 = x2 + G(y1)    x1 = y1 - F(x2)
 *
 * so that of a sequence of any length only the output is stored, in the place of its input. F and G may be
 * any functions of half of the state, with parameters of their own; what a half is (how many numbers, in
 * which layout, in whose memory) only they know. To build another network on it, supply two functions a
 * branch. */
#ifndef PRUNET_NETWORK_REVERSIBLE_H
#define PRUNET_NETWORK_REVERSIBLE_H

#include <stdbool.h>

struct branch_function {
    /* y += sign * F(u). u is only read; u and y are different halves. */
    void (*forward)(void *self, const float *u, float sign, float *y);

    /* du += F'(u)^T dy, and the gradients of F's own parameters likewise. y -= F(u), unless y is NULL:
     * then the old y is not needed. u and dy are only read. F(u) must be the same as in the forward pass. */
    void (*backward)(void *self, const float *u, float *du, float *y, const float *dy);

    void *self; /* handed to both */
};

struct reversible_block {
    struct branch_function f, g;
};

/* x becomes y, in place: blocks 0, 1, ... count - 1. */
void reversible_forward(const struct reversible_block *blocks, int count, float *x1, float *x2);

/* y becomes x and dy becomes dx, in place: blocks count - 1, ... 0; parameters' gradients are added.
 * When the sequence's input is not wanted, y1 stays that of block 0: there is one F less to invert. */
void reversible_backward(const struct reversible_block *blocks, int count, float *y1, float *y2, float *dy1,
                         float *dy2, bool input_wanted);

/* The same where there is memory to save each branch's input: nothing is inverted. */
struct saved_inputs {
    /* 2 count - 1 halves: x2 of block 0, y1 of block 0, x2 of block 1, ... x2 of the last block. The last
     * block's y1 stays in the sequence's output. */
    float *const *u;
    void (*copy)(void *self, float *to, const float *from); /* of a half */
    void *self;
};

void reversible_forward_saving(const struct reversible_block *blocks, int count, float *x1, float *x2,
                               const struct saved_inputs *saved);

/* dy becomes dx, from y1, the first half of the output, which like the saved inputs is only read. */
void reversible_backward_saved(const struct reversible_block *blocks, int count, const float *y1,
                               const struct saved_inputs *saved, float *dy1, float *dy2);

#endif
