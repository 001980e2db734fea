/* The partially reversible U-Net of Bruegger et al. (MICCAI 2019), forward and backward.
 *
 * A[l] is the only activation of level l. It becomes the output of the level's encoder, then, with the
 * up-sampled level below added in place, the input and the output of its decoder. Nothing else is stored: on
 * the way back the decoder is undone, the addend is taken off again, and what is left is the skip, from which
 * the encoder is undone. G[l] is the gradient that goes with A[l]. */
#include "lib/base/error.h"
#include "lib/network/body.h"
#include "lib/network/reversible.h"
#include <stdlib.h>

/* One branch of one block: F(u) = conv3x3x3( LeakyReLU( GroupNorm(u) ) ).
 * The statistics of u are gathered when u is made, by whatever makes it, and kept for the way back. */
struct unet_branch {
    const struct unet_level *level;
    const struct parameter *gamma, *beta, *conv;
    struct branch_weights weights;
    struct branch_gradients gradients;
    double *moments;      /* of u */
    double *next_moments; /* of the y that forward makes; NULL when it is not a branch that reads y next */
};

struct sequence {
    int count;
    struct reversible_block *blocks;
    struct unet_branch *branches; /* F of block 0, G of block 0, F of block 1, ... */
};

/* 1x1x1 convolution with a bias between levels. */
struct mix {
    const struct parameter *weight, *bias;
};

struct unet_level {
    const struct network *network;
    struct shape shape, half;
    struct sequence encoder, decoder;
    struct mix down, up; /* from level l - 1; to level l - 1 */
    int a_buffer, g_buffer;
    float *a, *g; /* A[l], G[l]: two parts of half_floats each */
    size_t half_floats;
    void *scratch; /* of the sequence that runs */
};

struct unet {
    struct unet_level levels[LEVELS_MOST];
    const struct parameter *first;
    int moments_buffer;
};

/* Branches ------------------------------------------------------------------------------------------ */

static void branch_forward(void *self, const float *u, float sign, float *y)
{
    const struct unet_branch *b = self;
    b->level->network->kernels->branch_forward(b->level->half, &b->weights, b->moments, u, sign, y,
                                               b->next_moments, b->level->scratch);
}

static void branch_backward(void *self, const float *u, float *du, float *y, const float *dy)
{
    const struct unet_branch *b = self;
    b->level->network->kernels->branch_backward(b->level->half, &b->weights, &b->gradients, b->moments, u, du,
                                                y, dy, b->level->scratch);
}

static void find_branch(struct unet_branch *branch, const struct network *n, const char *coder, int index,
                        int block, char letter)
{
    const char *path = "%s.%d.reversibleBlocks.reversible_blocks.%d.%c_block.%s";
    branch->gamma = parameter_find(&n->table, path, coder, index, block, letter, "gn.weight");
    branch->beta = parameter_find(&n->table, path, coder, index, block, letter, "gn.bias");
    branch->conv = parameter_find(&n->table, path, coder, index, block, letter, "conv.weight");
}

static bool open_sequence(struct sequence *s, const struct unet_level *level, const char *coder, int index,
                          int count)
{
    s->blocks = calloc((size_t)count, sizeof *s->blocks);
    s->branches = calloc(2 * (size_t)count, sizeof *s->branches);
    if (!s->blocks || !s->branches)
        return false;
    s->count = count;
    for (int b = 0; b < 2 * count; b++) {
        struct unet_branch *branch = &s->branches[b];
        branch->level = level;
        find_branch(branch, level->network, coder, index, b / 2, "fg"[b % 2]);
        *(b % 2 ? &s->blocks[b / 2].g : &s->blocks[b / 2].f) =
            (struct branch_function){branch_forward, branch_backward, branch};
    }
    return true;
}

