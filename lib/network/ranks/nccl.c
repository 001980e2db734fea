/* See nccl.h. The ranks' processes meet by MPI, which carries NCCL's identifier; NCCL moves the values. */
#include "lib/network/ranks/nccl.h"
#include "kernels/cuda/find_library.h"
#include "kernels/cuda/gpu.h"
#include "lib/base/environment.h"
#include "lib/base/error.h"
#include <mpi.h>
#include <nccl.h>
#include <string.h>

#ifndef NCCL_FILE
#define NCCL_FILE "libnccl.so.2"
#endif

#define NCCL_FUNCTIONS(X) X(GetUniqueId) X(CommInitRank) X(AllReduce) X(CommDestroy) X(GetErrorString)
static struct {
#define X(name) __typeof__(&nccl##name) name;
    NCCL_FUNCTIONS(X)
#undef X
} nccl;
#define X(name) "nccl" #name,
static const char *const names[] = {NCCL_FUNCTIONS(X)};
#undef X

static struct library library = {NCCL_FILE, names, sizeof nccl / sizeof(void *), &nccl,
                                 .too_old = "this NCCL is too old"};
static enum { UNDECIDED, TO_BE_JOINED, IN_USE, NOT_IN_USE } use;
static ncclComm_t communicator;

static int refuse(const char *call, ncclResult_t result)
{
    return fail(STATUS_FAILURE,
                "%s: %s; each rank needs a GPU of its own; PRUNET_NCCL=no "
                "adds through the host's memory",
                call, nccl.GetErrorString(result));
}

static bool wishes(const char *what)
{
    const char *wish = environment_value("PRUNET_NCCL");
    return wish && !strcmp(wish, what);
}

bool nccl_wished(void)
{
    return wishes("yes");
}

/* All ranks use NCCL, or none does. */
static int decide(const struct ranks *ranks)
{
    int have = !wishes("no") && find_library(&library);
    MPI_Allreduce(MPI_IN_PLACE, &have, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    use = have ? TO_BE_JOINED : NOT_IN_USE;
    const char *cause = library.why[0] ? library.why : library.broken;
    if (!have && nccl_wished())
        return fail(STATUS_FAILURE, "%s is not there for every rank%s%s", NCCL_FILE, *cause ? ": " : "",
                    cause);
    if (!have && !wishes("no") && !ranks->number)
        warn("%s is not there for every rank%s%s: sums go through the host's memory", NCCL_FILE,
             *cause ? ": " : "", cause);
    return STATUS_OK;
}

static int join(const struct ranks *ranks)
{
    ncclUniqueId id = {0};
    ncclResult_t result = ranks->number ? ncclSuccess : nccl.GetUniqueId(&id);
    MPI_Bcast(&id, sizeof id, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (result)
        return refuse("ncclGetUniqueId", result);
    result = nccl.CommInitRank(&communicator, ranks->count, id, ranks->number);
    if (result)
        return refuse("ncclCommInitRank", result);
    use = IN_USE;
    return STATUS_OK;
}

int nccl_sum(const struct ranks *ranks, int64_t *sum, size_t count, bool *done)
{
    int status = use == UNDECIDED ? decide(ranks) : STATUS_OK;
    if (!status && use == TO_BE_JOINED)
        status = join(ranks);
    *done = use == IN_USE;
    if (status || !*done)
        return status;
    ncclResult_t result = nccl.AllReduce(sum, sum, count, ncclInt64, ncclSum, communicator, gpu_queue());
    return result ? refuse("ncclAllReduce", result) : STATUS_OK;
}

void nccl_close(void)
{
    if (use == IN_USE)
        nccl.CommDestroy(communicator);
    use = UNDECIDED;
}
