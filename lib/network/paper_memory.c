#include "lib/network/paper_memory.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include "lib/network/kinds.h"
#include "lib/network/network.h"
#include <stdio.h>
#include <string.h>

/* The equations ------------------------------------------------------------------------------------- */

enum {
    REAL = 4,
    INDEX = 8,
    STATE_REALS = 4,    /* of a parameter: weight, gradient, Adam's two means */
    LAYER_TENSORS = 3,  /* convolution, norm, activation */
    BRANCH_TENSORS = 3, /* input, norm, activation; each of half the block's channels */
    BLOCK_STATES = 5,   /* MB: see the header */
};

/* Bytes of `channels` maps of level l. */
static size_t maps(const int size[3], int level, int channels)
{
    const int own[3] = {size[0] >> level, size[1] >> level, size[2] >> level};
    return (size_t)channels * grid_voxels(own) * REAL;
}

/* Image, pooled values and their indices, probabilities and target. */
static size_t layers_of_both(const struct architecture *a, const int size[3])
{
    size_t bytes = maps(size, 0, a->inputs) + 2 * maps(size, 0, a->outputs);
    for (int l = 1; l < a->levels; l++)
        bytes += maps(size, l, a->channels[l - 1]) / REAL * (REAL + INDEX);
    return bytes;
}

/* What the baseline's layers save, those of both networks included. At the bottom encoder and decoder have
 * one layer each; a decoder's second layer has the width of the level above. */
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
        model.derivatives = size_max(model.derivatives, BLOCK_STATES * state);
    }
    return model;
}

struct memory_model memory_model_saved(const struct architecture *a, size_t parameters, const int size[3])
{
    struct memory_model model = {.parameters = parameters * STATE_REALS * REAL};
    model.layers = a->kind == NETWORK_BASELINE ? baseline_layers(a, size) : layers_of_both(a, size);
    for (int l = 0; l < a->levels; l++) {
        size_t state = maps(size, l, a->channels[l]);
        if (a->kind == NETWORK_REVERSIBLE) /* a block has two branches; after the last the output stays */
            model.sequences += ((size_t)(a->encoder_blocks + a->decoder_blocks) * BRANCH_TENSORS + 2) * state;
        model.derivatives = size_max(model.derivatives, 2 * state);
    }
    return model;
}

size_t memory_model_sum(const struct memory_model *model)
{
    return model->layers + model->sequences + model->parameters + model->derivatives;
}

/* Table 1 ------------------------------------------------------------------------------------------- */

static const double MIB = 1 << 20;

/* PyTorch's max_memory_allocated; the paper's MB are bytes divided by 1024 twice. */
struct paper_row {
    enum network_kind kind;
    int encoder_blocks, size[3], mib;
};

static const struct paper_row rows[] = {
    {NETWORK_BASELINE, 1, {128, 128, 128}, 6646},   {NETWORK_REVERSIBLE, 1, {128, 128, 128}, 4138},
    {NETWORK_REVERSIBLE, 1, {160, 192, 160}, 9436}, {NETWORK_REVERSIBLE, 2, {160, 192, 160}, 9529},
    {NETWORK_REVERSIBLE, 3, {160, 192, 160}, 9620}, {NETWORK_REVERSIBLE, 4, {160, 192, 160}, 9713},
};

static const char *const explanations[] = {
    [NETWORK_REVERSIBLE] = "one tensor a level serves encoder and decoder, blocks are inverted and their "
                           "gradients added in place, pooled values are recomputed",
    [NETWORK_BASELINE] = "the norm's result is not saved but recomputed, pooling keeps no indices; the model "
                         "leaves out the libraries' workspaces and short-lived copies",
};

/* The bytes alive at a plan's peak, in the terms of the equations. */
struct share {
    size_t activations, parameters, derivatives;
};

/* Buffers of the forward pass are activations; scratch and the buffers that backward writes are
 * derivatives. */
