/* prunet-plan: the memory of a network, what a run will allocate to the byte, without allocating it. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/network/backend_choice.h"
#include "lib/network/memory_report.h"
#include "lib/network/network.h"
#include "lib/network/paper_memory.h"
#include "lib/network/segment.h"
#include <stdio.h>

static const char *model_path, *out;
static int size[3] = {160, 192, 160};
static bool json, no_header, buffers, table1;
static struct architecture_options described;
static const char *memory = "default", *loss = "dice";
static double average_decay;
static int batch = 1;
static unsigned training;
static struct memory_budget budget;
static struct backend_choice backend;
static struct tiling_choice windows = TILING_DEFAULT;

static const struct option_spec options[] = {
    {"size", 's', OPTION_SIZE, size, "XxYxZ", "voxels of a volume (160x192x160)"},
    {"model", 'm', OPTION_TEXT, &model_path, "STATE", "plan for this checkpoint's network"},
    ARCHITECTURE_OPTIONS(described),
    {"memory", 0, OPTION_TEXT, &memory, "SIZE",
     "what training may take, as prunet-step's --memory (default)"},
    {"loss", 0, OPTION_TEXT, &loss, "LOSS", "what training minimises, as prunet-step's --loss (dice)"},
    {"weight-average", 0, OPTION_REAL, &average_decay, "D",
     "training keeps an average of the weights, as prunet-step's (0: none)"},
    {"batch", 0, OPTION_NATURAL, &batch, "B", "cases of a training step, as prunet-step's --batch (1)"},
    {"buffers", 0, OPTION_FLAG, &buffers, NULL, "also every buffer and the bytes alive at each step"},
    {"window", 0, OPTION_SIZE, windows.size, "XxYxZ",
     "of segmenting alone: whole volumes beside prunet-infer's --window"},
    {"table1", 0, OPTION_FLAG, &table1, NULL, "the rows of the paper's Table 1 instead of one network"},
};

static const struct tool tool = {
    .name = "prunet-plan",
    .usage = "[--size XxYxZ] [-m STATE | --kind KIND ...] [--buffers] [OPTION...]\n"
             "--window XxYxZ [--size XxYxZ] [-m STATE | --kind KIND ...] [--memory SIZE] [OPTION...]\n"
             "--table1 [OPTION...]",
    .summary =
        "Prints the memory of a training step and of an inference, which is known before they run.\n"
        "  total   allocated: the blocks `resident` (the training state, which stays from volume to\n"
        "          volume) and `activations`, which is what the run asks for; peak: the most alive at once\n"
        "  choice  the bytes that --memory saves: recompute (default), min or keep N sequences\n"
        "  peak    what fills the peak, largest first\n"
        "  equation 4, equation 3   the paper's memory model with what PyTorch's autograd saves: of the\n"
        "          reversible network, and of the same network with every activation saved\n"
        "With --buffers also each buffer with its offset and the first and last step of its life, and\n"
        "the bytes alive at each step. Columns: run, item, name, bytes, mib, offset, first, last.\n\n"
        "With --window the runs are `inference` of a whole volume and `window`, of one window. Two rows\n"
        "`segment` say what either takes with the image and the probabilities of the volume, and whether\n"
        "that `fits` --memory or is `too large`, or `-` where no SIZE is given.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {BACKEND_OPTIONS(backend), .output = &out, .json = &json, .no_header = &no_header},
    .example = "prunet-plan --size 160x192x160 --encoder-blocks 3 --memory 8G",
    .notes =
        "--table1, all in MiB: `paper` as measured there; `equation` 4 (of the baseline: 3), its terms\n"
        "layers, sequences, parameters, derivatives; `kept`, equation 3 of the same network; `ours`\n"
        "allocated in training and `inference`; our peak's activations, parameters and derivatives, which\n"
        "stand for layers and sequences, parameters, and derivatives; and `why` ours is smaller.",
};

static int print_plan(const struct memory_report *table, const struct architecture *architecture,
                      const struct kernels *kernels, unsigned use)
{
    struct plan plan;
    int status = network_plan(&plan, architecture, kernels, use, size, &budget);
    if (status)
        return status;
    status = memory_report_plan(table, use & TRAINING ? "training" : "inference", &plan);
    plan_free(&plan);
    return status;
}

static int choose_architecture(struct architecture *architecture)
{
    const struct label_scheme *scheme;
    if (!model_path)
        return architecture_from_options(architecture, &scheme, &described);
    struct checkpoint checkpoint;
    int status = checkpoint_open(&checkpoint, model_path);
    if (status)
        return status;
    *architecture = checkpoint.architecture;
    checkpoint_close(&checkpoint);
    return STATUS_OK;
}

/* What segmenting takes, and whether that is within --memory. */
static int print_segment(const struct memory_report *table, const char *name, size_t bytes)
{
    const char *answer = !budget.bytes ? "-" : bytes <= budget.bytes ? "fits" : "too large";
    return memory_report_row(table, "segment", name, answer, bytes);
}

