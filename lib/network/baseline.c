/* The non-reversible U-Net that the paper compares with, as the authors' code builds it: every layer keeps
 * what its backward needs.
 *
 * Layer: conv 3x3x3, group norm, LeakyReLU. Level l has two in its encoder (one at the bottom) and two in its
 * decoder (the second alone at the bottom), whose second halves the channels for the level above. */
#include "lib/base/error.h"
#include "lib/network/body.h"
#include <stdlib.h>

struct layer {
    const struct parameter *conv, *gamma, *beta;
    struct shape in, out;
    int groups;
    int z_buffer, y_buffer;
    float *z, *y;         /* the convolution's result; what leaves the layer */
    double *channel_sums; /* of z */
};

struct baseline_level {
    struct layer encoder[2], decoder[2];
    int encoder_layers; /* layers encoder[0 .. encoder_layers), decoder[decoder_first .. 2) exist */
    int decoder_first;
    int pooled_buffer, merged_buffer;
    float *pooled, *merged; /* input of the encoder (level > 0), of the decoder (above the bottom) */
    int g_buffer, up_buffer, down_buffer, decoder_middle_buffer, encoder_middle_buffer;
    float *g;    /* gradient of what the decoder reads, then of what the encoder made */
    float *up;   /* gradient of the decoder's output */
    float *down; /* gradient of the pooled input */
    float *decoder_middle, *encoder_middle; /* gradient between the two layers */
};

struct baseline {
    struct baseline_level levels[LEVELS_MAX];
    int sums_buffer;
};

/* Layers -------------------------------------------------------------------------------------------- */

static void find_layer(struct layer *layer, const struct network *n, const char *coder, int index, int which)
{
    layer->conv = parameter_find(&n->table, "%s.%d.conv%d.weight", coder, index, which + 1);
    layer->gamma = parameter_find(&n->table, "%s.%d.gn%d.weight", coder, index, which + 1);
    layer->beta = parameter_find(&n->table, "%s.%d.gn%d.bias", coder, index, which + 1);
}

static void shape_layer(struct layer *layer, const struct network *n, int level, int groups)
{
    layer->in = network_shape(n, level, 1, layer->conv->size[1]);
    layer->out = network_shape(n, level, 1, layer->conv->size[0]);
    layer->groups = groups;
}

static bool reads_image(const struct baseline *b, const struct layer *layer)
{
    return layer == &b->levels[0].encoder[0];
}

static size_t layer_scratch(const struct network *n, const struct layer *layer)
{
    size_t norm = n->kernels->scratch_bytes(OPERATION_NORM, layer->out, layer->out);
    size_t conv = n->kernels->scratch_bytes(
        reads_image(n->body, layer) ? OPERATION_IMAGE_CONV : OPERATION_CONV3, layer->in, layer->out);
    return norm > conv ? norm : conv;
}

static void plan_layer(struct network *n, struct layer *layer, const char *z, const char *y, int level)
{
    size_t bytes = n->kernels->tensor_bytes(layer->out);
    layer->z_buffer = plan_begin(&n->plan, z, level, bytes);
    layer->y_buffer = plan_begin(&n->plan, y, level, bytes);
    if (!n->training)
        plan_end(&n->plan, layer->z_buffer);
}

static double *bind_layer(struct layer *layer, const struct network *n, double *channel_sums)
{
    layer->z = network_buffer(n, layer->z_buffer);
    layer->y = network_buffer(n, layer->y_buffer);
    layer->channel_sums = channel_sums;
    return channel_sums + 2 * layer->out.channels;
}

/* y = LeakyReLU( GroupNorm( conv(x) ) ) */
static void layer_forward(struct network *n, const struct layer *layer, const float *x, void *scratch)
{
    const struct kernels *k = n->kernels;
    if (reads_image(n->body, layer))
        k->image_conv_forward(n->architecture.inputs, layer->out, x, network_weights(n, layer->conv),
                              layer->z, scratch);
    else
        k->conv3_forward(layer->in, layer->out, x, network_weights(n, layer->conv), layer->z, scratch);
    k->channel_sums(layer->out, layer->z, layer->channel_sums, scratch);
    k->norm_forward(layer->out, layer->groups, layer->channel_sums, network_weights(n, layer->gamma),
                    network_weights(n, layer->beta), layer->z, layer->y, scratch);
}

