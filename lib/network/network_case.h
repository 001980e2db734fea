/* A network's work on one case, and its steps: network.h shows the order of the calls. */
#ifndef PRUNET_NETWORK_NETWORK_CASE_H
#define PRUNET_NETWORK_NETWORK_CASE_H

#include "lib/network/network.h"
#include <stdint.h>

/* The loss and the Dice scores of one forward pass over a labelled case. */
struct case_score {
    double loss;              /* as network_set_loss has it, times the loss scale */
    double dice[OUTPUTS_MAX]; /* hard, of p > 0.5, by region; 1 where region and prediction are empty */
};

/* Copies a case to the backend's memory: the image, inputs x voxels floats; the target, one byte a voxel with
 * bit k set inside region k. */
void network_put_image(struct network *network, const float *image);
void network_put_target(struct network *network, const uint8_t *target);

/* Forward: probabilities, outputs x voxels floats on the host. Overwrites the network's image. */
int network_infer(struct network *network, float *probabilities);

/* Forward and backward: score, and the gradient of loss_scale times the loss in place of the old one.
 * STATUS_FAILURE when the loss is not finite (the gradient is then unspecified, the weights are as they were)
 * or the backend failed. Overwrites image and target. */
int network_gradient(struct network *network, double loss_scale, struct case_score *score);

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

#endif
