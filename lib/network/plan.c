#include "lib/network/plan.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/base/options.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_name(char text[PLAN_NAME_SIZE], const char *name, int level)
{
    snprintf(text, PLAN_NAME_SIZE, level < 0 ? "%s" : "%s %d", name, level);
}

int memory_budget_parse(struct memory_budget *budget, const char *text)
{
    *budget = (struct memory_budget){.min = !strcmp(text, "min")};
    if (budget->min || !strcmp(text, "default"))
        return STATUS_OK;
    if (bytes_parse(text, &budget->bytes) && budget->bytes)
        return STATUS_OK;
    return fail(STATUS_USAGE, "--memory: '%s' is neither a size such as 8G nor min nor default", text);
}

/* Describing ---------------------------------------------------------------------------------------- */

enum { TO_THE_END = -1 }; /* as the last step of a life */

/* A buffer whose life begins and ends with the present step; NULL without memory. */
static struct plan_buffer *begin(struct plan *plan, struct buffer *owner)
{
    const int now = plan->step_count - 1;
    if (array_grow(&plan->buffers, &plan->buffer_capacity, (size_t)plan->buffer_count + 1,
                   sizeof *plan->buffers)) {
        plan->failed = true;
        return NULL;
    }
    struct plan_buffer *buffer = &plan->buffers[plan->buffer_count++];
    *buffer = (struct plan_buffer){.owner = owner, .first = now, .last = now};
    return buffer;
}

size_t plan_aligned(const struct plan *plan, size_t bytes)
{
    size_t alignment = plan->alignment ? plan->alignment : PLAN_ALIGNMENT;
    return (bytes + alignment - 1) / alignment * alignment;
}

static struct plan_buffer *begin_owned(struct plan *plan, struct buffer *owner)
{
    struct plan_buffer *buffer = begin(plan, owner);
    if (buffer) {
        set_name(buffer->name, owner->name, owner->level);
        buffer->bytes = plan_aligned(plan, owner->bytes);
    }
    return buffer;
}

static struct plan_buffer *find(struct plan *plan, const struct buffer *owner)
{
    for (int i = 0; i < plan->buffer_count; i++)
        if (plan->buffers[i].owner == owner)
            return &plan->buffers[i];
    return NULL;
}

void plan_step(struct plan *plan, const char *name, int level)
{
    if (array_grow(&plan->steps, &plan->step_capacity, (size_t)plan->step_count + 1, sizeof *plan->steps)) {
        plan->failed = true;
        return;
    }
    struct plan_step *step = &plan->steps[plan->step_count++];
    *step = (struct plan_step){.scratch = plan->buffer_count};
    set_name(step->name, name, level);
    struct plan_buffer *scratch = begin(plan, NULL);
    if (scratch)
        set_name(scratch->name, "scratch", -1);
}

void plan_scratch(struct plan *plan, size_t bytes)
{
    if (plan->failed)
        return;
    struct plan_buffer *scratch = &plan->buffers[plan->steps[plan->step_count - 1].scratch];
    if (bytes > scratch->bytes)
        scratch->bytes = plan_aligned(plan, bytes);
}

static void use(struct plan_buffer *buffer, int step)
{
    if (buffer->last != TO_THE_END)
        buffer->last = step;
}

void plan_read(struct plan *plan, struct buffer *owner)
{
    struct plan_buffer *buffer = find(plan, owner);
    if (buffer)
        use(buffer, plan->step_count - 1);
    else if (!plan->failed)
        set_name(plan->unwritten, owner->name, owner->level);
}

void plan_write(struct plan *plan, struct buffer *owner)
{
    struct plan_buffer *buffer = find(plan, owner);
    if (buffer)
        use(buffer, plan->step_count - 1);
    else
        begin_owned(plan, owner);
}

void plan_write_to_end(struct plan *plan, struct buffer *owner)
{
    plan_write(plan, owner);
    struct plan_buffer *buffer = find(plan, owner);
    if (buffer)
        buffer->last = TO_THE_END;
}

void plan_resident(struct plan *plan, struct buffer *owner)
{
    struct plan_buffer *buffer = begin_owned(plan, owner);
    if (buffer) {
        buffer->first = 0;
        buffer->last = TO_THE_END;
        buffer->resident = true;
    }
}

/* Placing ------------------------------------------------------------------------------------------- */

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

/* The lowest offset at which the buffer overlaps nothing placed so far that is alive at the same time. Every
 * candidate is 0 or the end of another buffer. */
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

/* Places the buffers in an order; returns the bytes that the block then needs. */
static size_t place(struct plan_buffer **buffers, int count, order_function *order)
{
    size_t bytes = 0;
    qsort(buffers, (size_t)count, sizeof *buffers, order);
    for (int i = 0; i < count; i++) {
        buffers[i]->offset = lowest_free(buffers[i], buffers, i);
        bytes = size_max(bytes, buffers[i]->offset + buffers[i]->bytes);
    }
    return bytes;
}

static size_t place_best(struct plan_buffer **buffers, int count)
{
    int best = 0;
    size_t smallest = SIZE_MAX;
    for (int o = 0; o < ORDERS; o++) {
        size_t bytes = place(buffers, count, orders[o]);
        if (bytes < smallest) {
            smallest = bytes;
            best = o;
        }
    }
    return place(buffers, count, orders[best]);
}

bool plan_alive(const struct plan *plan, int buffer, int step)
{
    return plan->buffers[buffer].first <= step && step <= plan->buffers[buffer].last;
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
    for (int s = 0; s < plan->step_count; s++) {
        plan->steps[s].live = 0;
        for (int i = 0; i < plan->buffer_count; i++)
            if (plan_alive(plan, i, s))
                plan->steps[s].live += plan->buffers[i].bytes;
        if (plan->steps[s].live > plan->peak_bytes) {
            plan->peak_bytes = plan->steps[s].live;
            plan->peak_step = s;
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
        if (buffer->last == TO_THE_END)
            buffer->last = plan->step_count - 1;
        if (!buffer->resident)
            buffers[count++] = buffer;
    }
    plan->activation_bytes = place_best(buffers, count);
    free(buffers);
    place_resident(plan);
    count_live(plan);
    return *plan->unwritten
               ? fail(STATUS_FAILURE, "a step reads '%s' before any has written it", plan->unwritten)
               : STATUS_OK;
}

void plan_bind(struct plan *plan, char *resident, char *activations)
{
    for (int i = 0; i < plan->buffer_count; i++) {
        struct plan_buffer *buffer = &plan->buffers[i];
        buffer->at = (buffer->resident ? resident : activations) + buffer->offset;
        if (buffer->owner)
            buffer->owner->at = buffer->at;
    }
}

void plan_free(struct plan *plan)
{
    free(plan->steps);
    free(plan->buffers);
    *plan = (struct plan){0};
}
