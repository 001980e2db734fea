/* A new checkpoint: PyTorch's default initialisation, a function of the seed and each tensor's name. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/network/checkpoint.h"
#include <stdio.h>
#include <string.h>

static const char *kind = "reversible", *channels, *out;
static int encoder_blocks, decoder_blocks, groups, inputs = 4, outputs = 3;
static uint64_t seed = UINT64_MAX; /* a seed is asked for: no default that everybody shares by accident */

static const struct option_spec options[] = {
    {"seed", 0, OPTION_UNSIGNED, &seed, "N", "seed of the weights (required)"},
    {"output", 'o', OPTION_TEXT, &out, "STATE", "the checkpoint to write (required)"},
    {"kind", 0, OPTION_TEXT, &kind, "KIND", "reversible (default) or baseline"},
    {"channels", 0, OPTION_TEXT, &channels, "LIST",
     "by level: 60,120,240,360,480; baseline: 30,60,120,240,480"},
    {"encoder-blocks", 0, OPTION_INTEGER, &encoder_blocks, "N", "reversible blocks an encoder (1)"},
    {"decoder-blocks", 0, OPTION_INTEGER, &decoder_blocks, "N", "reversible blocks a decoder (1)"},
    {"groups", 0, OPTION_INTEGER, &groups, "N", "group norm groups (half the first width; baseline: all)"},
    {"inputs", 0, OPTION_INTEGER, &inputs, "N", "modalities (4)"},
    {"outputs", 0, OPTION_INTEGER, &outputs, "N", "regions (3)"},
};

static const struct tool tool = {
    .name = "prunet-init",
    .usage = "--seed N [--kind reversible|baseline] [--channels LIST] [network options] -o STATE",
    .summary = "Makes a checkpoint of a network that has learned nothing yet: convolutions uniform within\n"
               "1/sqrt(fan-in), group norms 1 and 0, as PyTorch initialises them.",
    .options = options,
    .count = OPTION_COUNT(options),
    .notes = "The paper's network with three encoder blocks: prunet-init --seed 1 --encoder-blocks 3 -o "
             "new.safetensors",
};

static struct architecture chosen_architecture(void)
{
    enum network_kind chosen;
    if (!network_kind_named(kind, &chosen))
        usage_error("--kind: '%s' is neither reversible nor baseline", kind);
    struct architecture a = architecture_paper(chosen);
    if (chosen == NETWORK_BASELINE && (encoder_blocks || decoder_blocks))
        usage_error("the baseline has no blocks to choose a number of");
    if (channels && !architecture_set_channels(&a, channels))
        usage_error("--channels: '%s' is not a list of up to %d widths such as 60,120,240", channels,
                    LEVELS_MOST);
    a.groups = groups ? groups : chosen == NETWORK_BASELINE ? a.channels[0] : a.channels[0] / 2;
    a.encoder_blocks = encoder_blocks ? encoder_blocks : 1;
    a.decoder_blocks = decoder_blocks ? decoder_blocks : 1;
    a.inputs = inputs;
    a.outputs = outputs;
    if (architecture_check(&a))
        usage_error("%s", error_message());
    return a;
}

static int initial_values(void *self, enum state_vector vector, const struct parameter *parameter,
                          float *values)
{
    (void)self;
    if (vector == STATE_WEIGHTS)
        parameter_initialise(parameter, seed, values);
    else
        memset(values, 0, parameter->count * sizeof *values);
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    if (options_parse(&tool, argc, argv) != argc)
        usage_error("no operands are taken");
    if (!out)
        usage_error("-o STATE is missing");
    if (seed == UINT64_MAX)
        usage_error("--seed N is missing");
    struct architecture architecture = chosen_architecture();
    struct parameter_table table;
    int status = parameter_table_make(&table, &architecture);
    if (status)
        return report(status);
    struct training start = {.seed = seed};
    status = checkpoint_save(out, &architecture, &table, &start, initial_values, NULL);
    if (!status && verbose)
        fprintf(stderr, "%s: %s: %zu parameters\n", tool_name, out, table.total);
    parameter_table_free(&table);
    return status ? report(status) : STATUS_OK;
}
