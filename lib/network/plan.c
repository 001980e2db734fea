#include "lib/network/plan.h"
#include "lib/base/error.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An array of `count` elements grown by one, which is zero; NULL without memory, and the old one stays. */
static void *grown(void *array, int count, size_t element)
{
    char *larger = realloc(array, (size_t)(count + 1) * element);
    if (larger)
        memset(larger + (size_t)count * element, 0, element);
    return larger;
}

static void set_name(char text[PLAN_NAME_SIZE], const char *name, int level)
{
    snprintf(text, PLAN_NAME_SIZE, level < 0 ? "%s" : "%s %d", name, level);
}

void plan_event(struct plan *plan, const char *name, int level)
{
    struct plan_event *events = grown(plan->events, plan->event_count, sizeof *events);
    if (!events) {
        plan->failed = true;
        return;
    }
    plan->events = events;
    set_name(events[plan->event_count++].name, name, level);
}

int plan_begin(struct plan *plan, const char *name, int level, size_t bytes)
{
    struct plan_buffer *buffers = grown(plan->buffers, plan->buffer_count, sizeof *buffers);
    if (!buffers) {
        plan->failed = true;
        return 0;
    }
    plan->buffers = buffers;
    struct plan_buffer *buffer = &buffers[plan->buffer_count];
    set_name(buffer->name, name, level);
    buffer->bytes = (bytes + PLAN_ALIGNMENT - 1) / PLAN_ALIGNMENT * PLAN_ALIGNMENT;
    buffer->first = plan->event_count - 1;
    buffer->last = -1;
    return plan->buffer_count++;
}

void plan_end(struct plan *plan, int buffer)
{
    if (!plan->failed)
        plan->buffers[buffer].last = plan->event_count - 1;
}

int plan_temporary(struct plan *plan, const char *name, int level, size_t bytes)
{
    int buffer = plan_begin(plan, name, level, bytes);
    plan_end(plan, buffer);
    return buffer;
}

int plan_resident(struct plan *plan, const char *name, size_t bytes)
{
    int buffer = plan_begin(plan, name, -1, bytes);
    if (!plan->failed) {
        plan->buffers[buffer].first = 0;
        plan->buffers[buffer].resident = true;
    }
    return buffer;
}

static int largest_first(const void *a, const void *b)
{
    const struct plan_buffer *left = *(struct plan_buffer *const *)a,
                             *right = *(struct plan_buffer *const *)b;
    if (left->bytes != right->bytes)
        return left->bytes > right->bytes ? -1 : 1;
    return left < right ? -1 : left > right;
}

static bool meet(const struct plan_buffer *a, const struct plan_buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset at which nothing placed so far, alive at the same time, is in the way. Every candidate is
 * 0 or the end of another buffer. */
static size_t lowest_free(const struct plan_buffer *buffer, struct plan_buffer *const *placed, int count)
{
    size_t offset = 0;
    for (int i = 0; i < count; i++)
        if (meet(buffer, placed[i]) && offset < placed[i]->offset + placed[i]->bytes &&
            placed[i]->offset < offset + buffer->bytes) {
            offset = placed[i]->offset + placed[i]->bytes;
            i = -1; /* the new offset may lie inside one already passed */
        }
    return offset;
}

static void place_resident(struct plan *plan)
{
    for (int i = 0; i < plan->buffer_count; i++)
        if (plan->buffers[i].resident) {
            plan->buffers[i].offset = plan->resident_bytes;
            plan->resident_bytes += plan->buffers[i].bytes;
        }
}

static void count_live(struct plan *plan)
{
    for (int e = 0; e < plan->event_count; e++) {
        plan->events[e].live = 0;
        for (int i = 0; i < plan->buffer_count; i++)
            if (plan->buffers[i].first <= e && e <= plan->buffers[i].last)
                plan->events[e].live += plan->buffers[i].bytes;
        if (plan->events[e].live > plan->peak_bytes) {
            plan->peak_bytes = plan->events[e].live;
            plan->peak_event = e;
        }
    }
}

int plan_place(struct plan *plan)
{
    int count = 0;
    struct plan_buffer **order = malloc(((size_t)plan->buffer_count + 1) * sizeof *order);
    if (plan->failed || !order) {
        free(order);
        return fail(STATUS_FAILURE, "out of memory for the memory plan");
    }
    plan->resident_bytes = plan->activation_bytes = plan->peak_bytes = 0;
    for (int i = 0; i < plan->buffer_count; i++) {
        struct plan_buffer *buffer = &plan->buffers[i];
        if (buffer->last < 0)
            buffer->last = plan->event_count - 1;
        if (!buffer->resident)
            order[count++] = buffer;
    }
    qsort(order, (size_t)count, sizeof(*order), largest_first);
    for (int i = 0; i < count; i++) {
        order[i]->offset = lowest_free(order[i], order, i);
        size_t end = order[i]->offset + order[i]->bytes;
        if (end > plan->activation_bytes)
            plan->activation_bytes = end;
    }
    free(order);
    place_resident(plan);
    count_live(plan);
    return STATUS_OK;
}

void plan_free(struct plan *plan)
{
    free(plan->events);
    free(plan->buffers);
    *plan = (struct plan){0};
}
