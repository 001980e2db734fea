/* See product.h. */
#include "kernels/cuda/product.h"
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/libraries.h"
#include "kernels/cuda/operand.h"

static cublasHandle_t handle;

const char *product_open(cudaStream_t queue)
{
    if (cublas.Create_v2(&handle) || cublas.SetStream_v2(handle, queue) ||
        cublas.SetAtomicsMode(handle, CUBLAS_ATOMICS_NOT_ALLOWED))
        return "cuBLAS does not start: the CUDA device may be out of memory, or cuBLAS older than this build";
    return NULL;
}

/* The conv1s are a thousandth of a step: bf16 would save nothing there, and costs three bits of
 * precision. */
static cublasComputeType_t compute_type(void)
{
    return operand_precision() == PRECISION_FP32 ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_32F_FAST_TF32;
}

/* cuBLAS is column-major: a row-major c = a b is its c^T = b^T a^T, and the operands change places. */
void product(const struct product_scratch *s, size_t rows, size_t columns, size_t inner, struct matrix a,
             struct matrix b, bool add, struct matrix c)
{
    const float one = 1, beta = add ? 1 : 0;
    cublasStatus_t status = cublas.SetWorkspace_v2(handle, s->workspace, s->bytes);
    if (!status)
        status = cublas.GemmEx(handle, b.transposed ? CUBLAS_OP_T : CUBLAS_OP_N,
                               a.transposed ? CUBLAS_OP_T : CUBLAS_OP_N, (int)columns, (int)rows, (int)inner,
                               &one, b.data, CUDA_R_32F, (int)b.stride, a.data, CUDA_R_32F, (int)a.stride,
                               &beta, c.data, CUDA_R_32F, (int)c.stride, compute_type(), CUBLAS_GEMM_DEFAULT);
    if (status)
        gpu_fail("cublasGemmEx", cublas.GetStatusString(status));
}
