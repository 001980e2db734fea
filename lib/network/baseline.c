/* The non-reversible U-Net that the paper compares with, as the authors' code builds it: every layer saves
 * what its backward needs, and there is no choice to make.
 *
 * Layer: conv 3x3x3, group norm, LeakyReLU. Level l has two in its encoder (one at the bottom) and two in its
 * decoder (the second alone at the bottom), whose second halves the channels for the level above. */
#include "lib/network/blocks.h"

struct layer {
    const struct parameter *conv, *gamma, *beta;
    int groups;
    struct shape in;
    struct buffer z, y; /* the convolution's result; the layer's output */
    size_t sums;        /* statistics of z: from reserve_sums */
};

/* An encoder or a decoder. */
struct coder {
    int count;
    struct layer layers[2];
    struct buffer g_between; /* gradient between the layers */
};

struct level {
    int l;
    struct coder encoder, decoder;
    struct buffer pooled; /* input of the encoder, l > 0 */
    struct buffer merged; /* input of the decoder, above the bottom */
    struct buffer g_up;   /* gradient of the decoder's output, */
    struct buffer g;      /* of the decoder's input, then of the encoder's output, */
    struct buffer g_down; /* of the encoder's input, l > 0 */
};

struct baseline {
    struct level levels[LEVELS_MAX];
    struct conv1 last;
};

static struct buffer *decoded(struct level *level)
{
    return &level->decoder.layers[level->decoder.count - 1].y;
}

/* The steps ------------------------------------------------------------------------------------------ */

/* pooled[l] = pool(skip[l-1])                       g[l-1] += pool'^T g_down[l] */
static void down(struct pass *p, struct level *fine, struct level *coarse);
static void down_backward(struct pass *p, struct level *fine, struct level *coarse);

/* merged[l-1] = skip[l-1] + upsample(decoded[l])    g_up[l] = upsample'^T g[l-1] */
static void up(struct pass *p, struct level *coarse, struct level *fine);
static void up_backward(struct pass *p, struct level *coarse, struct level *fine);

/* skip[l] = layers(pooled[l])                       g_down[l] = layers'^T g[l]
 * decoded[l] = layers(merged[l])                    g[l] = layers'^T g_up[l]
 * At the bottom the skip itself is what is decoded. */
static void encode(struct pass *p, struct level *level);
static void encode_backward(struct pass *p, struct level *level);
static void decode(struct pass *p, struct level *level);
static void decode_backward(struct pass *p, struct level *level);

/* The pass ------------------------------------------------------------------------------------------ */

static void baseline_forward(void *self, struct pass *p)
{
    struct baseline *b = self;
    struct level *level = b->levels;
    int bottom = p->architecture->levels - 1;

    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            down(p, &level[l - 1], &level[l]);
        encode(p, &level[l]);
    }
    for (int l = bottom; l >= 0; l--) {
        decode(p, &level[l]);
        if (l > 0)
            up(p, &level[l], &level[l - 1]);
    }
    head(p, &b->last, decoded(&level[0]));
}

static void baseline_backward(void *self, struct pass *p)
{
    struct baseline *b = self;
    struct level *level = b->levels;
    int bottom = p->architecture->levels - 1;

    head_backward(p, &b->last, decoded(&level[0]), &level[0].g_up);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0)
            up_backward(p, &level[l], &level[l - 1]);
        decode_backward(p, &level[l]);
    }
    for (int l = bottom; l >= 0; l--) {
        if (l < bottom)
            down_backward(p, &level[l], &level[l + 1]);
        encode_backward(p, &level[l]);
    }
}

/* Layers -------------------------------------------------------------------------------------------- */

static void layer_needs(struct step *s, const struct layer *layer, const struct buffer *x)
{
    bool image = x == &s->pass->image;
    needs(s, OPERATION_NORM, layer->z.shape, layer->z.shape);
    needs(s, image ? OPERATION_IMAGE_CONV : OPERATION_CONV3, layer->in, layer->z.shape);
}

/* y = LeakyReLU( GroupNorm( conv(x) ) ) */
static void layer_forward(struct step *s, struct layer *layer, struct buffer *x)
{
    const struct pass *p = s->pass;
    const struct kernels *k = p->kernels;
    struct shape out = layer->z.shape;
    layer_needs(s, layer, x);
    reads(s, x), writes(s, &layer->z), writes(s, &layer->y);
    if (!s->run)
        return;
    if (x == &p->image)
        k->image_conv_forward(p->architecture->inputs, out, x->at, weights(p, layer->conv), layer->z.at,
                              s->scratch);
    else
        k->conv3_forward(layer->in, out, x->at, weights(p, layer->conv), layer->z.at, s->scratch);
    k->channel_sums(out, layer->z.at, sums_at(p, layer->sums), s->scratch);
    k->norm_forward(out, layer->groups, sums_at(p, layer->sums), weights(p, layer->gamma),
                    weights(p, layer->beta), layer->z.at, layer->y.at, s->scratch);
}

