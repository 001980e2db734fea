/* What a launcher (mpirun, srun) says in the environment of the processes that it starts. */
#ifndef PRUNET_NETWORK_LAUNCHED_H
#define PRUNET_NETWORK_LAUNCHED_H

#include <stdbool.h>

/* Whether a launcher has started this process, as number *number (from 0) of *count: by Open MPI, by MPICH and
 * those that come of it, by a step of Slurm. Otherwise number 0 of 1. */
bool launched(int *number, int *count);

/* The number of this process among those that a launcher has started on this machine; -1 where none has. */
int launched_local(void);

#endif
