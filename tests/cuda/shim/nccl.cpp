/* What stands in for NCCL on a CPU: the sum is MPI's, and waits its turn in the queue. The identifier must be the first rank's. */
#include <cuda_runtime.h>
#include <mpi.h>
#include <nccl.h>
#include <string.h>

struct ncclComm {
    int rank;
};

static bool fails(const char *call)
{
    return shim_failing_call && !strcmp(shim_failing_call, call);
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
    memset(id->internal, 'i', sizeof id->internal);
    return fails("ncclGetUniqueId") ? ncclUnhandledCudaError : ncclSuccess;
}

ncclResult_t ncclCommInitRank(ncclComm_t *communicator, int count, ncclUniqueId id, int rank)
{
    int number, all;
    MPI_Comm_rank(MPI_COMM_WORLD, &number);
    MPI_Comm_size(MPI_COMM_WORLD, &all);
    if (fails("ncclCommInitRank") || number != rank || all != count || id.internal[127] != 'i')
        return ncclUnhandledCudaError;
    *communicator = new ncclComm{rank};
    return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t communicator)
{
    delete communicator;
    return ncclSuccess;
}

ncclResult_t ncclAllReduce(const void *from, void *to, size_t count, ncclDataType_t type,
                           ncclRedOp_t operation, ncclComm_t, cudaStream_t queue)
{
    if (fails("ncclAllReduce") || from != to || type != ncclInt64 || operation != ncclSum)
        return ncclInvalidUsage;
    shim_enqueue(queue,
                 [=] { MPI_Allreduce(MPI_IN_PLACE, to, (int)count, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD); });
    return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t result)
{
    return result == ncclUnhandledCudaError ? "unhandled cuda error" : "invalid usage";
}
