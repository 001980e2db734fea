/* cuDNN and cuBLAS: found and opened when a CUDA backend opens, so that one program serves machines with and without
 * them (find_library.h).
 *
 * For C only: their headers overload some functions for C++. */
#ifndef PRUNET_KERNELS_CUDA_LIBRARIES_H
#define PRUNET_KERNELS_CUDA_LIBRARIES_H

#include <cublas_v2.h>
#include <cudnn.h>

/* Their functions, without the library's name; cuBLAS's as its binary has them. */
#define CUDNN_FUNCTIONS(X)                                                                                   \
    X(GetVersion)                                                                                            \
    X(GetCudartVersion)                                                                                      \
    X(GetErrorString)                                                                                        \
    X(Create)                                                                                                \
    X(SetStream)                                                                                             \
    X(BackendCreateDescriptor)                                                                               \
    X(BackendDestroyDescriptor)                                                                              \
    X(BackendSetAttribute)                                                                                   \
    X(BackendGetAttribute)                                                                                   \
    X(BackendFinalize)                                                                                       \
    X(BackendExecute)
#define CUBLAS_FUNCTIONS(X)                                                                                  \
    X(Create_v2)                                                                                             \
    X(SetStream_v2) X(SetAtomicsMode) X(SetWorkspace_v2) X(GetStatusString) X(GetProperty) X(GemmEx)

struct cudnn_functions {
#define X(name) __typeof__(&cudnn##name) name;
    CUDNN_FUNCTIONS(X)
#undef X
};

struct cublas_functions {
#define X(name) __typeof__(&cublas##name) name;
    CUBLAS_FUNCTIONS(X)
#undef X
};

/* Of use once libraries_open has succeeded. */
extern struct cudnn_functions cudnn;
extern struct cublas_functions cublas;

/* Opens both. NULL, or one line of advice: what is missing and how to install it, or a cuDNN that is not trusted
 * (cudnn_version.h). What was opened stays open. To be called before the first call of CUDA (trial.h). */
const char *libraries_open(void);

/* Their versions and where they were found, in words. */
const char *libraries_words(void);

#endif
