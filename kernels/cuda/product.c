/* cuBLAS is column-major: a row-major c = a b is its c^T = b^T a^T, and the operands change places. */
#include "kernels/cuda/product.h"
#include "kernels/cuda/gpu.h"
#include <cublas_v2.h>

static cublasHandle_t handle;

const char *product_open(cudaStream_t stream)
{
    if (cublasCreate(&handle) || cublasSetStream(handle, stream) ||
        cublasSetAtomicsMode(handle, CUBLAS_ATOMICS_NOT_ALLOWED))
        return "cuBLAS does not start: the CUDA device may be out of memory, or cuBLAS older than this build";
    return NULL;
}

/* The conv1s are a thousandth of a step: bf16 would save nothing there, and costs three bits. */
static cublasComputeType_t compute_type(void)
{
    return gpu_precision() == PRECISION_FP32 ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_32F_FAST_TF32;
}

void product(size_t rows, size_t columns, size_t inner, struct matrix a, struct matrix b, bool add, float *c,
             size_t stride, void *workspace, size_t workspace_bytes)
{
    const float one = 1, beta = add ? 1 : 0;
    cublasStatus_t status = cublasSetWorkspace(handle, workspace, workspace_bytes);
    if (!status)
        status = cublasGemmEx(handle, b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                              a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, (int)columns, (int)rows, (int)inner,
                              &one, b.data, CUDA_R_32F, (int)b.stride, a.data, CUDA_R_32F, (int)a.stride,
                              &beta, c, CUDA_R_32F, (int)stride, compute_type(), CUBLAS_GEMM_DEFAULT);
    if (status)
        gpu_fail("cublasGemmEx", cublasGetStatusString(status));
}
