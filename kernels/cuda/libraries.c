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

static const char *judge_cudnn(void)
{
    return cudnn.GetVersion ? cudnn_version_advice(cudnn.GetVersion()) : NULL;
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

const char *libraries_open(void)
{
    static char file[32];
    static struct library dnn = {
        CUDNN_FILE,           cudnn_names,          sizeof cudnn / sizeof(void *),     &cudnn,
        .parts = cudnn_parts, .judge = judge_cudnn, .too_old = "this cuDNN is too old"};
    static struct library blas = {file, cublas_names, sizeof cublas / sizeof(void *), &cublas,
                                  .too_old = "this cuBLAS is too old"};
    snprintf(file, sizeof file, CUBLAS_FILE, CUDA_MAJOR);
    if (!dnn.found && !find_library(&dnn))
        return advice(&dnn, "cuDNN");
    if (!blas.found && !find_library(&blas))
        return advice(&blas, "cuBLAS");
    return NULL;
}
