/* Finds and opens a library when the program runs, so that one program serves machines with and without it. Where it is
 * looked for, in this order, the first that is good:
 *
 *     $CUDA_HOME, $CUDA_PATH        lib64, lib, targets/NAME/lib
 *     the dynamic loader            LD_LIBRARY_PATH, what the system knows
 *     $CONDA_PREFIX                 lib, targets/NAME/lib
 *     Python's nvidia wheels        of $VIRTUAL_ENV, $CONDA_PREFIX, the python3 on PATH, the user, the system
 *     /usr/local/cuda               as $CUDA_HOME */
#ifndef PRUNET_KERNELS_CUDA_FIND_LIBRARY_H
#define PRUNET_KERNELS_CUDA_FIND_LIBRARY_H

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

    bool found;
    const char *why;  /* the first advice on one that is of no use */
    char broken[256]; /* what the loader said of one that is there */
};

/* Whether it is found; it then stays open. Where not, why and broken tell more, and functions may point to what is of
 * no use. */
bool find_library(struct library *library);

#endif
