/* The partially reversible U-Net of Bruegger et al. (MICCAI 2019), forward and backward.
 *
 * A[l] is the only activation of level l. It becomes the output of the level's encoder, then, with the
 * up-sampled level below added in place, the input and the output of its decoder. Nothing else is stored: on
 * the way back the decoder is undone, the addend is taken off again, and what is left is the skip, from which
 * the encoder is undone. G[l] is the gradient that goes with A[l].
 *
 * Where memory allows it the inputs of a sequence's branches are kept instead of being recomputed. */
#include "lib/base/error.h"
#include "lib/network/body.h"
#include "lib/network/sequence.h"
#include <stdlib.h>

/* 1x1x1 convolution with a bias between levels. */
struct conv1 {
    const struct parameter *weight, *bias;
};

struct unet_level {
    struct shape shape;
    struct sequence encoder, decoder;
    struct conv1 down, up; /* from level l - 1; to level l - 1 */
    int a_buffer, g_buffer;
    float *a, *g; /* A[l], G[l]: two streams each */
};

struct unet {
    struct unet_level levels[LEVELS_MAX];
    const struct parameter *first;
    int sums_buffer;
    int again_buffer; /* A[0] once more, where the encoder of level 0 runs twice */
};

/* Life and plan ------------------------------------------------------------------------------------- */

static int unet_open(struct network *n)
{
    const struct architecture *a = &n->architecture;
    struct unet *unet = n->body = calloc(1, sizeof *unet);
    int status = unet ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
    for (int l = 0; !status && l < a->levels; l++) {
        struct unet_level *level = &unet->levels[l];
        int decoder = a->levels - 1 - l;
        level->decoder.restored = true; /* the skip is found in its input */
        status = sequence_open(&level->encoder, n, "encoders", l, a->encoder_blocks);
        if (!status)
            status = sequence_open(&level->decoder, n, "decoders", decoder, a->decoder_blocks);
        level->down.weight = parameter_find(&n->table, "encoders.%d.conv.weight", l);
        level->down.bias = parameter_find(&n->table, "encoders.%d.conv.bias", l);
        level->up.weight = parameter_find(&n->table, "decoders.%d.conv.weight", decoder);
        level->up.bias = parameter_find(&n->table, "decoders.%d.conv.bias", decoder);
    }
    if (!status)
        unet->first = parameter_find(&n->table, "firstConv.weight");
    return status;
}

static void unet_close(struct network *n)
{
    struct unet *unet = n->body;
    for (int l = 0; l < n->architecture.levels; l++) {
        sequence_close(&unet->levels[l].encoder);
        sequence_close(&unet->levels[l].decoder);
    }
    free(unet);
}

static void unet_plan_resident(struct network *n)
{
    struct unet *unet = n->body;
    size_t doubles = 0;
    for (int l = 0; l < n->architecture.levels; l++) {
        const struct unet_level *level = &unet->levels[l];
        int channels = n->architecture.channels[l] / 2;
        doubles += sequence_sums(&level->encoder, channels) + sequence_sums(&level->decoder, channels);
    }
    unet->sums_buffer = plan_resident(&n->plan, "channel_sums", doubles * sizeof(double));
}

/* The memory ladder. Sequences are kept from the bottom up, at each level the decoder's first: what it keeps
 * lives shorter. On the rung below 0 the output of level 0's encoder is given up once the decoder is undone,
 * and made from the image again when the way back has come up to it. */
enum { RUNG_AGAIN = -1 };

static void unet_rungs(const struct network *n, int *lowest, int *highest)
{
    *lowest = RUNG_AGAIN;
    *highest = 2 * n->architecture.levels;
}

static void choose_kept(struct network *n, struct unet_level *levels, int bottom)
{
    for (int l = 0; l <= bottom; l++) {
        int below = 2 * (bottom - l); /* sequences of the levels below */
        levels[l].decoder.kept = n->rung > below;
        levels[l].encoder.kept = n->rung > below + 1;
    }
}

