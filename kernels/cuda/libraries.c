/* See libraries.h. */
#include "kernels/cuda/libraries.h"
#include "kernels/cuda/cudnn_version.h"
#include "kernels/cuda/find_library.h"
#include <cuda_runtime_api.h>
#include <stdio.h>

enum { CUDA_MAJOR = CUDART_VERSION / 1000 };

/* Their files. A library's number is that of its interface: cuDNN's is 9, cuBLAS's that of CUDA. */
#ifndef CUDNN_FILE
#define CUDNN_FILE "libcudnn.so.9"
#define CUBLAS_FILE "libcublas.so.%d"
#endif

/* What it opens by name while it plans and runs a convolution. */
static const char *const cudnn_parts[] = {"libcudnn_graph.so.9",
                                          "libcudnn_ops.so.9",
                                          "libcudnn_cnn.so.9",
                                          "libcudnn_heuristic.so.9",
                                          "libcudnn_engines_precompiled.so.9",
                                          "libcudnn_engines_runtime_compiled.so.9",
                                          NULL};

struct cudnn_functions cudnn;
struct cublas_functions cublas;

#define X(name) "cudnn" #name,
static const char *const cudnn_names[] = {CUDNN_FUNCTIONS(X)};
#undef X
#define X(name) "cublas" #name,
static const char *const cublas_names[] = {CUBLAS_FUNCTIONS(X)};
#undef X

/* libcudnn.so.9 is the name of those for CUDA 12 and for CUDA 13. */
static const char *judge_cudnn(void)
{
    static char text[256];
    const char *advice = cudnn.GetVersion ? cudnn_version_advice(cudnn.GetVersion()) : NULL;
    const size_t runtime = cudnn.GetCudartVersion ? cudnn.GetCudartVersion() / 1000 : CUDA_MAJOR;
    if (advice || runtime == CUDA_MAJOR)
        return advice;
    snprintf(text, sizeof text,
             "this cuDNN is for CUDA %zu, this build for CUDA %d: python3 -m pip install "
             "'nvidia-cudnn-cu%d>=9.16'; or use --backend cpu",
             runtime, CUDA_MAJOR, CUDA_MAJOR);
    return text;
}

static const char *advice(const struct library *w, const char *name)
{
    static char text[1024];
    if (w->why[0])
        return w->why;
    snprintf(text, sizeof text,
             "%s is not on this machine (%s%s%s): python3 -m pip install 'nvidia-cudnn-cu%d>=9.16' "
             "'nvidia-cublas%s', or name its folder in LD_LIBRARY_PATH; or use --backend cpu",
             name, w->file, w->broken[0] ? ": " : "", w->broken, CUDA_MAJOR,
             CUDA_MAJOR == 12 ? "-cu12" : "==13.*");
    return text;
}

static char cublas_file[32];
static struct library dnn = {
    CUDNN_FILE,           cudnn_names,          sizeof cudnn / sizeof(void *),     &cudnn,
    .parts = cudnn_parts, .judge = judge_cudnn, .too_old = "this cuDNN is too old"};
static struct library blas = {cublas_file, cublas_names, sizeof cublas / sizeof(void *), &cublas,
                              .too_old = "this cuBLAS is too old"};

const char *libraries_open(void)
{
    snprintf(cublas_file, sizeof cublas_file, CUBLAS_FILE, CUDA_MAJOR);
    if (!dnn.found && !find_library(&dnn))
        return advice(&dnn, "cuDNN");
    if (!blas.found && !find_library(&blas))
        return advice(&blas, "cuBLAS");
    return NULL;
}

const char *libraries_words(void)
{
    static char text[2 * PATH_MAX + 64];
    const size_t version = cudnn.GetVersion();
    int number[3] = {0};
    for (int i = 0; i < 3; i++)
        cublas.GetProperty((libraryPropertyType)(MAJOR_VERSION + i), &number[i]);
    snprintf(text, sizeof text, "cuDNN %zu.%zu.%zu (%s), cuBLAS %d.%d.%d (%s)", version / 10000,
             version % 10000 / 100, version % 100, dnn.path, number[0], number[1], number[2], blas.path);
    return text;
}
