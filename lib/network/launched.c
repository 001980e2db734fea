#include "lib/network/launched.h"
#include <stdio.h>
#include <stdlib.h>

/* mpirun inside a Slurm job sets its own variables and has Slurm's, too: the first pair counts. pipelines/rank has the
 * same list. */
static const char *const variables[][2] = {{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                                           {"PMI_RANK", "PMI_SIZE"},
                                           {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}};

bool launched(int *number, int *count)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *which = getenv(variables[i][0]), *of = getenv(variables[i][1]);
        if (which && of && sscanf(which, "%9d", number) == 1 && sscanf(of, "%9d", count) == 1)
            return true;
    }
    *number = 0;
    *count = 1;
    return false;
}

int launched_local(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"};
    int number;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = getenv(names[i]);
        if (text && sscanf(text, "%9d", &number) == 1)
            return number;
    }
    return -1;
}
