/* prunet-init: a new checkpoint, initialised as PyTorch does, a function of the seed and the tensor names. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/network/checkpoint.h"
#include "lib/network/kinds.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *out, *spacing;
static uint64_t seed;
static double output_bias;
static struct architecture_options network;

static const struct option_spec options[] = {
    {"output", 'o', OPTION_TEXT, &out, "STATE", "the checkpoint to write (required)"},
    {"output-bias", 0, OPTION_REAL, &output_bias, "B",
     "added to the last convolution's biases, within -100..100 (0)"},
    {"spacing", 0, OPTION_TEXT, &spacing, "XxYxZ",
     "mm between the voxels that it will see, to be noted (not noted)"},
    ARCHITECTURE_OPTIONS(network),
};

static const struct tool tool = {
    .name = "prunet-init",
    .usage = "--seed N [--kind reversible|baseline] [--channels LIST] [OPTION...] -o STATE",
    .summary = "Makes a checkpoint of a network that has learned nothing yet: convolutions uniform within\n"
               "1/sqrt(fan-in), group norms 1 and 0, as PyTorch initialises them.",
    .options = options,
    .count = OPTION_COUNT(options),
    .notes =
        "The Dice loss of a small region hardly changes when the region is predicted everywhere, and has no\n"
        "gradient left once it is: with a large learning rate some seeds end there. --output-bias -3\n"
        "begins with 5 % instead of 50 % and avoids it (the prior of Lin et al., ICCV 2017).",
    .common = {.seed = &seed},
    .example = "prunet-init --seed 1 --encoder-blocks 3 -o new.safetensors",
};

static int initial_values(void *self, enum state_vector vector, const struct parameter *parameter,
                          float *values)
{
    (void)self;
    memset(values, 0, parameter->count * sizeof *values);
    if (vector == STATE_WEIGHTS)
        parameter_begin(parameter, seed, output_bias, values);
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    if (options_parse(&tool, argc, argv) != argc)
        usage_error("no operands are expected");
    if (!out)
        usage_error("-o STATE is needed");
    if (fabs(output_bias) > OUTPUT_BIAS_MAX)
        usage_error("--output-bias: %g is not within -%d..%d", output_bias, OUTPUT_BIAS_MAX, OUTPUT_BIAS_MAX);
    double millimetres[3];
    if (spacing && spacing_parse(millimetres, spacing))
        usage_error("%s", error_message());
    struct architecture architecture;
    const struct label_scheme *scheme;
    int status = architecture_from_options(&architecture, &scheme, &network);
    if (status == STATUS_USAGE)
        usage_error("%s", error_message());
    if (status)
        return report(status);
    struct parameter_table table;
    status = parameter_table_make(&table, &architecture);
    if (status)
        return report(status);
    struct training start = {.seed = seed, .scheme = scheme};
    if (spacing)
        spacing_print(millimetres, start.spacing);
    status = checkpoint_save(out, &architecture, &table, &start, initial_values, NULL);
    if (!status && verbose)
        fprintf(stderr, "%s: %s: %zu parameters\n", tool_name, out, table.total);
    parameter_table_free(&table);
    return status ? report(status) : STATUS_OK;
}
