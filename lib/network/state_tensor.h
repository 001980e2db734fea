/* The tensors of a checkpoint: what a parameter is called in each vector, and whether its values are
 * finite. */
#ifndef PRUNET_NETWORK_STATE_TENSOR_H
#define PRUNET_NETWORK_STATE_TENSOR_H

#include "lib/network/parameters.h"

enum { TENSOR_NAME_SIZE = PARAMETER_NAME_SIZE + 24 };

/* What stands before a parameter's name: "", "optimizer.exp_avg.", "optimizer.exp_avg_sq.", "average.". */
extern const char *const state_prefix[STATE_VECTORS];

void state_tensor_name(char name[TENSOR_NAME_SIZE], enum state_vector vector,
                       const struct parameter *parameter);

/* `status`, with a message that names the tensor, when one of parameter->count floats is not finite. They
 * may be unaligned. */
int state_check_finite(int status, enum state_vector vector, const struct parameter *parameter,
                       const void *values);

#endif