/* dx = the gradient of x, unless it is the image; dy is used up. */
static void layer_backward(struct network *n, const struct layer *layer, const float *x, float *dy, float *dx,
                           void *scratch)
{
    const struct kernels *k = n->kernels;
    k->norm_backward(layer->out, layer->groups, layer->channel_sums, network_weights(n, layer->gamma),
                     network_weights(n, layer->beta), layer->z, dy, dy,
                     network_parameter_gradient(n, layer->gamma), network_parameter_gradient(n, layer->beta),
                     scratch);
    float *dw = network_parameter_gradient(n, layer->conv);
    if (reads_image(n->body, layer))
        k->image_conv_backward(n->architecture.inputs, layer->out, x, dy, dw, scratch);
    else
        k->conv3_backward(layer->in, layer->out, x, network_weights(n, layer->conv), dy, dx, dw, scratch);
}

/* Life and plan ------------------------------------------------------------------------------------- */

static int baseline_open(struct network *n)
{
    struct baseline *b = n->body = calloc(1, sizeof *b);
    if (!b)
        return fail(STATUS_FAILURE, "out of memory");
    int bottom = n->architecture.levels - 1;
    for (int l = 0; l <= bottom; l++) {
        struct baseline_level *level = &b->levels[l];
        level->encoder_layers = l < bottom ? 2 : 1;
        level->decoder_first = l < bottom ? 0 : 1;
        for (int i = 0; i < level->encoder_layers; i++)
            find_layer(&level->encoder[i], n, "encoders", l, i);
        for (int i = level->decoder_first; i < 2; i++)
            find_layer(&level->decoder[i], n, "decoders", bottom - l, i);
    }
    return STATUS_OK;
}

/* Every layer keeps what it needs: there is nothing to choose. */
static void baseline_rungs(const struct network *n, int *lowest, int *highest)
{
    (void)n;
    *lowest = *highest = 0;
}

static void baseline_close(struct network *n)
{
    free(n->body);
}

static void baseline_plan_resident(struct network *n)
{
    struct baseline *b = n->body;
    size_t channels = 0;
    for (int l = 0; l < n->architecture.levels; l++) {
        for (int i = 0; i < b->levels[l].encoder_layers; i++)
            channels += b->levels[l].encoder[i].gamma->count;
        for (int i = b->levels[l].decoder_first; i < 2; i++)
            channels += b->levels[l].decoder[i].gamma->count;
    }
    b->sums_buffer = plan_resident(&n->plan, "channel_sums", channels * 2 * sizeof(double));
}

static size_t encoder_scratch(const struct network *n, const struct baseline_level *level)
{
    size_t first = layer_scratch(n, &level->encoder[0]),
           last = layer_scratch(n, &level->encoder[level->encoder_layers - 1]);
    return first > last ? first : last;
}

static size_t decoder_scratch(const struct network *n, const struct baseline_level *level)
{
    size_t first = layer_scratch(n, &level->decoder[level->decoder_first]),
           last = layer_scratch(n, &level->decoder[1]);
    return first > last ? first : last;
}

static size_t encoded_bytes(const struct network *n, const struct baseline_level *level)
{
    return n->kernels->tensor_bytes(level->encoder[0].out);
}

/* What leaves the encoder: the skip. */
static struct layer *encoded(struct baseline_level *level)
{
    return &level->encoder[level->encoder_layers - 1];
}

static void plan_encoder(struct network *n, struct baseline_level *level, int l)
{
    if (l > 0) {
        network_event(n, PHASE_DOWN, l, 0);
        level->pooled_buffer =
            plan_begin(&n->plan, "pooled", l, n->kernels->tensor_bytes(level->encoder[0].in));
    }
    network_event(n, PHASE_ENCODE, l, encoder_scratch(n, level));
    plan_layer(n, &level->encoder[0], "encoder conv1", "encoder y1", l);
    if (level->encoder_layers == 2)
        plan_layer(n, &level->encoder[1], "encoder conv2", "encoder y2", l);
    if (n->training)
        return;
    plan_end(&n->plan, l > 0 ? level->pooled_buffer : n->ends.image_buffer);
    if (level->encoder_layers == 2)
        plan_end(&n->plan, level->encoder[0].y_buffer);
}

static void plan_decoder(struct network *n, struct baseline_level *level, int l)
{
    network_event(n, PHASE_DECODE, l, decoder_scratch(n, level));
    if (level->decoder_first == 0)
        plan_layer(n, &level->decoder[0], "decoder conv1", "decoder y1", l);
    plan_layer(n, &level->decoder[1], "decoder conv2", "decoder y2", l);
    if (n->training)
        return;
    plan_end(&n->plan, level->decoder_first == 0 ? level->merged_buffer : encoded(level)->y_buffer);
    if (level->decoder_first == 0)
        plan_end(&n->plan, level->decoder[0].y_buffer);
}

