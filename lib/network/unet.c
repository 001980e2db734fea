/* The partially reversible U-Net of Bruegger et al. (MICCAI 2019), forward and backward.
 *
 * A[l] is the only activation of level l. It becomes the output of the level's encoder, then, with the
 * up-sampled level below added in place, the input and the output of its decoder. Nothing else is stored:
 * backward inverts the decoder, subtracts the up-sampled addend, and what is left is the skip, from which
 * the encoder is inverted. G[l] is the gradient that goes with A[l].
 *
 * Activation checkpointing: where memory allows it the inputs of a sequence's branches are saved instead
 * of being recomputed: beginning at the bottom, and at each level with the decoder, whose saved inputs
 * have the shorter life. At the lowest level of checkpointing A[0] is freed once its decoder is inverted,
 * and recomputed from the image for the encoder. */
#include "lib/network/blocks.h"

struct level {
    int l;
    struct sequence encoder, decoder;
    struct conv1 down, up;            /* from level l - 1; to level l - 1 */
    struct buffer a, g, a_recomputed; /* A[l], G[l]: two streams each */
};

struct unet {
    struct level levels[LEVELS_MAX];
    const struct parameter *first;
    struct conv1 last;
};

enum { RECOMPUTE_LEVEL_0 = -1 };

/* Whether backward frees A[l] after the decoder and recomputes it. */
static bool frees(const struct pass *p, const struct level *level)
{
    return level->l == 0 && p->checkpointing == RECOMPUTE_LEVEL_0;
}

/* The steps ------------------------------------------------------------------------------------------ */

/* A[l] = conv1(pool(A[l-1]))                      G[l-1] += pool'^T conv1'^T G[l] */
static void down(struct pass *p, struct level *fine, struct level *coarse);
static void down_backward(struct pass *p, struct level *fine, struct level *coarse);

/* A[l-1] += sign * upsample(conv1(A[l]))          G[l] = conv1'^T upsample'^T G[l-1] */
static void up(struct pass *p, const char *name, struct level *coarse, struct level *fine, float sign);
static void up_backward(struct pass *p, struct level *coarse, struct level *fine);

/* A[l] = blocks(A[l]), in place                   A[l] = blocks^-1(A[l]), G[l] = blocks'^T G[l], in place */
static void encode(struct pass *p, const char *name, struct level *level, struct buffer *a);
static void encode_backward(struct pass *p, struct level *level);
static void decode(struct pass *p, struct level *level);
static void decode_backward(struct pass *p, struct level *level);

/* The pass ------------------------------------------------------------------------------------------ */

static void unet_forward(void *self, struct pass *p)
{
    struct unet *u = self;
    struct level *level = u->levels;
    int bottom = p->architecture->levels - 1;

    stem(p, "first conv", u->first, &level[0].a);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            down(p, &level[l - 1], &level[l]);
        encode(p, "encode", &level[l], &level[l].a);
    }
    for (int l = bottom; l >= 0; l--) {
        decode(p, &level[l]);
        if (l > 0)
            up(p, "up from", &level[l], &level[l - 1], +1);
    }
    head(p, &u->last, &level[0].a);
}

static void unet_backward(void *self, struct pass *p)
{
    struct unet *u = self;
    struct level *level = u->levels;
    int bottom = p->architecture->levels - 1;

    head_backward(p, &u->last, &level[0].a, &level[0].g);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            up_backward(p, &level[l], &level[l - 1]);
        if (l > 0 && !frees(p, &level[l - 1]))
            up(p, "subtract up", &level[l], &level[l - 1], -1);
        decode_backward(p, &level[l]);
    }
    for (int l = bottom; l >= 0; l--) {
        if (frees(p, &level[l])) {
            stem(p, "recompute first conv", u->first, &level[l].a_recomputed);
            encode(p, "recompute encoder", &level[l], &level[l].a_recomputed);
        }
        if (l < bottom)
            down_backward(p, &level[l], &level[l + 1]);
        encode_backward(p, &level[l]);
    }
    stem_backward(p, u->first, &level[0].g);
}

/* Each step with its operands ------------------------------------------------------------------------ */

/* A[l] as the encoder's backward finds it. */
static struct buffer *encoded(const struct pass *p, struct level *level)
{
    return frees(p, level) ? &level->a_recomputed : &level->a;
}

static void down(struct pass *p, struct level *fine, struct level *coarse)
{
    struct step s = step(p, "down to", coarse->l);
    needs(&s, OPERATION_DOWN, fine->a.shape, coarse->a.shape);
    reads(&s, &fine->a), writes(&s, &coarse->a);
    if (s.run)
        p->kernels->down_forward(fine->a.shape, coarse->a.shape, fine->a.at, weights(p, coarse->down.weight),
                                 weights(p, coarse->down.bias), coarse->a.at,
                                 sequence_sums(p, &coarse->encoder), s.scratch);
}

static void down_backward(struct pass *p, struct level *fine, struct level *coarse)
{
    struct buffer *a = encoded(p, fine);
    struct step s = step(p, "down backward to", coarse->l);
    needs(&s, OPERATION_DOWN, a->shape, coarse->a.shape);
    reads(&s, a), reads(&s, &coarse->g), updates(&s, &fine->g);
    if (s.run)
        p->kernels->down_backward(a->shape, coarse->g.shape, a->at, weights(p, coarse->down.weight),
                                  coarse->g.at, fine->g.at, gradient(p, coarse->down.weight),
                                  gradient(p, coarse->down.bias), s.scratch);
}

