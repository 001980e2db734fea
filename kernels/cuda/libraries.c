/* See libraries.h. */
#include "kernels/cuda/libraries.h"
#include "kernels/cuda/cudnn_version.h"
#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CUDA_MAJOR = CUDART_VERSION / 1000 };

/* Their files. A library's number is that of its interface: cuDNN's is 9, cuBLAS's that of CUDA. */
#ifndef CUDNN_FILE
#define CUDNN_FILE "libcudnn.so.9"
#define CUBLAS_FILE "libcublas.so.%d"
#endif

struct cudnn_functions cudnn;
struct cublas_functions cublas;

/* A library that is looked for. */
struct wanted {
    const char *file;
    bool (*take)(void *library,
                 const char **why); /* its functions; false, with advice, when it is of no use */
    bool found;
    const char *why;  /* the first advice on one that is of no use */
    char broken[256]; /* what the loader said of one that is there */
};

/* --- taking functions --- */

static bool take_function(void *library, const char *name, void *pointer)
{
    void *function = dlsym(library, name);
    memcpy(pointer, &function, sizeof function);
    return function != NULL;
}

static bool take_cudnn(void *library, const char **why)
{
    bool complete = true;
    struct cudnn_functions f;
#define X(name) complete = take_function(library, "cudnn" #name, &f.name) && complete;
    CUDNN_FUNCTIONS(X)
#undef X
    if (f.GetVersion)
        *why = cudnn_version_advice(f.GetVersion());
    if (!complete || *why)
        return false;
    cudnn = f;
    return true;
}

static bool take_cublas(void *library, const char **why)
{
    bool complete = true;
    struct cublas_functions f;
#define X(name) complete = take_function(library, "cublas" #name, &f.name) && complete;
    CUBLAS_FUNCTIONS(X)
#undef X
    *why = complete ? NULL : "this cuBLAS is too old";
    if (complete)
        cublas = f;
    return complete;
}

/* --- looking --- */

static bool try_path(struct wanted *w, const char *path)
{
    const char *why = NULL;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *said = dlerror();
        if (strchr(path, '/') && said && !w->broken[0])
            snprintf(w->broken, sizeof w->broken, "%s", said);
        return false;
    }
    w->found = w->take(library, &why);
    if (!w->found && !w->why)
        w->why = why;
    return w->found;
}

/* All folders that fit a pattern of glob, braces included. */
static bool try_folders(struct wanted *w, const char *pattern)
{
    char path[PATH_MAX];
    glob_t found = {0};
    if (snprintf(path, sizeof path, "%s/%s", pattern, w->file) < (int)sizeof path &&
        !glob(path, GLOB_BRACE, NULL, &found))
        for (size_t i = 0; i < found.gl_pathc && !w->found; i++)
            try_path(w, found.gl_pathv[i]);
    globfree(&found);
    return w->found;
}

static bool try_below(struct wanted *w, const char *home, const char *pattern)
{
    char path[PATH_MAX];
    return home && *home && snprintf(path, sizeof path, "%s/%s", home, pattern) < (int)sizeof path &&
           try_folders(w, path);
}

static const char TOOLKIT[] = "{lib64,lib,targets/*/lib}";
static const char WHEELS[] = "{lib,lib64}/python3*/{site,dist}-packages/nvidia/*/lib";

/* The wheels of the first python3 on PATH, which may belong to an environment that nobody has activated. */
static bool try_python(struct wanted *w)
{
    char program[PATH_MAX], home[PATH_MAX];
    const char *folders = getenv("PATH");
    for (; folders && *folders; folders += strcspn(folders, ":"), folders += *folders == ':') {
        const int length = (int)strcspn(folders, ":");
        if (snprintf(program, sizeof program, "%.*s/python3", length, folders) < (int)sizeof program &&
            !access(program, X_OK))
            return snprintf(home, sizeof home, "%.*s/..", length, folders) < (int)sizeof home &&
                   try_below(w, home, WHEELS);
    }
    return false;
}

static void look(struct wanted *w)
{
    const char *home = getenv("HOME"), *conda = getenv("CONDA_PREFIX");
    bool found = try_below(w, getenv("CUDA_HOME"), TOOLKIT) || try_below(w, getenv("CUDA_PATH"), TOOLKIT) ||
                 try_path(w, w->file) || try_below(w, conda, TOOLKIT) ||
                 try_below(w, getenv("VIRTUAL_ENV"), WHEELS) || try_below(w, conda, WHEELS) ||
                 try_python(w) ||
                 try_below(w, home ? home : "", ".local/lib/python3*/site-packages/nvidia/*/lib") ||
                 try_below(w, "/usr/local", WHEELS) || try_below(w, "/usr", WHEELS) ||
                 try_below(w, "/usr/local/cuda", TOOLKIT);
    (void)found;
}

static const char *advice(const struct wanted *w, const char *name)
{
    static char text[768];
    if (w->why)
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
    char file[32];
    struct wanted dnn = {.file = CUDNN_FILE, .take = take_cudnn}, blas = {.file = file, .take = take_cublas};
    snprintf(file, sizeof file, CUBLAS_FILE, CUDA_MAJOR);
    if (!cudnn.GetVersion)
        look(&dnn);
    if (!cudnn.GetVersion)
        return advice(&dnn, "cuDNN");
    if (!cublas.Create_v2)
        look(&blas);
    return cublas.Create_v2 ? NULL : advice(&blas, "cuBLAS");
}