static size_t branch_scratch(const struct network *n, const struct unet_level *level)
{
    return n->kernels->scratch_bytes(OPERATION_BRANCH, level->encoder.half, level->encoder.half);
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

/* At level 0 also the statistics of the first tensor, which the image convolution does not gather. */
static size_t encode_scratch(const struct network *n, const struct unet_level *level, int l)
{
    struct shape half = level->encoder.half;
    size_t branch = branch_scratch(n, level);
    return l > 0 ? branch : larger(branch, n->kernels->scratch_bytes(OPERATION_NORM, half, half));
}

static void plan_forward(struct network *n, struct unet_level *levels, int bottom)
{
    const struct kernels *k = n->kernels;
    ends_plan_input(n);
    ends_plan_first_conv(n, PHASE_FIRST_CONV, levels[0].shape);
    if (!n->training)
        plan_end(&n->plan, n->ends.image_buffer);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            network_event(n, PHASE_DOWN, l, between(n, OPERATION_DOWN, &levels[l - 1], &levels[l]));
        levels[l].a_buffer = plan_begin(&n->plan, "A", l, k->tensor_bytes(levels[l].shape));
        network_event(n, PHASE_ENCODE, l, encode_scratch(n, &levels[l], l));
        sequence_plan_kept(&levels[l].encoder, &n->plan, "kept encoder", l);
    }
    for (int l = bottom; l >= 0; l--) {
        network_event(n, PHASE_DECODE, l, branch_scratch(n, &levels[l]));
        sequence_plan_kept(&levels[l].decoder, &n->plan, "kept decoder", l);
        if (l == 0)
            break;
        network_event(n, PHASE_UP, l, between(n, OPERATION_UP, &levels[l], &levels[l - 1]));
        if (!n->training)
            plan_end(&n->plan, levels[l].a_buffer);
    }
    ends_plan_head(n, levels[0].shape);
}

/* Whether A[l] is given up on the way back and made again. */
static bool given_up(const struct network *n, int l)
{
    return l == 0 && n->rung == RUNG_AGAIN;
}

static int again_buffer(const struct network *n)
{
    const struct unet *unet = n->body;
    return unet->again_buffer;
}

static void plan_again(struct network *n, const struct unet_level *level)
{
    struct unet *unet = n->body;
    ends_plan_first_conv(n, PHASE_FIRST_CONV_AGAIN, level->shape);
    unet->again_buffer = plan_begin(&n->plan, "A again", 0, n->kernels->tensor_bytes(level->shape));
    network_event(n, PHASE_ENCODE_AGAIN, 0, encode_scratch(n, level, 0));
}

static void plan_backward(struct network *n, struct unet_level *levels, int bottom)
{
    const struct kernels *k = n->kernels;
    ends_plan_head_backward(n, levels[0].shape);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            network_event(n, PHASE_UP_BACKWARD, l, between(n, OPERATION_UP, &levels[l], &levels[l - 1]));
        levels[l].g_buffer = plan_begin(&n->plan, "G", l, k->tensor_bytes(levels[l].shape));
        if (l > 0 && !given_up(n, l - 1))
            network_event(n, PHASE_TAKE_OFF, l, between(n, OPERATION_UP, &levels[l], &levels[l - 1]));
        network_event(n, PHASE_DECODE_BACKWARD, l, branch_scratch(n, &levels[l]));
        sequence_plan_undone(&levels[l].decoder, &n->plan);
        if (given_up(n, l))
            plan_end(&n->plan, levels[l].a_buffer);
    }
    for (int l = bottom; l >= 0; l--) {
        network_event(n, PHASE_ENCODE_BACKWARD, l, branch_scratch(n, &levels[l]));
        sequence_plan_undone(&levels[l].encoder, &n->plan);
        plan_end(&n->plan, given_up(n, l) ? again_buffer(n) : levels[l].a_buffer);
        if (l == 0)
            break;
        if (given_up(n, l - 1))
            plan_again(n, &levels[0]);
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
        level->encoder.half = level->decoder.half = shape_half(level->shape);
    }
    choose_kept(n, unet->levels, bottom);
    plan_forward(n, unet->levels, bottom);
    if (n->training)
        plan_backward(n, unet->levels, bottom);
}

static void unet_bind(struct network *n)
{
    struct unet *unet = n->body;
    double *channel_sums = network_buffer(n, unet->sums_buffer);
    for (int l = 0; l < n->architecture.levels; l++) {
        struct unet_level *level = &unet->levels[l];
        level->a = network_buffer(n, level->a_buffer);
        level->g = n->training ? network_buffer(n, level->g_buffer) : NULL;
        channel_sums = sequence_bind(&level->encoder, channel_sums);
        channel_sums = sequence_bind(&level->decoder, channel_sums);
    }
    /* At the bottom the decoder reads the encoder's output as it is. */
    struct unet_level *bottom = &unet->levels[n->architecture.levels - 1];
    bottom->encoder.branches[2 * bottom->encoder.count - 1].next_sums = sequence_first_sums(&bottom->decoder);
}

/* Running ------------------------------------------------------------------------------------------- */

/* A[l] = conv1(pool(A[l-1])) */
static void down(const struct network *n, struct unet_level *fine, struct unet_level *coarse, void *scratch)
{
    n->kernels->down_forward(fine->shape, coarse->shape, fine->a, network_weights(n, coarse->down.weight),
                             network_weights(n, coarse->down.bias), coarse->a,
                             sequence_first_sums(&coarse->encoder), scratch);
}