static void up(struct pass *p, const char *name, struct level *coarse, struct level *fine, float sign)
{
    struct step s = step(p, name, coarse->l);
    needs(&s, OPERATION_UP, coarse->a.shape, fine->a.shape);
    reads(&s, &coarse->a), updates(&s, &fine->a);
    if (s.run)
        p->kernels->up_forward(coarse->a.shape, fine->a.shape, coarse->a.at, weights(p, coarse->up.weight),
                               weights(p, coarse->up.bias), sign, fine->a.at,
                               sign > 0 ? sequence_sums(p, &fine->decoder) : NULL, s.scratch);
}

static void up_backward(struct pass *p, struct level *coarse, struct level *fine)
{
    struct step s = step(p, "up backward from", coarse->l);
    needs(&s, OPERATION_UP, coarse->a.shape, fine->a.shape);
    reads(&s, &coarse->a), reads(&s, &fine->g), writes(&s, &coarse->g);
    if (s.run)
        p->kernels->up_backward(coarse->a.shape, fine->a.shape, coarse->a.at, weights(p, coarse->up.weight),
                                fine->g.at, coarse->g.at, gradient(p, coarse->up.weight),
                                gradient(p, coarse->up.bias), s.scratch);
}

/* The statistics of A[0] are gathered here: the image convolution does not. */
static void encode(struct pass *p, const char *name, struct level *level, struct buffer *a)
{
    struct step s = step(p, name, level->l);
    if (level->l == 0)
        sequence_gather(&s, &level->encoder, a);
    sequence_forward(&s, &level->encoder, a);
}

static void decode(struct pass *p, struct level *level)
{
    struct step s = step(p, "decode", level->l);
    sequence_forward(&s, &level->decoder, &level->a);
}

static void encode_backward(struct pass *p, struct level *level)
{
    struct step s = step(p, "encode backward", level->l);
    sequence_backward(&s, &level->encoder, encoded(p, level), &level->g);
}

static void decode_backward(struct pass *p, struct level *level)
{
    struct step s = step(p, "decode backward", level->l);
    sequence_backward(&s, &level->decoder, &level->a, &level->g);
}

/* Its parameters and buffers ------------------------------------------------------------------------ */

static int unet_parameters(struct parameter_table *table, const struct architecture *a)
{
    *table = (struct parameter_table){0};
    struct parameter_builder builder = {.table = table};
    const int *c = a->channels;
    parameters_add_conv(&builder, "firstConv.weight", a->inputs, c[0], 3);
    parameters_add_conv1(&builder, "lastConv.weight", "lastConv.bias", c[0], a->outputs);
    for (int l = 0; l < a->levels; l++) {
        parameters_enter(&builder, "encoders.%d.", l);
        if (l > 0)
            parameters_add_conv1(&builder, "conv.weight", "conv.bias", c[l - 1], c[l]);
        parameters_add_sequence(&builder, "encoders", l, a->encoder_blocks, c[l]);
    }
    for (int l = a->levels - 1; l >= 0; l--) {
        int index = a->levels - 1 - l;
        parameters_add_sequence(&builder, "decoders", index, a->decoder_blocks, c[l]);
        parameters_enter(&builder, "decoders.%d.", index);
        if (l > 0)
            parameters_add_conv1(&builder, "conv.weight", "conv.bias", c[l], c[l - 1]);
    }
    return parameters_finish(&builder);
}

static void unet_open(void *self, struct pass *p)
{
    const struct architecture *a = p->architecture;
    struct unet *u = self;
    int bottom = a->levels - 1;
    for (int l = 0; l <= bottom; l++) {
        struct level *level = &u->levels[l];
        level->l = l;
        sequence_find(&level->encoder, p, "encoders", l, a->encoder_blocks);
        sequence_find(&level->decoder, p, "decoders", bottom - l, a->decoder_blocks);
        level->down = find_conv1(p, "encoders.%d.conv", l);
        level->up = find_conv1(p, "decoders.%d.conv", bottom - l);
    }
    sequence_chain(&u->levels[bottom].encoder, &u->levels[bottom].decoder);
    u->first = parameter_find(p->parameters, "firstConv.weight");
    u->last = find_conv1(p, "lastConv");
}

static void unet_checkpointing(const struct architecture *a, int *lowest, int *highest)
{
    *lowest = RECOMPUTE_LEVEL_0;
    *highest = 2 * a->levels; /* sequences that are saved */
}

static void unet_declare(void *self, const struct pass *p)
{
    struct unet *u = self;
    for (int l = 0; l < p->architecture->levels; l++) {
        struct level *level = &u->levels[l];
        struct shape shape = level_shape(p, l, 2, p->architecture->channels[l] / 2);
        int saved_below = 2 * (p->architecture->levels - 1 - l);
        level->a = stream_tensor(p, "A", l, shape);
        level->g = gradient_tensor(p, "G", l, shape);
        level->a_recomputed = stream_tensor(p, "A recomputed", l, shape);
        /* The decoder's input contains the skip. The encoder's is not needed: the layer before it is linear,
         * and its backward reads A[l-1]. */
        sequence_declare(&level->encoder, p, shape, l,
                         p->checkpointing > saved_below + 1 ? "saved encoder" : NULL, false);
        sequence_declare(&level->decoder, p, shape, l,
                         p->checkpointing > saved_below ? "saved decoder" : NULL, !frees(p, level));
    }
}

const struct topology unet_topology = {.bytes = sizeof(struct unet),
                                       .parameters = unet_parameters,
                                       .open = unet_open,
                                       .checkpointing = unet_checkpointing,
                                       .declare = unet_declare,
                                       .forward = unet_forward,
                                       .backward = unet_backward};