/* Gives a sequence's branches their parameters and statistics, and the pointer after the last of them. */
static double *bind_sequence(struct sequence *s, const struct network *n, double *moments)
{
    for (int b = 0; b < 2 * s->count; b++) {
        struct unet_branch *branch = &s->branches[b];
        branch->weights =
            (struct branch_weights){n->architecture.groups, network_weights(n, branch->gamma),
                                    network_weights(n, branch->beta), network_weights(n, branch->conv)};
        branch->gradients = (struct branch_gradients){network_parameter_gradient(n, branch->gamma),
                                                      network_parameter_gradient(n, branch->beta),
                                                      network_parameter_gradient(n, branch->conv)};
        branch->moments = moments;
        moments += 2 * branch->level->half.channels;
        branch->next_moments = b + 1 < 2 * s->count ? moments : NULL;
    }
    return moments;
}

/* Statistics of the second half that the sequence reads first. */
static double *first_moments(const struct sequence *s)
{
    return s->branches[0].moments;
}

/* Life and plan ------------------------------------------------------------------------------------- */

static int unet_open(struct network *n)
{
    const struct architecture *a = &n->architecture;
    struct unet *unet = n->body = calloc(1, sizeof *unet);
    bool opened = unet != NULL;
    for (int l = 0; opened && l < a->levels; l++) {
        struct unet_level *level = &unet->levels[l];
        int decoder = a->levels - 1 - l;
        level->network = n;
        level->half.channels = a->channels[l] / 2;
        opened = open_sequence(&level->encoder, level, "encoders", l, a->encoder_blocks) &&
                 open_sequence(&level->decoder, level, "decoders", decoder, a->decoder_blocks);
        level->down.weight = parameter_find(&n->table, "encoders.%d.conv.weight", l);
        level->down.bias = parameter_find(&n->table, "encoders.%d.conv.bias", l);
        level->up.weight = parameter_find(&n->table, "decoders.%d.conv.weight", decoder);
        level->up.bias = parameter_find(&n->table, "decoders.%d.conv.bias", decoder);
    }
    if (!opened)
        return fail(STATUS_FAILURE, "out of memory");
    unet->first = parameter_find(&n->table, "firstConv.weight");
    return STATUS_OK;
}

static void close_sequence(struct sequence *s)
{
    free(s->blocks);
    free(s->branches);
}

static void unet_close(struct network *n)
{
    struct unet *unet = n->body;
    for (int l = 0; l < n->architecture.levels; l++) {
        close_sequence(&unet->levels[l].encoder);
        close_sequence(&unet->levels[l].decoder);
    }
    free(unet);
}

static void unet_plan_resident(struct network *n)
{
    struct unet *unet = n->body;
    size_t doubles = 0;
    for (int l = 0; l < n->architecture.levels; l++) {
        const struct unet_level *level = &unet->levels[l];
        doubles +=
            (size_t)(level->encoder.count + level->decoder.count) * 2 * 2 * (size_t)level->half.channels;
    }
    unet->moments_buffer = plan_resident(&n->plan, "moments", doubles * sizeof(double));
}

static size_t branch_scratch(const struct network *n, const struct unet_level *level)
{
    return n->kernels->scratch_bytes(OPERATION_BRANCH, level->half, level->half);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t between(const struct network *n, enum operation operation, const struct unet_level *in,
                      const struct unet_level *out)
{
    return n->kernels->scratch_bytes(operation, in->shape, out->shape);
}

static void plan_forward(struct network *n, struct unet_level *levels, int bottom)
{
    const struct kernels *k = n->kernels;
    ends_plan_input(n);
    ends_plan_first_conv(n, levels[0].shape);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            network_event(n, PHASE_DOWN, l, between(n, OPERATION_DOWN, &levels[l - 1], &levels[l]));
        levels[l].a_buffer = plan_begin(&n->plan, "A", l, k->tensor_bytes(levels[l].shape));
        size_t scratch = branch_scratch(n, &levels[l]);
        if (l == 0) /* statistics of the first tensor, which the image convolution does not gather */
            scratch = larger(scratch, k->scratch_bytes(OPERATION_NORM, levels[l].half, levels[l].half));
        network_event(n, PHASE_ENCODE, l, scratch);
    }
    for (int l = bottom; l >= 0; l--) {
        network_event(n, PHASE_DECODE, l, branch_scratch(n, &levels[l]));
        if (l == 0)
            break;
        network_event(n, PHASE_UP, l, between(n, OPERATION_UP, &levels[l], &levels[l - 1]));
        if (!n->training)
            plan_end(&n->plan, levels[l].a_buffer);
    }
    ends_plan_head(n, levels[0].shape);
}