/* A[l-1] += sign * upsample(conv1(A[l])) */
static void up(const struct network *n, struct unet_level *coarse, struct unet_level *fine, float sign,
               void *scratch)
{
    n->kernels->up_forward(coarse->shape, fine->shape, coarse->a, network_weights(n, coarse->up.weight),
                           network_weights(n, coarse->up.bias), sign, fine->a,
                           sign > 0 ? sequence_first_sums(&fine->decoder) : NULL, scratch);
}

/* G[l-1] += pool'^T conv1'^T G[l] */
static void down_backward(const struct network *n, struct unet_level *fine, struct unet_level *coarse,
                          void *scratch)
{
    n->kernels->down_backward(fine->shape, coarse->shape, fine->a, network_weights(n, coarse->down.weight),
                              coarse->g, fine->g, network_parameter_gradient(n, coarse->down.weight),
                              network_parameter_gradient(n, coarse->down.bias), scratch);
}

/* G[l] = conv1'^T upsample'^T G[l-1] */
static void up_backward(const struct network *n, struct unet_level *coarse, struct unet_level *fine,
                        void *scratch)
{
    n->kernels->up_backward(coarse->shape, fine->shape, coarse->a, network_weights(n, coarse->up.weight),
                            fine->g, coarse->g, network_parameter_gradient(n, coarse->up.weight),
                            network_parameter_gradient(n, coarse->up.bias), scratch);
}

/* The first tensor and its statistics. */
static void begin(struct network *n, struct unet_level *level, enum phase conv, enum phase encode)
{
    const struct unet *unet = n->body;
    struct shape half = level->encoder.half;
    float *second = level->a + n->kernels->tensor_bytes(half) / sizeof(float);
    first_conv(n, conv, unet->first, level->shape, level->a);
    n->kernels->channel_sums(half, second, sequence_first_sums(&level->encoder),
                             network_scratch(n, encode, 0));
}

static void unet_forward(struct network *n)
{
    struct unet *unet = n->body;
    struct unet_level *level = unet->levels;
    int bottom = n->architecture.levels - 1;

    level[0].a = network_buffer(n, level[0].a_buffer);
    begin(n, &level[0], PHASE_FIRST_CONV, PHASE_ENCODE);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            down(n, &level[l - 1], &level[l], network_scratch(n, PHASE_DOWN, l));
        sequence_forward(&level[l].encoder, level[l].a, network_scratch(n, PHASE_ENCODE, l));
    }
    for (int l = bottom; l >= 0; l--) {
        sequence_forward(&level[l].decoder, level[l].a, network_scratch(n, PHASE_DECODE, l));
        if (l > 0)
            up(n, &level[l], &level[l - 1], +1, network_scratch(n, PHASE_UP, l));
    }
    head(n, level[0].shape, level[0].a);
}

/* A[0], given up after its decoder was undone, as the encoder made it. */
static void encode_again(struct network *n, struct unet_level *level)
{
    level->a = network_buffer(n, again_buffer(n));
    begin(n, level, PHASE_FIRST_CONV_AGAIN, PHASE_ENCODE_AGAIN);
    sequence_forward(&level->encoder, level->a, network_scratch(n, PHASE_ENCODE_AGAIN, 0));
}

static void unet_backward(struct network *n, float loss_scale)
{
    struct unet *unet = n->body;
    struct unet_level *level = unet->levels;
    int bottom = n->architecture.levels - 1;

    head_backward(n, level[0].shape, level[0].a, loss_scale, level[0].g);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            up_backward(n, &level[l], &level[l - 1], network_scratch(n, PHASE_UP_BACKWARD, l));
        if (l > 0 && !given_up(n, l - 1))
            up(n, &level[l], &level[l - 1], -1, network_scratch(n, PHASE_TAKE_OFF, l));
        sequence_backward(&level[l].decoder, level[l].a, level[l].g, !given_up(n, l),
                          network_scratch(n, PHASE_DECODE_BACKWARD, l));
    }
    /* An encoder's input is never asked for again: the layer before it is linear and reads A[l-1]. */
    for (int l = bottom; l >= 0; l--) {
        sequence_backward(&level[l].encoder, level[l].a, level[l].g, false,
                          network_scratch(n, PHASE_ENCODE_BACKWARD, l));
        if (l == 0)
            break;
        if (given_up(n, l - 1))
            encode_again(n, &level[l - 1]);
        down_backward(n, &level[l - 1], &level[l], network_scratch(n, PHASE_DOWN_BACKWARD, l));
    }
    first_conv_backward(n, unet->first, level[0].shape, level[0].g);
}

const struct network_body unet_body = {unet_open, unet_rungs,   unet_plan_resident, unet_plan,
                                       unet_bind, unet_forward, unet_backward,      unet_close};
