#include "lib/network/plan_table.h"
#include "lib/base/error.h"
#include "lib/network/model.h"
#include <stdlib.h>
#include <string.h>

static const double MIB = 1 << 20;

struct row {
    const char *run, *item, *name;
    size_t bytes, offset;
    const char *first, *last;
};

int plan_table_header(const struct plan_table *table)
{
    return table->json ? STATUS_OK
                       : output_print(table->output, "run\titem\tname\tbytes\tmib\toffset\tfirst\tlast\n");
}

static int print_row(const struct plan_table *table, const struct row *r)
{
    const char *format = table->json
                             ? "{\"run\":\"%s\",\"item\":\"%s\",\"name\":\"%s\",\"bytes\":%zu,\"mib\":%.1f,"
                               "\"offset\":%zu,\"first\":\"%s\",\"last\":\"%s\"}\n"
                             : "%s\t%s\t%s\t%zu\t%.1f\t%zu\t%s\t%s\n";
    return output_print(table->output, format, r->run, r->item, r->name, r->bytes, (double)r->bytes / MIB,
                        r->offset, r->first, r->last);
}

static int print_rows(const struct plan_table *table, const struct row *rows, size_t count)
{
    int status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++)
        status = print_row(table, &rows[i]);
    return status;
}

static int print_buffer(const struct plan_table *table, const char *run, const char *item,
                        const struct plan *plan, const struct plan_buffer *b)
{
    return print_row(table, &(struct row){run, item, b->name, b->bytes, b->offset,
                                          plan->events[b->first].name, plan->events[b->last].name});
}

static size_t kept_bytes(const struct plan *plan)
{
    size_t bytes = 0;
    for (int i = 0; i < plan->buffer_count; i++)
        if (!strncmp(plan->buffers[i].name, "kept ", 5))
            bytes += plan->buffers[i].bytes;
    return bytes;
}

static int print_totals(const struct plan_table *table, const char *run, const struct plan *plan)
{
    const char *first = plan->events[0].name, *last = plan->events[plan->event_count - 1].name,
               *peak = plan->events[plan->peak_event].name;
    const struct row rows[] = {
        {run, "total", "allocated", plan->resident_bytes + plan->activation_bytes, 0, first, last},
        {run, "total", "resident", plan->resident_bytes, 0, first, last},
        {run, "total", "activations", plan->activation_bytes, 0, first, last},
        {run, "total", "peak", plan->peak_bytes, 0, peak, peak},
        {run, "choice", plan->choice, kept_bytes(plan), 0, first, last},
    };
    return print_rows(table, rows, sizeof rows / sizeof rows[0]);
}

static int larger_first(const void *a, const void *b)
{
    const struct plan_buffer *left = *(struct plan_buffer *const *)a,
                             *right = *(struct plan_buffer *const *)b;
    if (left->bytes != right->bytes)
        return left->bytes > right->bytes ? -1 : 1;
    return left < right ? -1 : left > right;
}

static int print_peak(const struct plan_table *table, const char *run, const struct plan *plan)
{
    const struct plan_buffer **alive = malloc((size_t)plan->buffer_count * sizeof *alive);
    size_t count = 0, rest = 0;
    if (!alive)
        return fail(STATUS_FAILURE, "out of memory");
    for (int i = 0; i < plan->buffer_count; i++)
        if (plan_alive(plan, i, plan->peak_event))
            alive[count++] = &plan->buffers[i];
    qsort(alive, count, sizeof *alive, larger_first);
    int status = STATUS_OK;
    for (size_t i = 0; !status && i < count; i++)
        if (alive[i]->bytes >= MIB)
            status = print_buffer(table, run, "peak", plan, alive[i]);
        else
            rest += alive[i]->bytes;
    free(alive);
    const char *peak = plan->events[plan->peak_event].name;
    return status ? status : print_row(table, &(struct row){run, "peak", "others", rest, 0, peak, peak});
}

static int print_all(const struct plan_table *table, const char *run, const struct plan *plan)
{
    int status = STATUS_OK;
    for (int i = 0; !status && i < plan->buffer_count; i++) {
        const struct plan_buffer *b = &plan->buffers[i];
        if (b->bytes)
            status = print_buffer(table, run, b->resident ? "resident" : "buffer", plan, b);
    }
    for (int e = 0; !status && e < plan->event_count; e++) {
        const struct plan_event *event = &plan->events[e];
        status = print_row(
            table, &(struct row){run, "event", event->name, event->live, 0, event->name, event->name});
    }
    return status;
}

int plan_table_print(const struct plan_table *table, const char *run, const struct plan *plan)
{
    int status = print_totals(table, run, plan);
    if (!status)
        status = print_peak(table, run, plan);
    return status || !table->buffers ? status : print_all(table, run, plan);
}

static int print_model(const struct plan_table *table, const char *equation, const struct memory_model *model,
                       bool reversible)
{
    const struct row rows[] = {
        {"paper", equation, reversible ? "layers MN" : "layers MA", model->layers, 0, "-", "-"},
        {"paper", equation, reversible ? "sequences MS" : "branches MA", model->sequences, 0, "-", "-"},
        {"paper", equation, "parameters MP", model->parameters, 0, "-", "-"},
        {"paper", equation, reversible ? "derivatives MB" : "derivatives MD", model->derivatives, 0, "-",
         "-"},
        {"paper", equation, "sum", memory_model_sum(model), 0, "-", "-"},
    };
    return print_rows(table, rows, sizeof rows / sizeof rows[0]);
}

int plan_table_print_model(const struct plan_table *table, const struct architecture *architecture,
                           const int size[3])
{
    struct parameter_table parameters;
    int status = parameter_table_make(&parameters, architecture);
    if (status)
        return status;
    struct memory_model four = memory_model_reversible(architecture, parameters.total, size),
                        three = memory_model_kept(architecture, parameters.total, size);
    parameter_table_free(&parameters);
    if (architecture->kind == NETWORK_REVERSIBLE)
        status = print_model(table, "equation 4", &four, true);
    return status ? status : print_model(table, "equation 3", &three, false);
}
