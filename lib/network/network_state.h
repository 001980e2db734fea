/* What a network has learned: loaded, drawn, saved, looked at. */
#ifndef PRUNET_NETWORK_NETWORK_STATE_H
#define PRUNET_NETWORK_NETWORK_STATE_H

#include "lib/network/network.h"

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

/* Copies one parameter's values, parameter->count floats, from and to a vector of the network: one of enum
 * state_vector, or STATE_GRADIENT, which is only read. */
void network_get(const struct network *network, int vector, const struct parameter *parameter, float *values);
void network_put(struct network *network, int vector, const struct parameter *parameter, const void *values);

/* Sets the message for a result that is not finite, `what` being its beginning ("the loss is"): the cause is
 * weights that have grown without bound, or else the image. Returns `status`. */
int network_fail_not_finite(const struct network *network, int status, const char *what);

#endif