static void plan_forward(struct network *n, struct baseline_level *levels, int bottom)
{
    ends_plan_input(n);
    for (int l = 0; l <= bottom; l++)
        plan_encoder(n, &levels[l], l);
    for (int l = bottom; l >= 0; l--) {
        plan_decoder(n, &levels[l], l);
        if (l == 0)
            break;
        network_event(n, PHASE_UP, l, 0);
        levels[l - 1].merged_buffer = plan_begin(&n->plan, "merged", l - 1, encoded_bytes(n, &levels[l - 1]));
        if (!n->training) {
            plan_end(&n->plan, levels[l].decoder[1].y_buffer);
            plan_end(&n->plan, encoded(&levels[l - 1])->y_buffer);
        }
    }
    ends_plan_head(n, levels[0].decoder[1].out);
}

static void plan_backward(struct network *n, struct baseline_level *levels, int bottom)
{
    const struct kernels *k = n->kernels;
    ends_plan_head_backward(n, levels[0].decoder[1].out);
    for (int l = 0; l <= bottom; l++) {
        struct baseline_level *level = &levels[l];
        if (l > 0)
            network_event(n, PHASE_UP_BACKWARD, l, 0);
        level->up_buffer = plan_begin(&n->plan, "gradient up", l, k->tensor_bytes(level->decoder[1].out));
        network_event(n, PHASE_DECODE_BACKWARD, l, decoder_scratch(n, level));
        level->decoder_middle_buffer = plan_temporary(&n->plan, "gradient y1", l, encoded_bytes(n, level));
        level->g_buffer = plan_begin(&n->plan, "gradient", l, encoded_bytes(n, level));
        plan_end(&n->plan, level->up_buffer);
        for (int i = level->decoder_first; i < 2; i++) {
            plan_end(&n->plan, level->decoder[i].z_buffer);
            plan_end(&n->plan, level->decoder[i].y_buffer);
        }
        if (l < bottom)
            plan_end(&n->plan, level->merged_buffer);
    }
}

static void plan_encoders_backward(struct network *n, struct baseline_level *levels, int bottom)
{
    for (int l = bottom; l >= 0; l--) {
        struct baseline_level *level = &levels[l];
        network_event(n, PHASE_ENCODE_BACKWARD, l, encoder_scratch(n, level));
        level->encoder_middle_buffer = plan_temporary(&n->plan, "gradient y1", l, encoded_bytes(n, level));
        for (int i = 0; i < level->encoder_layers; i++)
            plan_end(&n->plan, level->encoder[i].z_buffer);
        plan_end(&n->plan, level->encoder[0].y_buffer);
        plan_end(&n->plan, level->g_buffer);
        if (l == 0)
            break;
        level->down_buffer =
            plan_begin(&n->plan, "gradient down", l, n->kernels->tensor_bytes(level->encoder[0].in));
        plan_end(&n->plan, level->pooled_buffer);
        network_event(n, PHASE_DOWN_BACKWARD, l, 0);
        plan_end(&n->plan, level->down_buffer);
        plan_end(&n->plan, encoded(&levels[l - 1])->y_buffer);
    }
}

static void baseline_plan(struct network *n)
{
    struct baseline *b = n->body;
    const struct architecture *a = &n->architecture;
    int bottom = a->levels - 1;
    for (int l = 0; l <= bottom; l++) {
        struct baseline_level *level = &b->levels[l];
        for (int i = 0; i < level->encoder_layers; i++)
            shape_layer(&level->encoder[i], n, l, baseline_groups(a, false, l));
        for (int i = level->decoder_first; i < 2; i++)
            shape_layer(&level->decoder[i], n, l, baseline_groups(a, true, l));
    }
    plan_forward(n, b->levels, bottom);
    if (n->training) {
        plan_backward(n, b->levels, bottom);
        plan_encoders_backward(n, b->levels, bottom);
    }
}

static void bind_gradients(struct baseline_level *level, const struct network *n, int l)
{
    level->g = network_buffer(n, level->g_buffer);
    level->up = network_buffer(n, level->up_buffer);
    level->decoder_middle = network_buffer(n, level->decoder_middle_buffer);
    level->encoder_middle = network_buffer(n, level->encoder_middle_buffer);
    level->down = l > 0 ? network_buffer(n, level->down_buffer) : NULL;
}

