/* Table 1 of the paper: the memory of its rows, as measured there, as its equations have it, and as planned
 * here. */
#include "lib/base/error.h"
#include "lib/network/model.h"
#include "lib/network/network.h"
#include "lib/network/plan_table.h"
#include <stdio.h>
#include <string.h>

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
    [NETWORK_REVERSIBLE] = "one tensor a level serves encoder and decoder, blocks are undone and their "
                           "gradients added in place, pooled values are found again",
    [NETWORK_BASELINE] = "the norm's result is not kept but found again, pooling keeps no indices; the model "
                         "leaves out the libraries' workspaces and short-lived copies",
};

/* What fills a plan's peak, in the terms of the equations. */
struct share {
    size_t activations, parameters, derivatives;
};

/* What the forward pass left is an activation; scratch and what the way back began serve the derivatives. */
static struct share share_peak(const struct plan *plan)
{
    struct share share = {0};
    int way_back = 0;
    while (way_back < plan->event_count && strcmp(plan->events[way_back].name, "head backward"))
        way_back++;
    for (int i = 0; i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        if (!plan_alive(plan, i, plan->peak_event))
            continue;
        bool passing = b->first >= way_back || !strcmp(b->name, "scratch");
        *(b->resident ? &share.parameters : passing ? &share.derivatives : &share.activations) += b->bytes;
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
    int status = network_plan(&plan, architecture, kernels, true, size, NULL);
    if (status)
        return status;
    ours->share = share_peak(&plan);
    ours->training = plan.resident_bytes + plan.activation_bytes;
    plan_free(&plan);
    if ((status = network_plan(&plan, architecture, kernels, false, size, NULL)))
        return status;
    ours->inference = plan.resident_bytes + plan.activation_bytes;
    plan_free(&plan);
    return STATUS_OK;
}

static int print_row(const struct plan_table *table, const struct paper_row *row,
                     const struct memory_model *equation, const struct memory_model *kept,
                     const struct ours *ours)
{
    const char *format =
        table->json
            ? "{\"network\":\"%s\",\"blocks\":\"%s\",\"size\":\"%dx%dx%d\",\"paper\":%d,\"equation\":%.0f,"
              "\"kept\":%.0f,\"ours\":%.0f,\"inference\":%.0f,\"layers\":%.0f,\"sequences\":%.0f,"
              "\"parameters\":%.0f,\"derivatives\":%.0f,\"our_activations\":%.0f,\"our_parameters\":%.0f,"
              "\"our_derivatives\":%.0f,\"why\":\"%s\"}\n"
            : "%s\t%s\t%dx%dx%d\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%s\n";
    char blocks[16];
    snprintf(blocks, sizeof blocks, row->kind == NETWORK_BASELINE ? "-" : "%d,1", row->encoder_blocks);
    return output_print(
        table->output, format, network_kind_name(row->kind), blocks, row->size[0], row->size[1], row->size[2],
        row->mib, (double)memory_model_sum(equation) / MIB, (double)memory_model_sum(kept) / MIB,
        (double)ours->training / MIB, (double)ours->inference / MIB, (double)equation->layers / MIB,
        (double)equation->sequences / MIB, (double)equation->parameters / MIB,
        (double)equation->derivatives / MIB, (double)ours->share.activations / MIB,
        (double)ours->share.parameters / MIB, (double)ours->share.derivatives / MIB, explanations[row->kind]);
}

static int do_row(const struct plan_table *table, const struct paper_row *row, kernels_finder *find)
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
    struct memory_model kept = memory_model_kept(&architecture, parameters.total, row->size),
                        equation = row->kind == NETWORK_BASELINE
                                       ? kept
                                       : memory_model_reversible(&architecture, parameters.total, row->size);
    parameter_table_free(&parameters);
    return print_row(table, row, &equation, &kept, &ours);
}

int plan_table1_print(const struct plan_table *table, kernels_finder *find, bool header)
{
    int status = STATUS_OK;
    if (header && !table->json)
        status = output_print(table->output,
                              "network\tblocks\tsize\tpaper\tequation\tkept\tours\tinference\tlayers\t"
                              "sequences\tparameters\tderivatives\tour_activations\tour_parameters\t"
                              "our_derivatives\twhy\n");
    for (size_t i = 0; !status && i < sizeof rows / sizeof rows[0]; i++)
        status = do_row(table, &rows[i], find);
    return status;
}
