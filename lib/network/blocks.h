/* What networks are built of: the first and the last layer, and the reversible sequence. The two ends are
 * whole steps of a pass (see pass.h); a sequence is part of a step that the network has begun. */
#ifndef PRUNET_NETWORK_BLOCKS_H
#define PRUNET_NETWORK_BLOCKS_H

#include "lib/network/pass.h"
#include "lib/network/reversible.h"

/* Convolutions of one voxel, and the two ends of a network --------------------------------------------- */

/* 1x1x1 convolution with bias. */
struct conv1 {
    const struct parameter *weight, *bias;
};

/* The parameters PATH.weight and PATH.bias, printf-like. */
struct conv1 find_conv1(const struct pass *pass, const char *path, ...) __attribute__((format(printf, 2, 3)));

/* A = conv3x3x3(image), without bias. `name` is the step's. */
void stem(struct pass *pass, const char *name, const struct parameter *weight, struct buffer *a);

/* Adds the gradient of its weight, from G, the gradient of A. */
void stem_backward(struct pass *pass, const struct parameter *weight, struct buffer *g);

/* probabilities = sigmoid(conv1(A)); when training also the sums of the losses. */
void head(struct pass *pass, const struct conv1 *last, struct buffer *a);

/* G = the gradient of the loss, weighted as pass->loss says, with respect to A; adds the gradients of `last`. */
void head_backward(struct pass *pass, const struct conv1 *last, struct buffer *a, struct buffer *g);

/* Reversible sequence --------------------------------------------------------------------------------- */

/* One branch of one block: F(u) = conv3x3x3( LeakyReLU( GroupNorm(u) ) ).
 * The statistics of u are gathered by the kernel that makes u, and stay for backward. */
struct sequence_branch {
    const struct sequence *sequence;
    const struct parameter *gamma, *beta, *conv;
    size_t sums;                        /* statistics of u: from reserve_sums */
    const struct sequence_branch *next; /* its u is the y of this one, which gathers its sums; NULL: none */
};

/* Its tensors have two streams. Zeroed before sequence_find; it must not move afterwards. */
struct sequence {
    int count;
    struct reversible_block blocks[BLOCKS_MAX];
    struct sequence_branch branches[2 * BLOCKS_MAX]; /* F of block 0, G of block 0, F of block 1, ... */
    struct shape half;
    bool input_wanted; /* backward also inverts the first F: all of the sequence's input is recovered */
    bool saves;        /* the branches' inputs are saved instead of recomputed */
    struct buffer saved;
    float *inputs[2 * BLOCKS_MAX]; /* halves in `saved`: see reversible.h; behind them, if wanted, the input's
                                      first half */
    const struct pass *pass;
    void *scratch; /* of the step that runs */
};

/* Finds the parameters of `count` blocks of a coder such as "encoders", 0, which parameters_add_sequence has
 * added, and reserves memory for their statistics. */
void sequence_find(struct sequence *sequence, struct pass *pass, const char *coder, int index, int count);

/* The sequence `next` reads this one's output unchanged: the last branch gathers the statistics for it. */
void sequence_chain(struct sequence *sequence, const struct sequence *next);

/* For a pass over tensors of this shape. `saved` names the buffer of the saved inputs in the plan; NULL: they
 * are recomputed. */
void sequence_declare(struct sequence *sequence, const struct pass *pass, struct shape shape, int level,
                      const char *saved, bool input_wanted);

/* Where the layer before a sequence has to gather the statistics of the second half of its output; and a call
 * that gathers them from x, where that layer does not. */
double *sequence_sums(const struct pass *pass, const struct sequence *sequence);
void sequence_gather(struct step *step, const struct sequence *sequence, struct buffer *x);

/* x becomes y, in place. */
void sequence_forward(struct step *step, struct sequence *sequence, struct buffer *x);

/* dy becomes dx, in place. Where the input is wanted y becomes x; otherwise y is unspecified. */
void sequence_backward(struct step *step, struct sequence *sequence, struct buffer *y, struct buffer *dy);

#endif