/* dx = the gradient of x, unless x is the image; dy is overwritten. */
static void layer_backward(struct step *s, struct layer *layer, struct buffer *x, struct buffer *dy,
                           struct buffer *dx)
{
    const struct pass *p = s->pass;
    const struct kernels *k = p->kernels;
    struct shape out = layer->z.shape;
    bool image = x == &p->image;
    layer_needs(s, layer, x);
    reads(s, x), reads(s, &layer->z), updates(s, dy);
    if (!image)
        writes(s, dx);
    if (!s->run)
        return;
    k->norm_backward(out, layer->groups, sums_at(p, layer->sums), weights(p, layer->gamma),
                     weights(p, layer->beta), layer->z.at, dy->at, dy->at, gradient(p, layer->gamma),
                     gradient(p, layer->beta), s->scratch);
    if (image)
        k->image_conv_backward(p->architecture->inputs, out, x->at, dy->at, gradient(p, layer->conv),
                               s->scratch);
    else
        k->conv3_backward(layer->in, out, x->at, weights(p, layer->conv), dy->at, dx->at,
                          gradient(p, layer->conv), s->scratch);
}

static void coder_forward(struct step *s, struct coder *coder, struct buffer *x)
{
    for (int i = 0; i < coder->count; i++)
        layer_forward(s, &coder->layers[i], i ? &coder->layers[i - 1].y : x);
}

static void coder_backward(struct step *s, struct coder *coder, struct buffer *x, struct buffer *dy,
                           struct buffer *dx)
{
    struct layer *layer = coder->layers;
    writes(s, &coder->g_between); /* planned even where a single layer does not need it */
    if (coder->count == 1) {
        layer_backward(s, &layer[0], x, dy, dx);
    } else {
        layer_backward(s, &layer[1], &layer[0].y, dy, &coder->g_between);
        layer_backward(s, &layer[0], x, &coder->g_between, dx);
    }
}

/* Each step with its operands ------------------------------------------------------------------------ */

static struct buffer *encoder_input(struct pass *p, struct level *level)
{
    return level->l > 0 ? &level->pooled : &p->image;
}

static struct buffer *encoded(struct level *level)
{
    return &level->encoder.layers[level->encoder.count - 1].y;
}

static struct buffer *decoder_input(struct pass *p, struct level *level)
{
    return level->l < p->architecture->levels - 1 ? &level->merged : encoded(level);
}

static void down(struct pass *p, struct level *fine, struct level *coarse)
{
    struct step s = step(p, "down to", coarse->l);
    reads(&s, encoded(fine)), writes(&s, &coarse->pooled);
    if (s.run)
        p->kernels->pool_forward(encoded(fine)->shape, encoded(fine)->at, coarse->pooled.at);
}

static void down_backward(struct pass *p, struct level *fine, struct level *coarse)
{
    struct step s = step(p, "down backward to", coarse->l);
    reads(&s, encoded(fine)), reads(&s, &coarse->g_down), updates(&s, &fine->g);
    if (s.run)
        p->kernels->pool_backward(encoded(fine)->shape, encoded(fine)->at, coarse->g_down.at, fine->g.at);
}

static void up(struct pass *p, struct level *coarse, struct level *fine)
{
    struct step s = step(p, "up from", coarse->l);
    reads(&s, encoded(fine)), reads(&s, decoded(coarse)), writes(&s, &fine->merged);
    if (!s.run)
        return;
    p->kernels->copy(fine->merged.at, encoded(fine)->at, fine->merged.bytes);
    p->kernels->upsample_forward(decoded(coarse)->shape, decoded(coarse)->at, fine->merged.at);
}

/* merged is a sum, so g[l-1] is also the skip's gradient, unchanged. */
static void up_backward(struct pass *p, struct level *coarse, struct level *fine)
{
    struct step s = step(p, "up backward from", coarse->l);
    reads(&s, &fine->g), writes(&s, &coarse->g_up);
    if (s.run)
        p->kernels->upsample_backward(coarse->g_up.shape, fine->g.at, coarse->g_up.at);
}

static void encode(struct pass *p, struct level *level)
{
    struct step s = step(p, "encode", level->l);
    coder_forward(&s, &level->encoder, encoder_input(p, level));
}

static void decode(struct pass *p, struct level *level)
{
    struct step s = step(p, "decode", level->l);
    coder_forward(&s, &level->decoder, decoder_input(p, level));
}

/* A layer's output stays until the layer's backward, as with autograd, though no kernel reads it there: of a
 * decoder the last layer's, at the bottom also the encoder's. */
static void encode_backward(struct pass *p, struct level *level)
{
    struct step s = step(p, "encode backward", level->l);
    coder_backward(&s, &level->encoder, encoder_input(p, level), &level->g, &level->g_down);
    reads(&s, &level->encoder.layers[0].y);
}

