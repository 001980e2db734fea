/* What stands in for cuBLAS on a CPU: plain loops, double sums, operands rounded as the library rounds them. The
 * workspace is filled with poison. */
#include "tests/cuda/shim/rounding.h"
#include <cublas_v2.h>
#include <cuda_runtime.h>

static cudaStream_t product_queue;
static void *product_workspace;
static size_t product_workspace_bytes;

static bool fails(const char *call)
{
    return shim_failing_call && !strcmp(shim_failing_call, call);
}

cublasStatus_t cublasCreate(cublasHandle_t *handle)
{
    *handle = nullptr;
    return fails("cublasCreate") ? CUBLAS_STATUS_NOT_INITIALIZED : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t, cudaStream_t queue)
{
    product_queue = queue;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetAtomicsMode(cublasHandle_t, cublasAtomicsMode_t)
{
    return CUBLAS_STATUS_SUCCESS;
}

/* As the library: a workspace that does not begin at a multiple of 256 bytes is refused. */
cublasStatus_t cublasSetWorkspace(cublasHandle_t, void *workspace, size_t bytes)
{
    if ((size_t)workspace % 256)
        return CUBLAS_STATUS_INVALID_VALUE;
    product_workspace = workspace;
    product_workspace_bytes = bytes;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetProperty(libraryPropertyType type, int *value)
{
    *value = type == MAJOR_VERSION ? CUDART_VERSION / 1000 : 0;
    return CUBLAS_STATUS_SUCCESS;
}

const char *cublasGetStatusString(cublasStatus_t status)
{
    return status == CUBLAS_STATUS_INVALID_VALUE ? "an unsupported value or parameter was passed"
                                                 : "the library was not initialized";
}

struct operand {
    const float *data;
    int stride;
    bool transposed;

    double at(int row, int column, bool tf32) const
    {
        float value = transposed ? data[column + (size_t)row * stride] : data[row + (size_t)column * stride];
        return tf32 ? tf32_of(value) : value;
    }
};

cublasStatus_t cublasGemmEx(cublasHandle_t, cublasOperation_t operation_a, cublasOperation_t operation_b,
                            int m, int n, int k, const void *alpha, const void *a, cudaDataType, int stride_a,
                            const void *b, cudaDataType, int stride_b, const void *beta, void *c,
                            cudaDataType, int stride_c, cublasComputeType_t compute, cublasGemmAlgo_t)
{
    operand left = {static_cast<const float *>(a), stride_a, operation_a == CUBLAS_OP_T};
    operand right = {static_cast<const float *>(b), stride_b, operation_b == CUBLAS_OP_T};
    float scale = *static_cast<const float *>(alpha), keep = *static_cast<const float *>(beta);
    float *to = static_cast<float *>(c);
    bool tf32 = compute == CUBLAS_COMPUTE_32F_FAST_TF32;
    if (fails("cublasGemmEx"))
        return CUBLAS_STATUS_NOT_INITIALIZED;
    void *workspace = product_workspace;
    size_t workspace_bytes = product_workspace_bytes;
    shim_enqueue(product_queue, [=] {
        memset(workspace, 0xff, workspace_bytes);
        for (int column = 0; column < n; column++)
            for (int row = 0; row < m; row++) {
                double sum = 0;
                for (int i = 0; i < k; i++)
                    sum += left.at(row, i, tf32) * right.at(i, column, tf32);
                float *at = to + row + (size_t)column * stride_c;
                *at = (float)(scale * sum + (keep != 0 ? keep * (double)*at : 0));
            }
    });
    return CUBLAS_STATUS_SUCCESS;
}
