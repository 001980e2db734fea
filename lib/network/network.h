/* A network that can run: its training state and its buffers in a backend's memory.
 *
 *     network_open, network_load; then for each case
 *         network_resize, network_put_image and network_infer, or
 *         network_resize, network_put_image, network_put_target, network_gradient, network_update, or for
 *         batches network_accumulate, and network_update after the last case of one;
 *     network_save, network_close.
 *
 * network_state.h has what loads and saves, network_case.h what computes. Images are (C, D, H, W), x fastest, as in
 * records. */
#ifndef PRUNET_NETWORK_NETWORK_H
#define PRUNET_NETWORK_NETWORK_H

#include "kernels/kernels.h"
#include "lib/network/checkpoint.h"
#include "lib/network/plan.h"
#include "lib/volume/labels.h"

struct network;  /* opaque */
struct topology; /* lib/network/pass.h */

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

/* The scheme whose modalities the network takes and whose regions it gives: that of the checkpoint it was
 * loaded from; record_scheme before. A target is region_bits_of_labels (labels.h) of it. */
const struct label_scheme *network_scheme(const struct network *network);

#endif
