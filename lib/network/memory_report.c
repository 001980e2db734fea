#include "lib/network/memory_report.h"
#include "lib/base/error.h"
#include "lib/network/kinds.h"
#include "lib/network/paper_memory.h"
#include <stdlib.h>
#include <string.h>

static const double MIB = 1 << 20;

struct row {
    const char *run, *item, *name;
    size_t bytes, offset;
    const char *first, *last;
};

int memory_report_header(const struct memory_report *report)
{
    return report->json ? STATUS_OK
                        : output_print(report->output, "run\titem\tname\tbytes\tmib\toffset\tfirst\tlast\n");
}

static int print_row(const struct memory_report *report, const struct row *r)
{
    const char *format = report->json
                             ? "{\"run\":\"%s\",\"item\":\"%s\",\"name\":\"%s\",\"bytes\":%zu,\"mib\":%.1f,"
                               "\"offset\":%zu,\"first\":\"%s\",\"last\":\"%s\"}\n"
                             : "%s\t%s\t%s\t%zu\t%.1f\t%zu\t%s\t%s\n";
    return output_print(report->output, format, r->run, r->item, r->name, r->bytes, (double)r->bytes / MIB,
                        r->offset, r->first, r->last);
}

int memory_report_row(const struct memory_report *report, const char *run, const char *item, const char *name,
                      size_t bytes)
{
    return print_row(report, &(struct row){run, item, name, bytes, 0, "-", "-"});
}

static int print_rows(const struct memory_report *report, const struct row *rows, size_t count)
{
    int status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++)
        status = print_row(report, &rows[i]);
    return status;
}

static int print_buffer(const struct memory_report *report, const char *run, const char *item,
                        const struct plan *plan, const struct plan_buffer *b)
{
    return print_row(report, &(struct row){run, item, b->name, b->bytes, b->offset,
                                           plan->steps[b->first].name, plan->steps[b->last].name});
}

static size_t saved_bytes(const struct plan *plan)
{
    size_t bytes = 0;
    for (int i = 0; i < plan->buffer_count; i++)
        if (!strncmp(plan->buffers[i].name, "saved ", 6))
            bytes += plan->buffers[i].bytes;
    return bytes;
}

static int print_totals(const struct memory_report *report, const char *run, const struct plan *plan)
{
    const char *first = plan->steps[0].name, *last = plan->steps[plan->step_count - 1].name,
               *peak = plan->steps[plan->peak_step].name;
    const struct row rows[] = {
        {run, "total", "allocated", plan->resident_bytes + plan->activation_bytes, 0, first, last},
        {run, "total", "resident", plan->resident_bytes, 0, first, last},
        {run, "total", "activations", plan->activation_bytes, 0, first, last},
        {run, "total", "peak", plan->peak_bytes, 0, peak, peak},
        {run, "choice", plan->choice, saved_bytes(plan), 0, first, last},
    };
    return print_rows(report, rows, sizeof rows / sizeof rows[0]);
}

static int larger_first(const void *a, const void *b)
{
    const struct plan_buffer *left = *(struct plan_buffer *const *)a,
                             *right = *(struct plan_buffer *const *)b;
    if (left->bytes != right->bytes)
        return left->bytes > right->bytes ? -1 : 1;
    return left < right ? -1 : left > right;
}

static int print_peak(const struct memory_report *report, const char *run, const struct plan *plan)
{
    const struct plan_buffer **alive = malloc((size_t)plan->buffer_count * sizeof *alive);
    size_t count = 0, rest = 0;
    if (!alive)
        return fail(STATUS_FAILURE, "out of memory");
    for (int i = 0; i < plan->buffer_count; i++)
        if (plan_alive(plan, i, plan->peak_step))
            alive[count++] = &plan->buffers[i];
    qsort(alive, count, sizeof *alive, larger_first);
    int status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++)
        if (alive[i]->bytes >= MIB)
            status = print_buffer(report, run, "peak", plan, alive[i]);
        else
            rest += alive[i]->bytes;
    free(alive);
    const char *peak = plan->steps[plan->peak_step].name;
    return status ? status : print_row(report, &(struct row){run, "peak", "others", rest, 0, peak, peak});
}

static int print_all(const struct memory_report *report, const char *run, const struct plan *plan)
{
    int status = STATUS_OK;
    for (int i = 0; !status && i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        if (b->bytes)
            status = print_buffer(report, run, b->resident ? "resident" : "buffer", plan, b);
    }
    for (int s = 0; !status && s < plan->step_count; s++) {
        const struct plan_step *step = &plan->steps[s];
        status =
            print_row(report, &(struct row){run, "step", step->name, step->live, 0, step->name, step->name});
    }
    return status;
}

int memory_report_plan(const struct memory_report *report, const char *run, const struct plan *plan)
{
    int status = print_totals(report, run, plan);
    if (!status)
        status = print_peak(report, run, plan);
    return status || !report->buffers ? status : print_all(report, run, plan);
}

static int print_model(const struct memory_report *report, const char *equation,
                       const struct memory_model *model, bool reversible)
{
    const struct row rows[] = {
        {"paper", equation, reversible ? "layers MN" : "layers MA", model->layers, 0, "-", "-"},
        {"paper", equation, reversible ? "sequences MS" : "branches MA", model->sequences, 0, "-", "-"},
        {"paper", equation, "parameters MP", model->parameters, 0, "-", "-"},
        {"paper", equation, reversible ? "derivatives MB" : "derivatives MD", model->derivatives, 0, "-",
         "-"},
        {"paper", equation, "sum", memory_model_sum(model), 0, "-", "-"},
    };
    return print_rows(report, rows, sizeof rows / sizeof rows[0]);
}

int memory_report_paper(const struct memory_report *report, const struct architecture *architecture,
                        const int size[3])
{
    struct parameter_table parameters;
    int status = parameter_table_make(&parameters, architecture);
    if (status)
        return status;
    struct memory_model four = memory_model_reversible(architecture, parameters.total, size),
                        three = memory_model_saved(architecture, parameters.total, size);
    parameter_table_free(&parameters);
    if (architecture->kind == NETWORK_REVERSIBLE)
        status = print_model(report, "equation 4", &four, true);
    return status ? status : print_model(report, "equation 3", &three, false);
}
