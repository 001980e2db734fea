/* A network that can run: its training state and its buffers in a backend's memory.
 *
 *     network_open, network_load; then for each case
 *         network_resize, network_put_image and network_infer, or
 *         network_resize, network_put_image, network_put_target, network_gradient, network_update, or for
 *         batches network_accumulate, and network_update after the last case of one;
 *     network_save, network_close.
 *
 * Images are (C, D, H, W), x fastest, as in records. */
#ifndef PRUNET_NETWORK_NETWORK_H
#define PRUNET_NETWORK_NETWORK_H

#include "kernels/kernels.h"
#include "lib/base/options.h"
#include "lib/network/checkpoint.h"
#include "lib/network/plan.h"
#include "lib/volume/labels.h"
#include <stdint.h>

struct network;  /* opaque */
struct topology; /* lib/network/pass.h */

/* The loss and the Dice scores of one forward pass over a labelled case. */
struct case_score {
    double loss;              /* as network_set_loss has it, times the loss scale */
    double dice[OUTPUTS_MAX]; /* hard, of p > 0.5, by region; 1 where region and prediction are empty */
};

/* Makes a network without weights for a use of enum network_use (plan.h). *network is set only on success;
 * STATUS_FAILURE when the backend cannot run here or has not enough memory. */
int network_open(struct network **network, const struct architecture *architecture,
                 const struct kernels *kernels, unsigned use);
void network_close(struct network *network);

/* The same for a network of any topology (pass.h), whatever the architecture's kind. */
int network_open_topology(struct network **network, const struct topology *topology,
                          const struct architecture *architecture, const struct kernels *kernels,
                          unsigned use);

/* The factors of the two losses (kernels/head.h); {1, 0} until this is called. Cross-entropy has none in a
 * network that was not opened for CROSS_ENTROPY. */
void network_set_loss(struct network *network, struct loss_weights loss);

/* "dice" or "dice+bce": *use is TRAINING, for the latter with CROSS_ENTROPY. STATUS_USAGE for anything
 * else. */
int loss_parse(unsigned *use, const char *text);

/* Sets how much memory training may take; to be called before the first network_resize. A saved and a
 * recomputed value may differ in their last bits, and so may the results. The current plan's `choice`
 * names the checkpointing level: "recompute" (the default), "min", "keep N" where the inputs of N
 * sequences are saved (of 2 a level), and "keep all" for the baseline, which always saves everything. */
void network_set_budget(struct network *network, const struct memory_budget *budget);

const struct architecture *network_architecture(const struct network *network);

/* The description of its backend, for people: which code computes on which device. */
const char *network_backend(const struct network *network);

/* Plans the buffers for volumes of x, y, z voxels without allocating anything: what network_resize would
 * allocate. budget: NULL is the default. STATUS_DATA when a size is not a multiple of
 * 2^(levels - 1), STATUS_FAILURE when the budget is too small; the message names the smallest. */
int network_plan(struct plan *plan, const struct architecture *architecture, const struct kernels *kernels,
                 unsigned use, const int size[3], const struct memory_budget *budget);

/* Allocates the buffers for volumes of x, y, z voxels and keeps the training state; does nothing when this
 * is the size already. STATUS_DATA as above, with the buffers unchanged; STATUS_FAILURE as above and when
 * memory is short, with all buffers released. */
int network_resize(struct network *network, const int size[3]);

/* The plan that the buffers were allocated by. */
const struct plan *network_current_plan(const struct network *network);

/* Copies a checkpoint's vectors; it must have the network's architecture. For INFERENCE and FRESH training
 * the weights are the average of them where there is one. Other training goes on from weights and Adam's
 * state. An average that the checkpoint lacks begins as the weights. STATUS_DATA when Adam's state is
 * wanted and not there, or a value to be copied is not finite (checkpoint_check_finite). */
int network_load(struct network *network, const struct checkpoint *checkpoint);

/* Gives the network a scheme, and weights that have learned nothing (parameter_begin); Adam's state is 0, an average is
 * the weights. STATUS_FAILURE without memory. */
int network_initialise(struct network *network, const struct label_scheme *scheme, uint64_t seed,
                       double output_bias);

/* Writes the training state as a checkpoint. STATUS_FAILURE also when a value of it is not
 * finite, or a weight above 1e8: nothing finite would come of the next step. */
int network_save(struct network *network, const struct training *training, const char *path);

/* Copies a case to the backend's memory: the image, inputs x voxels floats; the target, one byte a voxel with
 * bit k set inside region k. */
void network_put_image(struct network *network, const float *image);
void network_put_target(struct network *network, const uint8_t *target);

