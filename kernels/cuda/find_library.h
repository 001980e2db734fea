/* Finds and opens a library when the program runs, so that one program serves machines with and without it. Where it is
 * looked for, in this order, the first that is good:
 *
 *     $CUDA_HOME, $CUDA_PATH        lib64, lib, targets/NAME/lib
 *     the dynamic loader            LD_LIBRARY_PATH, what the system knows
 *     $CONDA_PREFIX                 lib, targets/NAME/lib
 *     Python's nvidia wheels        of $VIRTUAL_ENV, $CONDA_PREFIX, the python3 on PATH, the user, the system
 *     /usr/local/cuda               as $CUDA_HOME
 *     what python3 says             where its package nvidia lies
 *
 * One that comes in parts is opened and judged by a child first (trial.h): a part that was opened once, good or not, stays the
 * one that later libraries are given when they ask for it by name, and a library without its parts may end the process. */
#ifndef PRUNET_KERNELS_CUDA_FIND_LIBRARY_H
#define PRUNET_KERNELS_CUDA_FIND_LIBRARY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct library {
    const char *file;         /* as libNAME.so.NUMBER */
    const char *const *names; /* of the functions that are wanted */
    size_t count;
    void *functions; /* a struct of as many pointers, in the order of names; filled in */
    const char *(*judge)(
        void); /* NULL, or advice when what functions point to is of no use; the function may be NULL */
    const char *too_old; /* the advice when a function is not there */
    /* NULL, or files beside it that it opens by their names, up to NULL, each before those that need it: they are opened
     * from its own folder before it looks for them elsewhere. */
    const char *const *parts;

    bool found;
    char path[PATH_MAX]; /* of the one that is found */
    char why[512];       /* the first advice on one that is of no use */
    char broken[512];    /* what the loader said of the first that is there and cannot be opened */
};

/* Whether it is found; it then stays open. Where not, why and broken tell more. */
bool find_library(struct library *library);

#endif