static void baseline_bind(struct network *n)
{
    struct baseline *b = n->body;
    double *channel_sums = network_buffer(n, b->sums_buffer);
    int bottom = n->architecture.levels - 1;
    for (int l = 0; l <= bottom; l++) {
        struct baseline_level *level = &b->levels[l];
        for (int i = 0; i < level->encoder_layers; i++)
            channel_sums = bind_layer(&level->encoder[i], n, channel_sums);
        for (int i = level->decoder_first; i < 2; i++)
            channel_sums = bind_layer(&level->decoder[i], n, channel_sums);
        level->pooled = l > 0 ? network_buffer(n, level->pooled_buffer) : n->ends.image;
        level->merged = l < bottom ? network_buffer(n, level->merged_buffer) : encoded(level)->y;
        if (n->training)
            bind_gradients(level, n, l);
    }
}

/* Running ------------------------------------------------------------------------------------------- */

/* merged[l-1] = skip[l-1] + upsample(decoded[l]) */
static void up(struct network *n, struct baseline_level *coarse, struct baseline_level *fine)
{
    n->kernels->copy(fine->merged, encoded(fine)->y, encoded_bytes(n, fine));
    n->kernels->upsample_forward(coarse->decoder[1].out, coarse->decoder[1].y, fine->merged);
}

static void baseline_forward(struct network *n)
{
    struct baseline *b = n->body;
    struct baseline_level *level = b->levels;
    int bottom = n->architecture.levels - 1;

    for (int l = 0; l <= bottom; l++) {
        void *scratch = network_scratch(n, PHASE_ENCODE, l);
        if (l > 0)
            n->kernels->pool_forward(encoded(&level[l - 1])->out, encoded(&level[l - 1])->y, level[l].pooled);
        layer_forward(n, &level[l].encoder[0], level[l].pooled, scratch);
        if (l < bottom)
            layer_forward(n, &level[l].encoder[1], level[l].encoder[0].y, scratch);
    }
    for (int l = bottom; l >= 0; l--) {
        void *scratch = network_scratch(n, PHASE_DECODE, l);
        if (l < bottom)
            layer_forward(n, &level[l].decoder[0], level[l].merged, scratch);
        layer_forward(n, &level[l].decoder[1], l < bottom ? level[l].decoder[0].y : level[l].merged, scratch);
        if (l > 0)
            up(n, &level[l], &level[l - 1]);
    }
    head(n, level[0].decoder[1].out, level[0].decoder[1].y);
}

static void decode_backward(struct network *n, struct baseline_level *level, bool bottom, void *scratch)
{
    if (bottom) {
        layer_backward(n, &level->decoder[1], level->merged, level->up, level->g, scratch);
    } else {
        layer_backward(n, &level->decoder[1], level->decoder[0].y, level->up, level->decoder_middle, scratch);
        layer_backward(n, &level->decoder[0], level->merged, level->decoder_middle, level->g, scratch);
    }
}

static void encode_backward(struct network *n, struct baseline_level *level, bool bottom, void *scratch)
{
    if (bottom) {
        layer_backward(n, &level->encoder[0], level->pooled, level->g, level->down, scratch);
    } else {
        layer_backward(n, &level->encoder[1], level->encoder[0].y, level->g, level->encoder_middle, scratch);
        layer_backward(n, &level->encoder[0], level->pooled, level->encoder_middle, level->down, scratch);
    }
}

static void baseline_backward(struct network *n, float loss_scale)
{
    struct baseline *b = n->body;
    struct baseline_level *level = b->levels;
    int bottom = n->architecture.levels - 1;

    head_backward(n, level[0].decoder[1].out, level[0].decoder[1].y, loss_scale, level[0].up);
    for (int l = 0; l <= bottom; l++) {
        if (l > 0) /* the gradient of a sum: g[l-1] goes to the skip as it is, and to what was up-sampled */
            n->kernels->upsample_backward(level[l].decoder[1].out, level[l - 1].g, level[l].up);
        decode_backward(n, &level[l], l == bottom, network_scratch(n, PHASE_DECODE_BACKWARD, l));
    }
    for (int l = bottom; l >= 0; l--) {
        encode_backward(n, &level[l], l == bottom, network_scratch(n, PHASE_ENCODE_BACKWARD, l));
        if (l > 0)
            n->kernels->pool_backward(encoded(&level[l - 1])->out, encoded(&level[l - 1])->y, level[l].down,
                                      level[l - 1].g);
    }
}

const struct network_body baseline_body = {baseline_open,     baseline_rungs, baseline_plan_resident,
                                           baseline_plan,     baseline_bind,  baseline_forward,
                                           baseline_backward, baseline_close};