static void plan_backward(struct network *n, struct unet_level *levels, int bottom)
{
    const struct kernels *k = n->kernels;
    ends_plan_head_backward(n, levels[0].shape);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            network_event(n, PHASE_UP_BACKWARD, l, between(n, OPERATION_UP, &levels[l], &levels[l - 1]));
        levels[l].g_buffer = plan_begin(&n->plan, "G", l, k->tensor_bytes(levels[l].shape));
        if (l > 0)
            network_event(n, PHASE_TAKE_OFF, l, between(n, OPERATION_UP, &levels[l], &levels[l - 1]));
        network_event(n, PHASE_DECODE_BACKWARD, l, branch_scratch(n, &levels[l]));
    }
    for (int l = bottom; l >= 0; l--) {
        network_event(n, PHASE_ENCODE_BACKWARD, l, branch_scratch(n, &levels[l]));
        plan_end(&n->plan, levels[l].a_buffer);
        if (l == 0)
            break;
        network_event(n, PHASE_DOWN_BACKWARD, l, between(n, OPERATION_DOWN, &levels[l - 1], &levels[l]));
        plan_end(&n->plan, levels[l].g_buffer);
    }
    ends_plan_first_conv_backward(n, levels[0].shape);
}

static void unet_plan(struct network *n)
{
    struct unet *unet = n->body;
    int bottom = n->architecture.levels - 1;
    for (int l = 0; l <= bottom; l++) {
        struct unet_level *level = &unet->levels[l];
        level->shape = network_shape(n, l, 2, n->architecture.channels[l] / 2);
        level->half = shape_half(level->shape);
        level->half_floats = n->kernels->tensor_bytes(level->half) / sizeof(float);
    }
    plan_forward(n, unet->levels, bottom);
    if (n->training)
        plan_backward(n, unet->levels, bottom);
}

static void unet_bind(struct network *n)
{
    struct unet *unet = n->body;
    double *moments = network_buffer(n, unet->moments_buffer);
    for (int l = 0; l < n->architecture.levels; l++) {
        struct unet_level *level = &unet->levels[l];
        level->a = network_buffer(n, level->a_buffer);
        level->g = n->training ? network_buffer(n, level->g_buffer) : NULL;
        moments = bind_sequence(&level->encoder, n, moments);
        moments = bind_sequence(&level->decoder, n, moments);
    }
    /* At the bottom the decoder reads the encoder's output as it is. */
    struct unet_level *bottom = &unet->levels[n->architecture.levels - 1];
    bottom->encoder.branches[2 * bottom->encoder.count - 1].next_moments = first_moments(&bottom->decoder);
}

/* Running ------------------------------------------------------------------------------------------- */

static void encode(struct unet_level *level, void *scratch)
{
    level->scratch = scratch;
    reversible_forward(level->encoder.blocks, level->encoder.count, level->a, level->a + level->half_floats);
}

static void decode(struct unet_level *level, void *scratch)
{
    level->scratch = scratch;
    reversible_forward(level->decoder.blocks, level->decoder.count, level->a, level->a + level->half_floats);
}

static void undo(struct unet_level *level, const struct sequence *s, bool input_wanted, void *scratch)
{
    level->scratch = scratch;
    reversible_backward(s->blocks, s->count, level->a, level->a + level->half_floats, level->g,
                        level->g + level->half_floats, input_wanted);
}

