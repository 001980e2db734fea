/* Which backend computes, and on how many threads. */
#ifndef PRUNET_NETWORK_BACKEND_CHOICE_H
#define PRUNET_NETWORK_BACKEND_CHOICE_H

#include "lib/base/options.h"
#include "lib/network/network.h"

/* Options, else the environment, else the default. */
struct backend_choice {
    const char *name;   /* NULL: PRUNET_BACKEND, else "cpu" */
    const char *device; /* the number of a GPU; NULL: PRUNET_DEVICE, else 0 */
    int threads;        /* 0: PRUNET_THREADS, else OMP_NUM_THREADS, else all cores */
};

/* The options of every tool that computes, for `common` of struct tool. */
#define BACKEND_OPTIONS(choice)                                                                              \
    .backend = &(choice).name, .device = &(choice).device, .threads = &(choice).threads

/* Says which GPU a backend is to open: --device's, else PRUNET_DEVICE's, else 0. STATUS_USAGE when it is no number. */
int backend_choose_device(const char *option);

/* The chosen backend for a network, its threads set; STATUS_USAGE when there is no such backend here or the
 * number of threads is not valid. */
int backend_find(const struct kernels **kernels, const struct backend_choice *choice,
                 const struct architecture *architecture);

/* A network of the checkpoint's architecture on the chosen backend, with its weights and, for TRAINING,
 * Adam's state. *network is set only on success. */
int backend_open_network(struct network **network, const struct backend_choice *choice,
                         const struct checkpoint *checkpoint, unsigned use);

#endif
