/* Work that may end its process or never return, such as opening a library that is half installed: a child does it, and
 * answers by a text. Nothing of what it opens or changes reaches this process.
 *
 * To be called before the process's first call of CUDA, whose state a child cannot use. */
#ifndef PRUNET_KERNELS_CUDA_TRIAL_H
#define PRUNET_KERNELS_CUDA_TRIAL_H

#include <stddef.h>

enum trial {
    TRIAL_ANSWERED,
    TRIAL_DIED,      /* without an answer: a signal, or the limit of time */
    TRIAL_IMPOSSIBLE /* there is no child to be had */
};

enum { TRIAL_SECONDS = 60 }; /* a cold file system of a cluster takes its time */

/* Calls work(of, answer, size) in a child; its answer, a text that is not empty, comes back. */
enum trial trial(void (*work)(const void *of, char *answer, size_t size), const void *of, char *answer,
                 size_t size);

#endif
