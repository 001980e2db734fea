#include "lib/network/plan.h"
#include "lib/base/error.h"
#include <stdint.h>
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

static const struct plan_buffer *buffer_at(const void *element)
{
    return *(struct plan_buffer *const *)element;
}

static int in_order(const struct plan_buffer *a, const struct plan_buffer *b)
{
    return a < b ? -1 : a > b;
}

static int largest_first(const void *a, const void *b)
{
    const struct plan_buffer *left = buffer_at(a), *right = buffer_at(b);
    if (left->bytes != right->bytes)
        return left->bytes > right->bytes ? -1 : 1;
    return in_order(left, right);
}

static int longest_first(const void *a, const void *b)
{
    const struct plan_buffer *left = buffer_at(a), *right = buffer_at(b);
    int left_life = left->last - left->first, right_life = right->last - right->first;
    if (left_life != right_life)
        return left_life > right_life ? -1 : 1;
    return largest_first(a, b);
}

/* The area that a buffer covers in bytes and time. */
static int widest_first(const void *a, const void *b)
{
    const struct plan_buffer *left = buffer_at(a), *right = buffer_at(b);
    double left_area = (double)left->bytes * (left->last - left->first + 1),
           right_area = (double)right->bytes * (right->last - right->first + 1);
    if (left_area != right_area)
        return left_area > right_area ? -1 : 1;
    return in_order(left, right);
}

/* Finding the smallest block is NP-hard; one of these orders comes close to the peak for a U-Net. */
typedef int order_function(const void *a, const void *b);
static order_function *const orders[] = {largest_first, longest_first, widest_first};
enum { ORDERS = sizeof orders / sizeof orders[0] };

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

/* Places the buffers in an order; the bytes that the block then needs. */
static size_t place(struct plan_buffer **buffers, int count, order_function *order)
{
    size_t bytes = 0;
    qsort(buffers, (size_t)count, sizeof *buffers, order);
    for (int i = 0; i < count; i++) {
        buffers[i]->offset = lowest_free(buffers[i], buffers, i);
        size_t end = buffers[i]->offset + buffers[i]->bytes;
        bytes = end > bytes ? end : bytes;
    }
    return bytes;
}

static size_t place_best(struct plan_buffer **buffers, int count)
{
    int best = 0;
    size_t least = SIZE_MAX;
    for (int o = 0; o < ORDERS; o++) {
        size_t bytes = place(buffers, count, orders[o]);
        if (bytes < least) {
            least = bytes;
            best = o;
        }
    }
    return place(buffers, count, orders[best]);
}

bool plan_alive(const struct plan *plan, int buffer, int event)
{
    return plan->buffers[buffer].first <= event && event <= plan->buffers[buffer].last;
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
            if (plan_alive(plan, i, e))
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
    struct plan_buffer **buffers = malloc(((size_t)plan->buffer_count + 1) * sizeof *buffers);
    if (plan->failed || !buffers) {
        free(buffers);
        return fail(STATUS_FAILURE, "out of memory for the memory plan");
    }
    plan->resident_bytes = plan->peak_bytes = 0;
    for (int i = 0; i < plan->buffer_count; i++) {
        struct plan_buffer *buffer = &plan->buffers[i];
        if (buffer->last < 0)
            buffer->last = plan->event_count - 1;
        if (!buffer->resident)
            buffers[count++] = buffer;
    }
    plan->activation_bytes = place_best(buffers, count);
    free(buffers);
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
