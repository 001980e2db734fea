#include "lib/network/model.h"

enum {
    REAL = 4,
    INDEX = 8,
    STATE_REALS = 4,    /* weight, gradient, Adam's two means */
    LAYER_TENSORS = 3,  /* convolution, norm, activation */
    BRANCH_TENSORS = 3, /* input, norm, activation; each half of the block's state */
    BLOCK_STATES = 5,   /* MB: see the header */
};

/* Bytes of `channels` maps of level l. */
static size_t maps(const int size[3], int level, int channels)
{
    return (size_t)channels * (size_t)(size[0] >> level) * (size_t)(size[1] >> level) *
           (size_t)(size[2] >> level) * REAL;
}

/* Image, pooled values and their indices, probabilities and target. */
static size_t layers_of_both(const struct architecture *a, const int size[3])
{
    size_t bytes = maps(size, 0, a->inputs) + 2 * maps(size, 0, a->outputs);
    for (int l = 1; l < a->levels; l++)
        bytes += maps(size, l, a->channels[l - 1]) / REAL * (REAL + INDEX);
    return bytes;
}

/* What the layers of the baseline keep besides: level 4's decoder has one layer, its encoder too; a decoder's
 * second layer has the width of the level above. */
static size_t baseline_layers(const struct architecture *a, const int size[3])
{
    size_t bytes = layers_of_both(a, size);
    int bottom = a->levels - 1;
    for (int l = 0; l <= bottom; l++) {
        int width = a->channels[l], above = a->channels[l ? l - 1 : 0];
        int channels = l < bottom ? 3 * width + above : width + above;
        bytes += LAYER_TENSORS * maps(size, l, channels);
        if (l < bottom)
            bytes += maps(size, l, width); /* the sum of skip and up-sampled */
    }
    return bytes;
}

struct memory_model memory_model_reversible(const struct architecture *a, size_t parameters,
                                            const int size[3])
{
    struct memory_model model = {0};
    if (a->kind == NETWORK_BASELINE)
        return model;
    model.layers = layers_of_both(a, size);
    model.parameters = parameters * STATE_REALS * REAL;
    for (int l = 0; l < a->levels; l++) {
        size_t state = maps(size, l, a->channels[l]);
        model.sequences += 2 * state; /* the encoder's and the decoder's output */
        model.derivatives =
            BLOCK_STATES * state > model.derivatives ? BLOCK_STATES * state : model.derivatives;
    }
    return model;
}

struct memory_model memory_model_kept(const struct architecture *a, size_t parameters, const int size[3])
{
    struct memory_model model = {.parameters = parameters * STATE_REALS * REAL};
    model.layers = a->kind == NETWORK_BASELINE ? baseline_layers(a, size) : layers_of_both(a, size);
    for (int l = 0; l < a->levels; l++) {
        size_t state = maps(size, l, a->channels[l]);
        if (a->kind == NETWORK_REVERSIBLE) /* a block has two branches; after the last the output stays */
            model.sequences += ((size_t)(a->encoder_blocks + a->decoder_blocks) * BRANCH_TENSORS + 2) * state;
        model.derivatives = 2 * state > model.derivatives ? 2 * state : model.derivatives;
    }
    return model;
}

size_t memory_model_sum(const struct memory_model *model)
{
    return model->layers + model->sequences + model->parameters + model->derivatives;
}
