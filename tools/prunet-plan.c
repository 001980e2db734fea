/* The memory plan of a network: what a run will allocate, to the byte, without allocating it. */
#include "lib/base/error.h"
#include "lib/base/output.h"
#include "lib/network/architecture_options.h"
#include "lib/network/backend.h"
#include "lib/network/checkpoint.h"
#include "lib/network/network.h"
#include <stdio.h>

static const char *model_path;
static int size[3] = {160, 192, 160};
static bool json, no_header;
static struct architecture_options described;
static struct backend_choice backend;

static const struct option_spec options[] = {
    {"size", 's', OPTION_SIZE, size, "XxYxZ", "voxels of a volume (160x192x160)"},
    {"model", 'm', OPTION_TEXT, &model_path, "STATE", "plan for this checkpoint's network"},
    ARCHITECTURE_OPTIONS(described),
    BACKEND_OPTIONS(backend),
    {"json", 0, OPTION_FLAG, &json, NULL, "JSON Lines instead of a table"},
    {"no-header", 0, OPTION_FLAG, &no_header, NULL, "leave out the table's header line"},
};

static const struct tool tool = {
    .name = "prunet-plan",
    .usage = "[--size XxYxZ] [-m STATE | network options] [--backend B] [--json]",
    .summary =
        "Prints the memory of a training step and of an inference: each buffer with its offset and the "
        "first\n"
        "and last event of its life, the bytes alive at each event, and the totals. `resident` buffers are\n"
        "the training state, which stays from volume to volume. The run allocates the sum of the blocks\n"
        "`resident` and `activations`; `peak` is the most that is alive at once.",
    .options = options,
    .count = OPTION_COUNT(options),
};

struct row {
    const char *run, *item, *name;
    size_t bytes, offset;
    const char *first, *last;
};

static int print_row(struct output *output, const struct row *row)
{
    const char *format = json
                             ? "{\"run\":\"%s\",\"item\":\"%s\",\"name\":\"%s\",\"bytes\":%zu,\"offset\":%zu,"
                               "\"first\":\"%s\",\"last\":\"%s\"}\n"
                             : "%s\t%s\t%s\t%zu\t%zu\t%s\t%s\n";
    return output_print(output, format, row->run, row->item, row->name, row->bytes, row->offset, row->first,
                        row->last);
}

static int print_buffers(struct output *output, const struct plan *plan, const char *run)
{
    int status = STATUS_OK;
    for (int i = 0; !status && i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        if (b->bytes)
            status = print_row(output, &(struct row){run, b->resident ? "resident" : "buffer", b->name,
                                                     b->bytes, b->offset, plan->events[b->first].name,
                                                     plan->events[b->last].name});
    }
    return status;
}

static int print_totals(struct output *output, const struct plan *plan, const char *run)
{
    const char *first = plan->events[0].name, *last = plan->events[plan->event_count - 1].name,
               *peak = plan->events[plan->peak_event].name;
    const struct row rows[] = {
        {run, "total", "resident", plan->resident_bytes, 0, first, last},
        {run, "total", "activations", plan->activation_bytes, 0, first, last},
        {run, "total", "allocated", plan->resident_bytes + plan->activation_bytes, 0, first, last},
        {run, "total", "peak", plan->peak_bytes, 0, peak, peak},
    };
    int status = STATUS_OK;
    for (size_t i = 0; !status && i < sizeof rows / sizeof rows[0]; i++)
        status = print_row(output, &rows[i]);
    return status;
}

static int print_plan(struct output *output, const struct architecture *architecture,
                      const struct kernels *kernels, bool training)
{
    const char *run = training ? "training" : "inference";
    struct plan plan;
    int status = network_plan(&plan, architecture, kernels, training, size);
    if (status)
        return status;
    status = print_buffers(output, &plan, run);
    for (int e = 0; !status && e < plan.event_count; e++) {
        const struct plan_event *event = &plan.events[e];
        status = print_row(
            output, &(struct row){run, "event", event->name, event->live, 0, event->name, event->name});
    }
    if (!status)
        status = print_totals(output, &plan, run);
    plan_free(&plan);
    return status;
}

static int choose_architecture(struct architecture *architecture)
{
    if (!model_path)
        return architecture_from_options(architecture, &described);
    struct checkpoint checkpoint;
    int status = checkpoint_open(&checkpoint, model_path);
    if (status)
        return status;
    *architecture = checkpoint.architecture;
    checkpoint_close(&checkpoint);
    return STATUS_OK;
}

static int print_plans(struct output *output)
{
    struct architecture architecture;
    const struct kernels *kernels = NULL;
    int status = choose_architecture(&architecture);
    if (!status)
        status = backend_find(&kernels, &backend, &architecture);
    if (!status && !json && !no_header)
        status = output_print(output, "run\titem\tname\tbytes\toffset\tfirst\tlast\n");
    if (!status)
        status = print_plan(output, &architecture, kernels, true);
    return status ? status : print_plan(output, &architecture, kernels, false);
}

int main(int argc, char **argv)
{
    if (options_parse(&tool, argc, argv) != argc)
        usage_error("no operands are taken");
    struct output output;
    int status = output_open(&output, NULL, false);
    if (!status)
        status = print_plans(&output);
    if (!status)
        status = output_commit(&output);
    return status ? report(status) : STATUS_OK;
}
