/* 3x3x3 convolution of a chunk of tiles at a time, by transforms (transforms.h), products (products.h) and
 * their gradients, each chunk while it is in the cache. */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_WINOGRAD_H
#define PRUNET_KERNELS_CPU_BLOCKED_WINOGRAD_H

#include "kernels/cpu/blocked/norm.h"

/* What to do with outputs. */
enum store {
    STORE_SET,      /* y = */
    STORE_ADD,      /* y += */
    STORE_SUBTRACT, /* y -= */
    STORE_BACKWARD, /* the outputs are dL/da of a branch: dx += r gamma dz, sums of dz and dz xhat */
};

struct sink {
    enum store store;
    float *y;                          /* or du */
    const float *u;                    /* STORE_BACKWARD */
    const struct norm_backward *norms; /* STORE_BACKWARD, one a block */
    struct lane_sums *sums; /* one a block: channel_sums of the new y unless NULL, or of the backward */
};

/* What a convolution reads. */
struct input {
    struct shape shape;
    const float *x;
    const struct norm_backward *norms; /* of x, one a block: what is read is activated; NULL: x as it is */
    int image;                         /* x is plain, [channels][depth][height][width] */
};

/* y (shape out) from `in`, in the way of `to`. */
struct winograd_forward {
    struct input in;
    struct shape out;
    const float *w;
    struct sink to;
};

/* The weight gradient, dw += , from x and dy; and on the way, as their operands are at hand, the forward
 * result once more and dx. */
struct winograd_backward {
    struct winograd_forward forward; /* forward.to.y NULL: not wanted */
    const float *dy;
    struct sink dx; /* dx.y NULL: not wanted */
    float *dw;
};

#define blocked_winograd_bytes VARIANT_NAME(blocked_winograd_bytes)
#define blocked_winograd_forward VARIANT_NAME(blocked_winograd_forward)
#define blocked_winograd_backward VARIANT_NAME(blocked_winograd_backward)

/* Scratch; each serves both ways. */
#define blocked_branch_bytes VARIANT_NAME(blocked_branch_bytes)
size_t blocked_branch_bytes(struct shape shape);
size_t blocked_winograd_bytes(struct shape in, struct shape out);

/* The sums of a sink are those of the whole tensor afterwards: sums [blocks] is set. */
void blocked_winograd_forward(const struct winograd_forward *f, void *scratch);
void blocked_winograd_backward(const struct winograd_backward *b, void *scratch);

#endif
