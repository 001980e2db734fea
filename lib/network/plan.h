/* The memory of a run, decided before it starts.
 *
 * A run is a list of steps, each with the buffers that it uses. A buffer lives from the first step that uses
 * it to the last. Buffers whose lives do not meet share memory; `plan_place` gives each its offset, and the
 * size of the whole is known to the byte before anything is allocated. */
#ifndef PRUNET_NETWORK_PLAN_H
#define PRUNET_NETWORK_PLAN_H

#include "kernels/shape.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLAN_NAME_SIZE = 40, PLAN_CHOICE_SIZE = 16, PLAN_ALIGNMENT = 64 /* at least */ };

/* What a step reads or writes: feature maps, or plain bytes whose shape is unused. Its address identifies it:
 * it must not move from the first plan_ call that names it to the end of the runs. */
struct buffer {
    const char *name;
    int level; /* printed behind the name; -1: none */
    size_t bytes;
    struct shape shape;
    void *at; /* set by plan_bind */
};

struct plan_step {
    char name[PLAN_NAME_SIZE];
    size_t live; /* bytes of the buffers alive, with the resident ones; set by plan_place */
    int scratch; /* which of the plan's buffers is the step's scratch */
};

struct plan_buffer {
    char name[PLAN_NAME_SIZE];
    size_t bytes;         /* a multiple of the plan's alignment */
    int first, last;      /* the steps of its life */
    bool resident;        /* alive from load to close, whatever the size of the volume: the training state */
    size_t offset;        /* in the resident block or in the block of activations; set by plan_place */
    void *at;             /* set by plan_bind */
    struct buffer *owner; /* NULL: scratch */
};

struct plan {
    struct plan_step *steps;
    struct plan_buffer *buffers;
    int step_count, buffer_count;
    size_t step_capacity, buffer_capacity;
    size_t alignment; /* bytes at whose multiples buffers begin, as the backend wants; 0: PLAN_ALIGNMENT */
    size_t resident_bytes;   /* block of the resident buffers */
    size_t activation_bytes; /* block of the others; the two blocks are what the run allocates */
    size_t peak_bytes;       /* largest number of bytes alive at once: no placement can need less */
    int peak_step;
    char choice[PLAN_CHOICE_SIZE];  /* what is saved for backward, in the words of network.h */
    bool failed;                    /* memory ran out while the run was described */
    char unwritten[PLAN_NAME_SIZE]; /* a buffer that a step reads before any has written it; "": none */
};

/* What a network is opened for: INFERENCE, or TRAINING together with what else training is to do. */
enum network_use {
    INFERENCE = 0,
    TRAINING = 1,      /* gradients, Adam's state, and what backward needs */
    CROSS_ENTROPY = 2, /* the loss also has cross-entropy */
    AVERAGING = 4,     /* a moving average of the weights */
    FRESH = 8,         /* begins with a model's weights: Adam has seen nothing */
    BATCHES = 16,      /* sums of the gradients of several cases */
};

/* How much memory training may take: the plan's two blocks together. By default a reversible network stores
 * one tensor a level and recomputes all else from it, whatever the size of the volume. */
struct memory_budget {
    bool min;       /* as little as possible: level 0's encoder is also recomputed, from the image */
    uint64_t bytes; /* save branch inputs, beginning with the smallest level, within this; 0: the default */
};

/* "default", "min" or a number of bytes such as 8G; STATUS_USAGE for anything else. */
int memory_budget_parse(struct memory_budget *budget, const char *text);

/* Describing a run, step after step. Failures are reported by plan_place. */
void plan_step(struct plan *plan, const char *name, int level); /* level -1: none */

/* The present step asks for this much scratch; of several requests the largest counts. */
void plan_scratch(struct plan *plan, size_t bytes);

/* The present step uses a buffer. Its first use has to be one that writes it: before that its memory has
 * another buffer's values. */
void plan_read(struct plan *plan, struct buffer *buffer);
void plan_write(struct plan *plan, struct buffer *buffer);

/* The present step writes a buffer that stays alive until the run ends. */
void plan_write_to_end(struct plan *plan, struct buffer *buffer);

/* A buffer that belongs to no step: it lies in the resident block. */
void plan_resident(struct plan *plan, struct buffer *buffer);

/* Bytes rounded up to where the next buffer can begin. */
size_t plan_aligned(const struct plan *plan, size_t bytes);

/* Places the buffers, each at the lowest offset that is free during its life; of a few orders of placing
 * the one that needs least memory is taken. STATUS_FAILURE without memory, or when a step reads a buffer
 * that was not written. */
int plan_place(struct plan *plan);

/* Sets every buffer's `at`, once the two blocks have been allocated; activations may be NULL as long as there
 * are none. */
void plan_bind(struct plan *plan, char *resident, char *activations);

/* Whether a buffer of a placed plan is alive during a step. */
bool plan_alive(const struct plan *plan, int buffer, int step);

void plan_free(struct plan *plan);

#endif
