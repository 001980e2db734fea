/* The fused residual branch: see kernels/branch.h.
 *
 * Forward, three passes over half a tensor and no temporary: u is normalised while its windows are read, the
 * result is added into y while it is stored, and y's channel sums are gathered on the way. Backward, u's
 * transformed windows serve the recomputation and the weight gradient; GroupNorm's backward is split in two
 * passes (norm.c). */

/* Of each block; the convolution's scratch follows. */
struct branch {
    struct lane_norm *norms;
    struct lane_sums *sums;
};

static struct branch branch_take(struct arena *arena, struct shape s)
{
    struct branch b;
    b.norms = arena_vectors(arena, (size_t)blocks_of(s) * sizeof *b.norms);
    b.sums = arena_vectors(arena, (size_t)blocks_of(s) * sizeof *b.sums);
    return b;
}

static size_t branch_scratch(struct shape s)
{
    struct arena arena = {0};
    branch_take(&arena, s);
    return arena.used + conv3_scratch(s, s);
}

static void branch_forward(struct shape s, const struct branch_weights *weights, const double *u_sums,
                           const float *u, float sign, float *y, double *y_sums, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct branch branch = branch_take(&arena, s);
    norm_prepare(s, weights->groups, u_sums, weights->gamma, weights->beta, branch.norms);
    struct convolution f = {
        .in = {.shape = s, .x = u, .norms = branch.norms},
        .out = s,
        .w = weights->conv,
        .to = {.kind = sign > 0 ? EPILOGUE_ADD : EPILOGUE_SUBTRACT,
               .y = y,
               .sums = y_sums ? branch.sums : NULL},
    };
    convolve(&f, &arena);
    if (y_sums)
        lane_sums_store(s, branch.sums, y_sums);
}

static void branch_backward(struct shape s, const struct branch_weights *weights,
                            const struct branch_gradients *gradients, const double *u_sums, const float *u,
                            float *du, float *y, const float *dy, void *scratch)
{
    struct arena arena = {scratch, 0};
    struct branch branch = branch_take(&arena, s);
    norm_prepare(s, weights->groups, u_sums, weights->gamma, weights->beta, branch.norms);
    struct convolution_backward b = {
        .forward = {.in = {.shape = s, .x = u, .norms = branch.norms},
                    .out = s,
                    .w = weights->conv,
                    .to = {.kind = EPILOGUE_SUBTRACT, .y = y}},
        .dy = dy,
        .dx = {.kind = EPILOGUE_BACKWARD, .y = du, .u = u, .norms = branch.norms, .sums = branch.sums},
        .dw = gradients->conv,
    };
    convolve_backward(&b, &arena);
    norm_correct(s, weights->groups, branch.norms, weights->gamma, branch.sums, u, du, gradients->gamma,
                 gradients->beta);
}
