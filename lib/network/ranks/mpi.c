/* Ranks by MPI (3.0 or later): see lib/network/ranks.h. MPI ends all processes by itself when a call of it fails. */
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/network/launched.h"
#include "lib/network/ranks.h"
#include "lib/network/ranks/nccl.h"
#include <mpi.h>
#include <stdlib.h>

/* Values of a sum that MPI adds at a time: 32 MiB, which a device's memory is copied through. */
enum { PIECE = 1 << 22 };

static struct ranks self = {.count = 1};
static bool together; /* MPI is in use */

static int local_number(void)
{
    MPI_Comm machine;
    int local;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine);
    MPI_Comm_rank(machine, &local);
    MPI_Comm_free(&machine);
    return local;
}

int ranks_open(struct ranks *ranks)
{
    int number, count, level;
    if (launched(&number, &count) && (count > 1 || nccl_wished())) {
        together = true;
        MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level); /* another thread reads, and calls no MPI */
        MPI_Comm_rank(MPI_COMM_WORLD, &self.number);
        MPI_Comm_size(MPI_COMM_WORLD, &self.count);
        self.local = local_number();
    }
    *ranks = self;
    return self.count == count ? STATUS_OK
                               : fail(STATUS_USAGE,
                                      "the launcher has started %d processes, and MPI sees %d: each would "
                                      "train alone. It must be "
                                      "the launcher of this MPI; srun may need --mpi=pmix or pmi2",
                                      count, self.count);
}

static void sum_on_host(int64_t *sum, size_t count)
{
    MPI_Allreduce(MPI_IN_PLACE, sum, (int)count, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
}

static int sum_of_device(const struct kernels *kernels, int64_t *sum, size_t count)
{
    static int64_t *copy; /* until the process ends */
    if (!copy && !(copy = kernels->allocate_host(PIECE * sizeof *copy)))
        return fail(STATUS_FAILURE, "%s: not enough memory to copy sums through", kernels->name);
    for (size_t at = 0; at < count; at += PIECE) {
        const size_t length = size_min(PIECE, count - at);
        kernels->download(copy, sum + at, length * sizeof *copy);
        sum_on_host(copy, length);
        kernels->upload(sum + at, copy, length * sizeof *copy);
    }
    return STATUS_OK;
}

int ranks_sum(const struct kernels *kernels, int64_t *sum, size_t count)
{
    bool done = kernels->on_host;
    int status = STATUS_OK;
    if (!together)
        return STATUS_OK;
    for (size_t at = 0; kernels->on_host && at < count; at += PIECE)
        sum_on_host(sum + at, size_min(PIECE, count - at));
    if (!done && !(status = nccl_sum(&self, sum, count, &done)) && !done)
        status = sum_of_device(kernels, sum, count);
    const char *failure = status ? NULL : kernels->finish();
    return failure ? fail(STATUS_FAILURE, "%s: %s", kernels->name, failure) : status;
}

void ranks_share_scores(double *slots, size_t count)
{
    if (together)
        MPI_Allreduce(MPI_IN_PLACE, slots, (int)count, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

void ranks_close(void)
{
    if (!together)
        return;
    MPI_Barrier(MPI_COMM_WORLD);
    nccl_close();
    MPI_Finalize();
    together = false;
}

void ranks_abort(int status)
{
    if (together)
        MPI_Abort(MPI_COMM_WORLD, status);
    exit(status);
}
