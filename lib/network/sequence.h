/* A reversible sequence of a network's level: its branches bound to parameters, statistics and kernels, run
 * forward and undone, with or without the branches' inputs kept. */
#ifndef PRUNET_NETWORK_SEQUENCE_H
#define PRUNET_NETWORK_SEQUENCE_H

#include "lib/network/body.h"
#include "lib/network/reversible.h"

/* One branch of one block: F(u) = conv3x3x3( LeakyReLU( GroupNorm(u) ) ).
 * The statistics of u are gathered when u is made, by whatever makes it, and kept for the way back. */
struct sequence_branch {
    const struct sequence *sequence;
    const struct parameter *gamma, *beta, *conv;
    struct branch_weights weights;
    struct branch_gradients gradients;
    double *channel_sums; /* of u */
    double *next_sums;    /* of the y that forward makes; NULL when it is not a branch that reads y next */
};

struct sequence {
    const struct network *network;
    int count;
    struct reversible_block *blocks;
    struct sequence_branch *branches; /* F of block 0, G of block 0, F of block 1, ... */
    struct shape half;
    bool restored; /* kept inputs include the first part of the sequence's input, to get it back whole */
    bool kept;
    int kept_buffer;
    float **inputs; /* kept: see reversible.h; then, when `restored`, that first part */
    void *scratch;  /* while it runs */
};

/* Finds the parameters of CODER.INDEX; STATUS_FAILURE without memory, and then sequence_close is due too. */
int sequence_open(struct sequence *sequence, const struct network *network, const char *coder, int index,
                  int count);
void sequence_close(struct sequence *sequence);

/* Doubles of all branches' statistics, and giving them their place: the pointer after the last is returned.
 * Parameters are bound as well. */
size_t sequence_sums(const struct sequence *sequence, int channels);
double *sequence_bind(struct sequence *sequence, double *channel_sums);

/* Statistics of the second half that the sequence reads first. */
double *sequence_first_sums(const struct sequence *sequence);

/* Begins the buffer of kept inputs in the current event of the plan; ends it. Nothing when none are kept. */
void sequence_plan_kept(struct sequence *sequence, struct plan *plan, const char *name, int level);
void sequence_plan_undone(const struct sequence *sequence, struct plan *plan);

/* x becomes y in place; y becomes x (unless it is not wanted) and dy becomes dx. Each pointer is a tensor of
 * two halves. */
void sequence_forward(struct sequence *sequence, float *x, void *scratch);
void sequence_backward(struct sequence *sequence, float *y, float *dy, bool input_wanted, void *scratch);

#endif
