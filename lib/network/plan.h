/* The memory of a run, decided before it starts.
 *
 * A network describes its run as a list of events, and each buffer as the events of its life. Buffers whose
 * lives do not meet share memory; `plan_place` gives each its offset, and the size of the whole is known to
 * the byte before anything is allocated. */
#ifndef PRUNET_NETWORK_PLAN_H
#define PRUNET_NETWORK_PLAN_H

#include <stdbool.h>
#include <stddef.h>

enum { PLAN_NAME_SIZE = 40, PLAN_CHOICE_SIZE = 16, PLAN_ALIGNMENT = 64 };

struct plan_event {
    char name[PLAN_NAME_SIZE];
    size_t live; /* bytes of the buffers alive, with the resident ones; by plan_place */
};

struct plan_buffer {
    char name[PLAN_NAME_SIZE];
    size_t bytes;    /* a multiple of 64 */
    int first, last; /* events of its life; last is -1 while the life is open */
    bool resident;   /* alive from load to close, whatever the size of the volume: the training state */
    size_t offset;   /* in the resident block or in the block of activations */
};

struct plan {
    struct plan_event *events;
    struct plan_buffer *buffers;
    int event_count, buffer_count;
    size_t resident_bytes;   /* block of the resident buffers */
    size_t activation_bytes; /* block of the others; the two blocks are what the run allocates */
    size_t peak_bytes;       /* most bytes alive at once: no placement can need less */
    int peak_event;
    char choice[PLAN_CHOICE_SIZE]; /* what whoever described the run chose to keep, in words */
    bool failed;                   /* memory ran out while it was described */
};

/* Describing a run, in its order. Failures are kept until plan_place reports them. */
void plan_event(struct plan *plan, const char *name, int level); /* level -1: none */

/* A buffer whose life begins with the current event and lasts to the end unless plan_end is called; its
 * index. level -1: none. */
int plan_begin(struct plan *plan, const char *name, int level, size_t bytes);

/* The current event is the buffer's last. */
void plan_end(struct plan *plan, int buffer);

/* A buffer for the current event alone. */
int plan_temporary(struct plan *plan, const char *name, int level, size_t bytes);

/* A resident buffer. */
int plan_resident(struct plan *plan, const char *name, size_t bytes);

/* Places the buffers, each at the lowest offset that is free during its life, in the best of a few orders.
 * STATUS_FAILURE without memory. */
int plan_place(struct plan *plan);

/* Whether a buffer of a placed plan is alive during an event. */
bool plan_alive(const struct plan *plan, int buffer, int event);

void plan_free(struct plan *plan);

#endif
