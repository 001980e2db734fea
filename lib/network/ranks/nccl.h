/* Sums of ranks on their devices, by NCCL. Which file is linked in decides: nccl.c (make MPI=1 CUDA=1, where NCCL's header
 * is), or no_nccl.c. */
#ifndef PRUNET_NETWORK_RANKS_NCCL_H
#define PRUNET_NETWORK_RANKS_NCCL_H

#include "lib/network/ranks.h"
#include <stdbool.h>

/* Whether PRUNET_NCCL=yes: it is to be used even by a single rank, or else fail. */
bool nccl_wished(void);

/* As ranks_sum, in a device's memory, behind the device's other work. *done is false where NCCL is not on the machines
 * of all ranks, or PRUNET_NCCL=no: then nothing was done. STATUS_FAILURE when it is there and fails,
 * or is wished for and not there. */
int nccl_sum(const struct ranks *ranks, int64_t *sum, size_t count, bool *done);

/* Before MPI ends. */
void nccl_close(void);

#endif
