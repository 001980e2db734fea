/* What stands in for cuBLAS and cuDNN on a CPU: plain loops, double sums, operands rounded as the libraries
 * round them. The workspace is filled with poison, and so is what is to be overwritten. */
#include "kernels/cuda/convolution_plan.h"
#include "kernels/cuda/cudnn_version.h"
#include <cublas_v2.h>
#include <cuda_runtime.h>
#include <vector>

/* --- rounding --- */

/* To nearest, ties to even, with the last `dropped` bits of the mantissa zero: 16 for bf16, 13 for TF32. */
static float rounded(float value, int dropped)
{
    unsigned bits = __float_as_uint(value), half = dropped ? 1u << (dropped - 1) : 0;
    if (!dropped || value != value)
        return value;
    bits += half - 1 + (bits >> dropped & 1);
    return __uint_as_float(bits >> dropped << dropped);
}

/* --- cuBLAS --- */

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

cublasStatus_t cublasSetWorkspace(cublasHandle_t, void *workspace, size_t bytes)
{
    product_workspace = workspace;
    product_workspace_bytes = bytes;
    return CUBLAS_STATUS_SUCCESS;
}

const char *cublasGetStatusString(cublasStatus_t)
{
    return "the library was not initialized";
}

struct operand {
    const float *data;
    int stride;
    bool transposed;

    double at(int row, int column, int dropped) const
    {
        return rounded(transposed ? data[column + (size_t)row * stride] : data[row + (size_t)column * stride],
                       dropped);
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
    int dropped = compute == CUBLAS_COMPUTE_32F_FAST_TF32 ? 13 : 0;
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
                    sum += left.at(row, i, dropped) * right.at(i, column, dropped);
                float *at = to + row + (size_t)column * stride_c;
                *at = (float)(scale * sum + (keep != 0 ? keep * (double)*at : 0));
            }
    });
    return CUBLAS_STATUS_SUCCESS;
}

/* --- cuDNN --- */

enum { TAPS = 27, WORKSPACE_BYTES = 512 };

static cudaStream_t plan_queue;
size_t shim_cudnn_version = 91900;

const char *convolution_plan_open(cudaStream_t queue)
{
    plan_queue = queue;
    return cudnn_version_advice(shim_cudnn_version);
}

size_t convolution_plan_workspace(void)
{
    return WORKSPACE_BYTES;
}

const char *convolution_plan_make(struct convolution problem, struct convolution_plan *plan)
{
    *plan = {};
    plan->problem = problem;
    return fails("convolution_plan_make") ? "no plan" : nullptr;
}

void convolution_plan_release(struct convolution_plan *)
{
}

/* An operand as floats, rounded. */
static std::vector<float> read(const struct convolution &p, const void *from, size_t count)
{
    std::vector<float> values(count);
    for (size_t i = 0; i < count; i++)
        values[i] = p.bf16 ? __uint_as_float((unsigned)static_cast<const uint16_t *>(from)[i] << 16)
                           : rounded(static_cast<const float *>(from)[i], p.tf32 ? 13 : 0);
    return values;
}

static void write(const struct convolution &p, void *to, size_t at, double value)
{
    if (p.bf16)
        static_cast<uint16_t *>(to)[at] = (uint16_t)(__float_as_uint(rounded((float)value, 16)) >> 16);
    else if (p.add)
        static_cast<float *>(to)[at] += (float)value;
    else
        static_cast<float *>(to)[at] = (float)value;
}

/* Calls visit(voxel, neighbour, tap) for every pair of voxels that a tap connects. */
template <class VISIT> static void neighbours(const struct convolution &p, VISIT visit)
{
    for (int z = 0; z < p.depth; z++)
        for (int y = 0; y < p.height; y++)
            for (int x = 0; x < p.width; x++)
                for (int tap = 0; tap < TAPS; tap++) {
                    int nz = z + tap / 9 - 1, ny = y + tap / 3 % 3 - 1, nx = x + tap % 3 - 1;
                    if (nz >= 0 && nz < p.depth && ny >= 0 && ny < p.height && nx >= 0 && nx < p.width)
                        visit(((size_t)z * p.height + y) * p.width + x,
                              ((size_t)nz * p.height + ny) * p.width + nx, tap);
                }
}

static double dot(size_t n, const float *__restrict a, const float *__restrict b)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* sums += factor values */
static void add(size_t n, double factor, const float *__restrict values, double *__restrict sums)
{
    for (size_t i = 0; i < n; i++)
        sums[i] += factor * (double)values[i];
}

static void run(const struct convolution &p, void *x, void *w, void *y)
{
    size_t voxels = (size_t)p.depth * p.height * p.width, in = (size_t)p.in, out = (size_t)p.out;
    size_t weights = out * TAPS * in;
    std::vector<double> sums(p.kind == CONVOLUTION_FORWARD ? voxels * out
                             : p.kind == CONVOLUTION_DATA  ? voxels * in
                                                           : weights);
    std::vector<float> xs, ws, ys;
    if (p.kind != CONVOLUTION_DATA)
        xs = read(p, x, voxels * in);
    if (p.kind != CONVOLUTION_WEIGHTS)
        ws = read(p, w, weights);
    if (p.kind != CONVOLUTION_FORWARD)
        ys = read(p, y, voxels * out);
    neighbours(p, [&](size_t at, size_t other, int tap) {
        for (size_t o = 0; o < out; o++) {
            size_t row = (o * TAPS + (size_t)tap) * in;
            if (p.kind == CONVOLUTION_FORWARD)
                sums[at * out + o] += dot(in, &ws[row], &xs[other * in]);
            else if (p.kind == CONVOLUTION_DATA)
                add(in, ys[at * out + o], &ws[row], &sums[other * in]);
            else
                add(in, ys[at * out + o], &xs[other * in], &sums[row]);
        }
    });
    void *result = p.kind == CONVOLUTION_FORWARD ? y : p.kind == CONVOLUTION_DATA ? x : w;
    for (size_t i = 0; i < sums.size(); i++)
        write(p, result, i, sums[i]);
}

const char *convolution_plan_run(const struct convolution_plan *plan, const void *x, const void *w,
                                 const void *y, void *workspace)
{
    struct convolution p = plan->problem;
    shim_enqueue(plan_queue, [=] {
        memset(workspace, 0xff, WORKSPACE_BYTES);
        run(p, const_cast<void *>(x), const_cast<void *>(w), const_cast<void *>(y));
        if (shim_wrong_convolutions && p.kind == CONVOLUTION_FORWARD) /* one corner, one channel */
            write(p, const_cast<void *>(y), 0, 1e3);
    });
    return nullptr;
}