/* The network's plan for volumes of a size, and what it allocates. */
static int print_inference(const struct memory_report *table, const struct architecture *architecture,
                           const struct kernels *kernels, const char *run, const int of[3], size_t *bytes)
{
    struct plan plan;
    int padded[3];
    segment_padded_size(architecture, of, padded);
    int status = network_plan(&plan, architecture, kernels, INFERENCE, padded, NULL);
    if (status)
        return status;
    *bytes = plan.resident_bytes + plan.activation_bytes;
    status = memory_report_plan(table, run, &plan);
    plan_free(&plan);
    return status;
}

static int print_windows(const struct memory_report *table, const struct architecture *architecture,
                         const struct kernels *kernels)
{
    struct tiling tiling;
    size_t whole = 0, window = 0;
    int status = segment_check_windows(architecture, &windows, model_path ? model_path : "the network");
    if (status || (status = tiling_make(&tiling, &windows, size)))
        return status;
    status = print_inference(table, architecture, kernels, "inference", size, &whole);
    if (!status)
        status = print_inference(table, architecture, kernels, "window", tiling.window, &window);
    whole += segment_host_bytes(architecture, size, NULL);
    window += segment_host_bytes(architecture, size, &tiling);
    tiling_free(&tiling);
    if (!status)
        status = print_segment(table, "whole", whole);
    return status ? status : print_segment(table, "window", window);
}

static int find_kernels(const struct kernels **kernels, const struct architecture *architecture)
{
    return backend_find(kernels, &backend, architecture);
}

static int print_plans(const struct memory_report *table)
{
    struct architecture architecture;
    const struct kernels *kernels = NULL;
    int status = choose_architecture(&architecture);
    if (!status)
        status = find_kernels(&kernels, &architecture);
    if (!status && !no_header)
        status = memory_report_header(table);
    if (!status && windows.size[0])
        return print_windows(table, &architecture, kernels);
    if (status || (status = print_plan(table, &architecture, kernels, training)) ||
        (status = print_plan(table, &architecture, kernels, INFERENCE)))
        return status;
    return memory_report_paper(table, &architecture, size);
}

int main(int argc, char **argv)
{
    if (options_parse(&tool, argc, argv) != argc)
        usage_error("no operands are expected");
    if (memory_budget_parse(&budget, memory) || loss_parse(&training, loss))
        usage_error("%s", error_message());
    if (table1 && windows.size[0])
        usage_error("--table1 and --window exclude each other");
    if (average_decay < 0 || average_decay >= 1)
        usage_error("--weight-average is at least 0 and less than 1");
    if (batch > FIXED_COUNT_MAX)
        usage_error("--batch is at most %d", FIXED_COUNT_MAX);
    training |= (average_decay > 0 ? AVERAGING : 0) | (batch > 1 ? BATCHES : 0);
    struct output output;
    int status = output_open(&output, out, false);
    const struct memory_report table = {&output, json, buffers};
    if (!status)
        status = table1 ? table1_print(&output, json, !no_header, find_kernels) : print_plans(&table);
    if (!status)
        status = output_commit(&output);
    return status ? report(status) : STATUS_OK;
}