/* A[l] = mix(pool(A[l-1])) */
static void down(const struct network *n, struct unet_level *fine, struct unet_level *coarse, void *scratch)
{
    n->kernels->down_forward(fine->shape, coarse->shape, fine->a, network_weights(n, coarse->down.weight),
                             network_weights(n, coarse->down.bias), coarse->a,
                             first_moments(&coarse->encoder), scratch);
}

/* A[l-1] += sign * upsample(mix(A[l])) */
static void up(const struct network *n, struct unet_level *coarse, struct unet_level *fine, float sign,
               void *scratch)
{
    n->kernels->up_forward(coarse->shape, fine->shape, coarse->a, network_weights(n, coarse->up.weight),
                           network_weights(n, coarse->up.bias), sign, fine->a,
                           sign > 0 ? first_moments(&fine->decoder) : NULL, scratch);
}

/* G[l-1] += pool'^T mix'^T G[l] */
static void down_backward(const struct network *n, struct unet_level *fine, struct unet_level *coarse,
                          void *scratch)
{
    n->kernels->down_backward(fine->shape, coarse->shape, fine->a, network_weights(n, coarse->down.weight),
                              coarse->g, fine->g, network_parameter_gradient(n, coarse->down.weight),
                              network_parameter_gradient(n, coarse->down.bias), scratch);
}

/* G[l] = mix'^T upsample'^T G[l-1] */
static void up_backward(const struct network *n, struct unet_level *coarse, struct unet_level *fine,
                        void *scratch)
{
    n->kernels->up_backward(coarse->shape, fine->shape, coarse->a, network_weights(n, coarse->up.weight),
                            fine->g, coarse->g, network_parameter_gradient(n, coarse->up.weight),
                            network_parameter_gradient(n, coarse->up.bias), scratch);
}

static void unet_forward(struct network *n)
{
    struct unet *unet = n->body;
    struct unet_level *level = unet->levels;
    int bottom = n->architecture.levels - 1;

    first_conv(n, unet->first, level[0].shape, level[0].a);
    n->kernels->moments(level[0].half, level[0].a + level[0].half_floats, first_moments(&level[0].encoder),
                        network_scratch(n, PHASE_ENCODE, 0));
    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            down(n, &level[l - 1], &level[l], network_scratch(n, PHASE_DOWN, l));
        encode(&level[l], network_scratch(n, PHASE_ENCODE, l));
    }
    for (int l = bottom; l >= 0; l--) {
        decode(&level[l], network_scratch(n, PHASE_DECODE, l));
        if (l > 0)
            up(n, &level[l], &level[l - 1], +1, network_scratch(n, PHASE_UP, l));
    }
    head(n, level[0].shape, level[0].a);
}

static void unet_backward(struct network *n, float loss_scale)
{
    struct unet *unet = n->body;
    struct unet_level *level = unet->levels;
    int bottom = n->architecture.levels - 1;

    head_backward(n, level[0].shape, level[0].a, loss_scale, level[0].g);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0) {
            up_backward(n, &level[l], &level[l - 1], network_scratch(n, PHASE_UP_BACKWARD, l));
            up(n, &level[l], &level[l - 1], -1, network_scratch(n, PHASE_TAKE_OFF, l));
        }
        undo(&level[l], &level[l].decoder, true, network_scratch(n, PHASE_DECODE_BACKWARD, l));
    }
    /* An encoder's input is never asked for again: the layer before it is linear and reads A[l-1]. */
    for (int l = bottom; l >= 0; l--) {
        undo(&level[l], &level[l].encoder, false, network_scratch(n, PHASE_ENCODE_BACKWARD, l));
        if (l > 0)
            down_backward(n, &level[l - 1], &level[l], network_scratch(n, PHASE_DOWN_BACKWARD, l));
    }
    first_conv_backward(n, unet->first, level[0].shape, level[0].g);
}

const struct network_body unet_body = {unet_open,    unet_plan_resident, unet_plan, unet_bind,
                                       unet_forward, unet_backward,      unet_close};