static struct share share_peak(const struct plan *plan)
{
    struct share share = {0};
    int backward = 0;
    while (backward < plan->step_count && strcmp(plan->steps[backward].name, "head backward"))
        backward++;
    for (int i = 0; i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        if (!plan_alive(plan, i, plan->peak_step))
            continue;
        bool derivative = b->first >= backward || !strcmp(b->name, "scratch");
        *(b->resident ? &share.parameters : derivative ? &share.derivatives : &share.activations) += b->bytes;
    }
    return share;
}

struct ours {
    struct share share;
    size_t training, inference; /* allocated */
};

static int plan_ours(struct ours *ours, const struct architecture *architecture,
                     const struct kernels *kernels, const int size[3])
{
    struct plan plan;
    int status = network_plan(&plan, architecture, kernels, TRAINING, size, NULL);
    if (status)
        return status;
    ours->share = share_peak(&plan);
    ours->training = plan.resident_bytes + plan.activation_bytes;
    plan_free(&plan);
    if ((status = network_plan(&plan, architecture, kernels, INFERENCE, size, NULL)))
        return status;
    ours->inference = plan.resident_bytes + plan.activation_bytes;
    plan_free(&plan);
    return STATUS_OK;
}

static int print_row(struct output *output, bool json, const struct paper_row *row,
                     const struct memory_model *equation, const struct memory_model *all_saved,
                     const struct ours *ours)
{
    const char *format =
        json ? "{\"network\":\"%s\",\"blocks\":\"%s\",\"size\":\"%dx%dx%d\",\"paper\":%d,\"equation\":%.0f,"
               "\"kept\":%.0f,\"ours\":%.0f,\"inference\":%.0f,\"layers\":%.0f,\"sequences\":%.0f,"
               "\"parameters\":%.0f,\"derivatives\":%.0f,\"our_activations\":%.0f,\"our_parameters\":%.0f,"
               "\"our_derivatives\":%.0f,\"why\":\"%s\"}\n"
             : "%s\t%s\t%dx%dx%d\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%s\n";
    char blocks[16];
    snprintf(blocks, sizeof blocks, row->kind == NETWORK_BASELINE ? "-" : "%d,1", row->encoder_blocks);
    return output_print(
        output, format, network_kind_name(row->kind), blocks, row->size[0], row->size[1], row->size[2],
        row->mib, (double)memory_model_sum(equation) / MIB, (double)memory_model_sum(all_saved) / MIB,
        (double)ours->training / MIB, (double)ours->inference / MIB, (double)equation->layers / MIB,
        (double)equation->sequences / MIB, (double)equation->parameters / MIB,
        (double)equation->derivatives / MIB, (double)ours->share.activations / MIB,
        (double)ours->share.parameters / MIB, (double)ours->share.derivatives / MIB, explanations[row->kind]);
}

static int plan_row(struct output *output, bool json, const struct paper_row *row, kernels_finder *find)
{
    struct architecture architecture = architecture_paper(row->kind);
    struct parameter_table parameters;
    const struct kernels *kernels;
    struct ours ours;
    architecture.encoder_blocks = row->encoder_blocks;
    int status = find(&kernels, &architecture);
    if (status || (status = plan_ours(&ours, &architecture, kernels, row->size)) ||
        (status = parameter_table_make(&parameters, &architecture)))
        return status;
    struct memory_model all_saved = memory_model_saved(&architecture, parameters.total, row->size),
                        equation = row->kind == NETWORK_BASELINE
                                       ? all_saved
                                       : memory_model_reversible(&architecture, parameters.total, row->size);
    parameter_table_free(&parameters);
    return print_row(output, json, row, &equation, &all_saved, &ours);
}

int table1_print(struct output *output, bool json, bool header, kernels_finder *find)
{
    int status = STATUS_OK;
    if (header && !json)
        status =
            output_print(output, "network\tblocks\tsize\tpaper\tequation\tkept\tours\tinference\tlayers\t"
                                 "sequences\tparameters\tderivatives\tour_activations\tour_parameters\t"
                                 "our_derivatives\twhy\n");
    for (size_t i = 0; !status && i < sizeof rows / sizeof rows[0]; i++)
        status = plan_row(output, json, &rows[i], find);
    return status;
}
