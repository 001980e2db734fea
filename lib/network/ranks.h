/* Ranks: the processes that train one network together, each on its share of every batch (lib/stream/share.h). All
 * hold the same state and make the same steps; the gradients' sums are whole numbers, so that the result has the
 * same bits for any number of ranks. Which file of ranks/ is linked in decides how they meet:
 *
 *     alone.c    they do not: there is one process (the default)
 *     mpi.c      MPI, where a launcher has started the process (make MPI=1); with CUDA=1 NCCL adds (ranks/nccl.h)
 *
 * Every function but ranks_abort is called by all ranks, in the same order. */
#ifndef PRUNET_NETWORK_RANKS_H
#define PRUNET_NETWORK_RANKS_H

#include "kernels/kernels.h"

struct ranks {
    int number, count; /* 0 and 1 where there is one process */
    int local;         /* the number among those of this machine */
};

/* Meets the other processes, before any thread is started that computes. STATUS_USAGE where a launcher has started
 * several and they cannot meet: each would train alone. */
int ranks_open(struct ranks *ranks);

/* sum[i] = the sum of all ranks' sum[i], in the backend's memory, for all of them. STATUS_FAILURE without memory, or
 * when the backend failed. */
int ranks_sum(const struct kernels *kernels, int64_t *sum, size_t count);

/* The same for doubles of the host, of which all ranks but one have 0: each gets that one's, bit by bit. */
void ranks_share_scores(double *slots, size_t count);

/* Waits for all ranks, and parts: nothing else may follow. A launcher ends those that have not got here when one of
 * them exits. */
void ranks_close(void);

/* Ends the process with a status, and all others with it. */
_Noreturn void ranks_abort(int status);

#endif
