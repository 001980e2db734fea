/* Without MPI there is one rank: see lib/network/ranks.h. */
#include "lib/base/error.h"
#include "lib/network/launched.h"
#include "lib/network/ranks.h"
#include <stdlib.h>

int ranks_open(struct ranks *ranks)
{
    int number, count;
    *ranks = (struct ranks){.count = 1};
    launched(&number, &count);
    return count == 1
               ? STATUS_OK
               : fail(STATUS_USAGE,
                      "a launcher has started %d processes, and this build has no MPI: each would train "
                      "alone. make MPI=1 builds one, into build/mpi",
                      count);
}

int ranks_sum(const struct kernels *kernels, int64_t *sum, size_t count)
{
    (void)kernels, (void)sum, (void)count;
    return STATUS_OK;
}

void ranks_share_scores(double *slots, size_t count)
{
    (void)slots, (void)count;
}

void ranks_close(void)
{
}

void ranks_abort(int status)
{
    exit(status);
}