/* The scheme whose modalities the network takes and whose regions it gives: that of the checkpoint it was
 * loaded from; record_scheme before. A target is region_bits_of_labels (labels.h) of it. */
const struct label_scheme *network_scheme(const struct network *network);

/* Forward: probabilities, outputs x voxels floats on the host. Overwrites the network's image. */
int network_infer(struct network *network, float *probabilities);

/* Forward and backward: score, and the gradient of loss_scale times the loss in place of the old one.
 * STATUS_FAILURE when the loss is not finite (the gradient is then unspecified, the weights are as they were)
 * or the backend failed. Overwrites image and target. */
int network_gradient(struct network *network, double loss_scale, struct case_score *score);

/* Sets the message for a result that is not finite, `what` being its beginning ("the loss is"): the cause is
 * weights that have grown without bound, or else the image. Returns `status`. */
int network_fail_not_finite(const struct network *network, int status, const char *what);

/* Adds the gradient to the sum of a batch (kernels/fixed.h), in a network that is opened for BATCHES: of at most
 * FIXED_COUNT_MAX cases. STATUS_FAILURE when a value of it is not finite or not below 128 in size, or the
 * backend failed; the sum is then of no use. */
int network_accumulate(struct network *network);

/* Adds up the sums of all ranks (ranks.h), which have `cases` gradients together: network_update then takes the mean of
 * those. STATUS_FAILURE as ranks_sum. */
int network_join_ranks(struct network *network, int cases);

/* One Adam step on the gradient or, in a network opened for BATCHES, on the mean of those that were accumulated
 * since the last step; the gradient is unspecified afterwards. STATUS_FAILURE when the backend failed. */
int network_update(struct network *network, const struct adam *adam);

/* The average moves towards the weights, kernels/average.h, in a network that is opened for AVERAGING.
 * STATUS_FAILURE when the backend failed. */
int network_average(struct network *network, double decay);

/* Copies one parameter's values, parameter->count floats, from and to a vector of the network: one of enum
 * state_vector, or STATE_GRADIENT, which is only read. */
void network_get(const struct network *network, int vector, const struct parameter *parameter, float *values);
void network_put(struct network *network, int vector, const struct parameter *parameter, const void *values);

/* Prefetching: the next case is copied while the network works on the present one. Where a backend can do
 * both at once (kernels.overlaps), a training network has memory for one more image and target: once on the
 * device, twice in host memory that copies fast:
 *
 *     network_put_*, or network_put_prefetched;  then at the same time
 *         one thread: network_gradient, network_update;
 *         another: reads into network_prefetch_destination, network_prefetch_start;
 *     when both have returned, network_put_prefetched.
 *
 * Other backends prefetch nothing, and every case is copied when its turn comes. */

/* Where the next case's image (channels, z, y, x) can be read to, which saves a copy on the host; valid
 * until the end of the next case's step. NULL where it cannot be prefetched: its channels or size differ
 * from those of the present case, or the backend does not overlap. */
float *network_prefetch_destination(const struct network *network, int channels, const int size[3]);

/* Starts to copy the next case, image and labels 0, 1, 2, 4; both may be freed afterwards, except for the
 * destination. Does nothing where there is none or a label is wrong: whoever puts the case in its turn gets
 * that error. */
void network_prefetch_start(struct network *network, int channels, const int size[3], const float *image,
                            const uint8_t *labels);

/* The case that was prefetched becomes the network's image and target. False when none was. */
bool network_put_prefetched(struct network *network);

/* Which backend computes, and on how many threads -------------------------------------------------------- */

/* Options, else the environment, else the default. */
struct backend_choice {
    const char *name;   /* NULL: PRUNET_BACKEND, else "cpu" */
    const char *device; /* the number of a GPU; NULL: PRUNET_DEVICE, else 0 */
    int threads;        /* 0: PRUNET_THREADS, else OMP_NUM_THREADS, else all cores */
};

/* The options of every tool that computes, for `common` of struct tool. */
#define BACKEND_OPTIONS(choice)                                                                              \
    .backend = &(choice).name, .device = &(choice).device, .threads = &(choice).threads

/* The chosen backend for a network, its threads set; STATUS_USAGE when there is no such backend here or the
 * number of threads is not valid. */
int backend_find(const struct kernels **kernels, const struct backend_choice *choice,
                 const struct architecture *architecture);

/* A network of the checkpoint's architecture on the chosen backend, with its weights and, for TRAINING,
 * Adam's state. *network is set only on success. */
int backend_open_network(struct network **network, const struct backend_choice *choice,
                         const struct checkpoint *checkpoint, unsigned use);

#endif
