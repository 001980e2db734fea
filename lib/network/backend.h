/* Which backend computes and on how many threads: options, else the environment, else the default. */
#ifndef PRUNET_NETWORK_BACKEND_H
#define PRUNET_NETWORK_BACKEND_H

#include "kernels/kernels.h"
#include "lib/base/options.h"
#include "lib/network/network.h"

struct backend_choice {
    const char *name; /* NULL: PRUNET_BACKEND, else "cpu" */
    int threads;      /* 0: PRUNET_THREADS, else OMP_NUM_THREADS, else all cores */
};

/* The options of every tool that computes, for `common` of struct tool. */
#define BACKEND_OPTIONS(choice) .backend = &(choice).name, .threads = &(choice).threads

/* The chosen backend for a network, its threads set; STATUS_USAGE when there is no such backend here or the
 * number of threads is none. */
int backend_find(const struct kernels **kernels, const struct backend_choice *choice,
                 const struct architecture *architecture);

/* A network of the checkpoint's architecture on the chosen backend, with its weights and, when `training`,
 * Adam's state. *network is set only on success. */
int backend_open_network(struct network **network, const struct backend_choice *choice,
                         const struct checkpoint *checkpoint, bool training);

#endif
