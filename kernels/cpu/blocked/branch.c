/* The fused residual branch: see kernels/branch.h.
 *
 * Forward, three passes over half a tensor and no temporary: u is normalised while its windows are read, the
 * result is added into y while it is stored, and y's channel_sums are gathered on the way. Backward, u's
 * transformed windows serve the recomputation and the weight gradient; GroupNorm's backward is split
 * (norm.h). */
#include "kernels/cpu/blocked/winograd.h"

/* Scratch: norms and sums of each block, then the convolution's. */
struct work {
    struct norm_backward *norms;
    struct lane_sums *sums;
    void *rest;
};

static struct work work_of(struct shape s, void *scratch)
{
    struct work w = {.norms = scratch};
    w.sums = (struct lane_sums *)(w.norms + blocks_of(s));
    w.rest = w.sums + blocks_of(s);
    return w;
}

size_t blocked_branch_bytes(struct shape s)
{
    size_t own = (size_t)blocks_of(s) * (sizeof(struct norm_backward) + sizeof(struct lane_sums));
    return own + blocked_winograd_bytes(s, s);
}

void blocked_branch_forward(struct shape s, const struct branch_weights *weights, const double *u_sums,
                            const float *u, float sign, float *y, double *y_sums, void *scratch)
{
    struct work work = work_of(s, scratch);
    blocked_norm_prepare(s, weights->groups, u_sums, weights->gamma, weights->beta, work.norms);
    struct winograd_forward f = {
        .in = {.shape = s, .x = u, .norms = work.norms},
        .out = s,
        .w = weights->conv,
        .to = {.store = sign > 0 ? STORE_ADD : STORE_SUBTRACT, .y = y, .sums = y_sums ? work.sums : NULL},
    };
    blocked_winograd_forward(&f, work.rest);
    if (y_sums)
        blocked_sums_store(s, work.sums, y_sums);
}

void blocked_branch_backward(struct shape s, const struct branch_weights *weights,
                             const struct branch_gradients *gradients, const double *u_sums, const float *u,
                             float *du, float *y, const float *dy, void *scratch)
{
    struct work work = work_of(s, scratch);
    blocked_norm_prepare(s, weights->groups, u_sums, weights->gamma, weights->beta, work.norms);
    struct winograd_backward b = {
        .forward = {.in = {.shape = s, .x = u, .norms = work.norms},
                    .out = s,
                    .w = weights->conv,
                    .to = {.store = STORE_SUBTRACT, .y = y}},
        .dy = dy,
        .dx = {.store = STORE_BACKWARD, .y = du, .u = u, .norms = work.norms, .sums = work.sums},
        .dw = gradients->conv,
    };
    blocked_winograd_backward(&b, work.rest);
    blocked_norm_correct(s, weights->groups, work.norms, weights->gamma, work.sums, u, du, gradients->gamma,
                         gradients->beta);
}