static void decode_backward(struct pass *p, struct level *level)
{
    struct step s = step(p, "decode backward", level->l);
    coder_backward(&s, &level->decoder, decoder_input(p, level), &level->g_up, &level->g);
    reads(&s, decoded(level));
}

/* Its parameters and buffers ------------------------------------------------------------------------ */

/* At the bottom an encoder has its first layer alone, a decoder its second. */
static void find_coder(struct coder *coder, struct pass *p, const char *name, int index, int first, int last)
{
    coder->count = last - first + 1;
    for (int i = 0; i < coder->count; i++) {
        struct layer *layer = &coder->layers[i];
        layer->conv = parameter_find(p->parameters, "%s.%d.conv%d.weight", name, index, first + i);
        layer->gamma = parameter_find(p->parameters, "%s.%d.gn%d.weight", name, index, first + i);
        layer->beta = parameter_find(p->parameters, "%s.%d.gn%d.bias", name, index, first + i);
        layer->sums = reserve_sums(p, layer->gamma->count);
    }
}

static void add_first_layer(struct parameter_builder *builder, int in, int out)
{
    parameters_add_conv(builder, "conv1.weight", in, out, 3);
    parameters_add_norm(builder, "gn1.weight", "gn1.bias", out);
}

static void add_second_layer(struct parameter_builder *builder, int in, int out)
{
    parameters_add_conv(builder, "conv2.weight", in, out, 3);
    parameters_add_norm(builder, "gn2.weight", "gn2.bias", out);
}

static int baseline_parameters(struct parameter_table *table, const struct architecture *a)
{
    *table = (struct parameter_table){0};
    struct parameter_builder builder = {.table = table};
    const int *c = a->channels, bottom = a->levels - 1;
    parameters_add_conv1(&builder, "lastConv.weight", "lastConv.bias", c[0], a->outputs);
    for (int l = 0; l <= bottom; l++) {
        parameters_enter(&builder, "encoders.%d.", l);
        add_first_layer(&builder, l ? c[l - 1] : a->inputs, c[l]);
        if (l < bottom)
            add_second_layer(&builder, c[l], c[l]);
    }
    for (int l = bottom; l >= 0; l--) {
        parameters_enter(&builder, "decoders.%d.", bottom - l);
        if (l < bottom)
            add_first_layer(&builder, c[l], c[l]);
        add_second_layer(&builder, c[l], l ? c[l - 1] : c[0]);
    }
    return parameters_finish(&builder);
}

static void baseline_open(void *self, struct pass *p)
{
    struct baseline *b = self;
    int bottom = p->architecture->levels - 1;
    for (int l = 0; l <= bottom; l++) {
        b->levels[l].l = l;
        find_coder(&b->levels[l].encoder, p, "encoders", l, 1, l < bottom ? 2 : 1);
        find_coder(&b->levels[l].decoder, p, "decoders", bottom - l, l < bottom ? 1 : 2, 2);
    }
    b->last = find_conv1(p, "lastConv");
}

/* names: of z and y, layer by layer. */
static void declare_coder(struct coder *coder, const struct pass *p, int l, int groups,
                          const char *const names[])
{
    for (int i = 0; i < coder->count; i++) {
        struct layer *layer = &coder->layers[i];
        struct shape out = level_shape(p, l, 1, layer->conv->size[0]);
        layer->in = level_shape(p, l, 1, layer->conv->size[1]);
        layer->groups = groups;
        layer->z = tensor(p, names[2 * i], l, out);
        layer->y = tensor(p, names[2 * i + 1], l, out);
    }
    coder->g_between = tensor(p, "gradient y1", l, level_shape(p, l, 1, p->architecture->channels[l]));
}

static void baseline_declare(void *self, const struct pass *p)
{
    static const char *const encoder[] = {"encoder conv1", "encoder y1", "encoder conv2", "encoder y2"},
                             *const decoder[] = {"decoder conv1", "decoder y1", "decoder conv2",
                                                 "decoder y2"};
    const struct architecture *a = p->architecture;
    struct baseline *b = self;
    for (int l = 0; l < a->levels; l++) {
        struct level *level = &b->levels[l];
        struct shape shape = level_shape(p, l, 1, a->channels[l]), in;
        declare_coder(&level->encoder, p, l, baseline_groups(a, false, l), encoder);
        declare_coder(&level->decoder, p, l, baseline_groups(a, true, l), decoder + 2 * (l == a->levels - 1));
        in = level->encoder.layers[0].in;
        level->pooled = tensor(p, "pooled", l, in);
        level->merged = tensor(p, "merged", l, shape);
        level->g_up = tensor(p, "gradient up", l, decoded(level)->shape);
        level->g = tensor(p, "gradient", l, shape);
        level->g_down = tensor(p, "gradient down", l, in);
    }
}

const struct topology baseline_topology = {.bytes = sizeof(struct baseline),
                                           .parameters = baseline_parameters,
                                           .open = baseline_open,
                                           .declare = baseline_declare,
                                           .forward = baseline_forward,
                                           .backward = baseline_backward};
