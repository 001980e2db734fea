/* Inside a network: what network.c, unet.c and baseline.c share. */
#ifndef PRUNET_NETWORK_BODY_H
#define PRUNET_NETWORK_BODY_H

#include "lib/network/network.h"

/* The events of a run, most of them once a level. */
enum phase {
    PHASE_INPUT,
    PHASE_FIRST_CONV,
    PHASE_DOWN,
    PHASE_ENCODE,
    PHASE_DECODE,
    PHASE_UP,
    PHASE_HEAD,
    PHASE_OUTPUT,
    PHASE_HEAD_BACKWARD,
    PHASE_DECODE_BACKWARD,
    PHASE_UP_BACKWARD,
    PHASE_TAKE_OFF, /* the up-sampled addend off the skip, reversible only */
    PHASE_ENCODE_BACKWARD,
    PHASE_FIRST_CONV_AGAIN, /* where the output of level 0's encoder was given up */
    PHASE_ENCODE_AGAIN,
    PHASE_DOWN_BACKWARD,
    PHASE_FIRST_CONV_BACKWARD,
    PHASES
};

/* What makes the two kinds of network different. */
struct network_body {
    /* Allocates network->body for the architecture. STATUS_FAILURE without memory. */
    int (*open)(struct network *network);
    /* The ladder of memory: rung 0 is the default; higher ones keep more and recompute less, lower ones keep
     * less. plan, bind, forward and backward are those of network->rung. */
    void (*rungs)(const struct network *network, int *lowest, int *highest);
    /* Resident buffers besides the training state; once, at the start. */
    void (*plan_resident)(struct network *network);
    /* The events of a run at the current size, and their buffers. */
    void (*plan)(struct network *network);
    /* Looks up the pointers after the buffers have been allocated. */
    void (*bind)(struct network *network);
    void (*forward)(struct network *network);
    void (*backward)(struct network *network, float loss_scale);
    void (*close)(struct network *network);
};

extern const struct network_body unet_body, baseline_body;

/* The first and last layers of both networks. */
struct ends {
    int image_buffer, target_buffer, probability_buffer, sums_buffer; /* in the plan */
    float *image, *probabilities;
    uint8_t *target;
    struct dice_sums *sums;
    const struct parameter *weight, *bias; /* of the last conv */
};

/* The next case, image and target behind each other, on its way: see prefetch.h. Two host slots, since one is
 * filled while the copy of the other may not have been waited for. */
enum { STAGING_SLOTS = 2 };
struct prefetch {
    int buffer;                 /* in the plan */
    char *next;                 /* there; NULL where nothing can be prefetched */
    char *slots[STAGING_SLOTS]; /* in the backend's host memory */
    size_t slot_bytes;
    int filling;  /* the slot of the case that is prefetched next */
    bool waiting; /* a case is in `next` or on its way there */
};

struct network {
    struct architecture architecture;
    struct parameter_table table;
    const struct kernels *kernels;
    bool training;
    int size[3]; /* x, y, z; 0 before the first network_resize */
    struct memory_budget budget;
    int rung; /* see network_body.rungs */
    struct plan plan;
    int scratch[PHASES][LEVELS_MAX]; /* buffers of the plan */
    char *resident, *activations;    /* the two blocks of the plan, in the backend's memory */
    size_t resident_bytes, activation_bytes;
    int vector_buffer[STATE_VECTORS + 1];
    float *vectors[STATE_VECTORS + 1]; /* weights, Adam's means, gradient; NULL where there is none */
    int adam_buffer;
    bool recorded; /* the backend holds a step, recorded at this scale of the loss */
    float recorded_scale;
    struct ends ends;
    struct prefetch prefetch;
    const struct network_body *functions;
    void *body; /* struct unet or struct baseline */
};

/* The shape of level l: streams x channels maps of the size halved l times. */
struct shape network_shape(const struct network *network, int level, int streams, int channels);

/* Describes the resident buffers, in place of any plan before; then the whole run at a size as well, on the
 * rung that the budget allows, and places it. STATUS_FAILURE without memory, or when the budget is too small.
 */
void network_plan_state(struct network *network);
int network_plan_run(struct network *network, const int size[3]);

/* Bytes in whole MiB, rounded up, for messages. */
static inline size_t mebibytes(size_t bytes)
{
    return (bytes + (1 << 20) - 1) >> 20;
}

/* fitting.c: "; ..." with the budget or else the size with which the activations would fit into what memory
 * the backend has left; "" where it does not know, or before a size is set. */
enum { FITTING_SIZE = 80 };
void network_fitting(const struct network *network, char text[FITTING_SIZE]);

/* Begins an event of the plan; its scratch lives as long as it does. */
void network_event(struct network *network, enum phase phase, int level, size_t scratch_bytes);

/* Where a buffer of the plan lies; where an event's scratch does. */
void *network_buffer(const struct network *network, int buffer);
void *network_scratch(const struct network *network, enum phase phase, int level);

/* A parameter's weights; its gradient, or NULL when not training. */
const float *network_weights(const struct network *network, const struct parameter *parameter);
float *network_parameter_gradient(const struct network *network, const struct parameter *parameter);

/* ends.c: events of the plan. `first` and `last` are the tensors that they write and read. */
void ends_plan_input(struct network *network);
void ends_plan_first_conv(struct network *network, enum phase phase, struct shape first);
void ends_plan_head(struct network *network, struct shape last);
void ends_plan_head_backward(struct network *network, struct shape last);
void ends_plan_first_conv_backward(struct network *network, struct shape first);

/* and the same when they run. */
void ends_bind(struct network *network);
void first_conv(struct network *network, enum phase phase, const struct parameter *weight, struct shape first,
                float *y);
void first_conv_backward(struct network *network, const struct parameter *weight, struct shape first,
                         const float *dy);
void head(struct network *network, struct shape last, const float *x);
void head_backward(struct network *network, struct shape last, const float *x, float loss_scale, float *dx);

/* prefetch.c: its buffer in the plan; its memory, once the plan's has been allocated, STATUS_FAILURE when the
 * host's is short; the end of it, after the plan's memory has been released. */
void prefetch_plan(struct network *network);
int prefetch_allocate(struct network *network);
void prefetch_release(struct network *network);

#endif
