/* A pass over a network: forward and, when training, backward behind it. A network writes its pass once, and
 * it is executed in two modes.
 *
 *     describe  computes nothing: steps, their operands and their scratch become the memory plan, in which a
 *               buffer lives from the first step that uses it to the last;
 *     run       calls the kernels, with every buffer at the address that the plan gave it.
 *
 * So the plan cannot disagree with the run. A network declares its buffers as values and writes a step as
 *
 *     struct step s = step(p, "up from", coarse->l);
 *     needs(&s, OPERATION_UP, coarse->a.shape, fine->a.shape);
 *     reads(&s, &coarse->a), updates(&s, &fine->a);
 *     if (s.run)
 *         p->kernels->up_forward(..., coarse->a.at, ..., fine->a.at, ..., s.scratch);
 *
 * blocks.h has the steps that networks share; unet.c and baseline.c are two networks. Running allocates
 * nothing. */
#ifndef PRUNET_NETWORK_PASS_H
#define PRUNET_NETWORK_PASS_H

#include "kernels/kernels.h"
#include "lib/network/architecture.h"
#include "lib/network/parameters.h"
#include "lib/network/plan.h"

struct pass;

/* What a network is. `self` points to zeroed memory of `bytes` bytes, the network's own. */
struct topology {
    size_t bytes;

    /* Makes the table of its parameters; STATUS_FAILURE without memory. */
    int (*parameters)(struct parameter_table *table, const struct architecture *architecture);

    /* Once, at the start: finds its parameters, and reserves its statistics. */
    void (*open)(void *self, struct pass *pass);

    /* Levels of activation checkpointing: 0 is the default, higher ones save more and recompute less, lower
     * ones save less. NULL where there is nothing to choose. */
    void (*checkpointing)(const struct architecture *architecture, int *lowest, int *highest);

    /* Declares the buffers for pass->size and pass->checkpointing, before the pass is described. */
    void (*declare)(void *self, const struct pass *pass);

    /* forward goes from pass->image to pass->probabilities; backward adds to the gradients of all
     * parameters. */
    void (*forward)(void *self, struct pass *pass);
    void (*backward)(void *self, struct pass *pass);
};

struct pass {
    const struct topology *topology;
    void *self;
    const struct architecture *architecture;
    const struct parameter_table *parameters;
    const struct kernels *kernels;
    bool training, cross_entropy, averaging, batches;
    int size[3]; /* x, y, z */
    int checkpointing;
    struct loss_weights loss; /* of the present step */

    /* Resident: the training state (see enum state_vector), and what else stays in the backend's memory. */
    struct buffer vectors[STATE_VECTORS + 1], adam, dice_sums, bce_sums, channel_sums;

    /* Resident, too, with `batches`: int64, of the gradients of a batch; int32 (kernels/fixed.h). */
    struct buffer sum, out_of_range;

    /* inputs x voxels floats; a byte a voxel, bit k set inside region k; outputs x voxels floats. */
    struct buffer image, target, probabilities;
    struct buffer next_case; /* prefetched: image, target; no bytes where the backend does not overlap */

    struct plan plan;
    bool running;
    int current; /* index of the plan's step that runs next */
};

/* Writing a pass ------------------------------------------------------------------------------------ */

struct step {
    struct pass *pass;
    bool run;      /* call the kernels; otherwise the step is only described */
    void *scratch; /* for the step's kernels; NULL when only described */
};

/* Begins the next step of the pass; the level is printed behind its name, -1: none. */
struct step step(struct pass *pass, const char *name, int level);

/* The step calls this operation, which needs scratch for tensors of these shapes. */
void needs(struct step *step, enum operation operation, struct shape in, struct shape out);

/* The step's operands. A buffer's life begins with a step that writes it; pass_plan refuses one that reads or
 * updates it before. */
void reads(struct step *step, struct buffer *buffer);
void writes(struct step *step, struct buffer *buffer);
void updates(struct step *step, struct buffer *buffer);

/* The shape of level l: streams x channels maps of the size halved l times. */
struct shape level_shape(const struct pass *pass, int level, int streams, int channels);

/* A buffer for a tensor of this shape. */
struct buffer tensor(const struct pass *pass, const char *name, int level, struct shape shape);

/* The same for activations that a reversible sequence works on, which a backend may store otherwise. */
struct buffer stream_tensor(const struct pass *pass, const char *name, int level, struct shape shape);

/* And for the gradients of those. */
struct buffer gradient_tensor(const struct pass *pass, const char *name, int level, struct shape shape);

/* A parameter's weights, and its gradient, in the backend's memory. */
const float *weights(const struct pass *pass, const struct parameter *parameter);
float *gradient(const struct pass *pass, const struct parameter *parameter);

/* Reserves [channels][2] doubles of statistics (kernels/norm.h), which stay resident; returns the index that
 * sums_at turns into their address. */
size_t reserve_sums(struct pass *pass, size_t channels);
double *sums_at(const struct pass *pass, size_t reserved);

/* For the owner of a pass ---------------------------------------------------------------------------- */

/* Sets up the pass of a topology and plans its resident buffers. The architecture, the table and the kernels
 * are borrowed until pass_close, which is due even after a failure. `use`: of enum network_use (plan.h).
 * STATUS_FAILURE without memory. */
int pass_open(struct pass *pass, const struct topology *topology, const struct architecture *architecture,
              const struct parameter_table *parameters, const struct kernels *kernels, unsigned use);
void pass_close(struct pass *pass);

/* Plans a run over volumes of x, y, z voxels at the highest level of checkpointing that the budget allows.
 * Replaces the plan before. STATUS_FAILURE without memory, or when the budget is too small. */
int pass_plan(struct pass *pass, const int size[3], const struct memory_budget *budget);

/* Executes the planned pass, once plan_bind has been called: forward, then if training backward from
 * pass->loss. */
void pass_forward(struct pass *pass);
void pass_backward(struct pass *pass);

/* Advice to append to an "out of memory" message: "; --memory 9000M would fit", or "; volumes of
 * 128x128x128 would fit ...", judged by the memory that the backend has left; "" where it does not know
 * that. Overwrites the plan, so that pass_plan is due before the next run. */
enum { MEMORY_ADVICE_SIZE = 80 };
void memory_advice(struct pass *pass, const struct memory_budget *budget, char text[MEMORY_ADVICE_SIZE]);

/* Where the target begins in the bytes of next_case: behind the image, aligned as the plan's buffers are. */
static inline size_t target_offset(const struct pass *pass)
{
    return plan_aligned(&pass->plan, pass->image.bytes);
}

/* Bytes in whole MiB, rounded up, for messages. */
static inline size_t mebibytes(size_t bytes)
{
    return (bytes + (1 << 20) - 1) >> 20;
}

#endif
