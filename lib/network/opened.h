/* The inside of a network: for network.c, network_state.c and network_case.c alone. */
#ifndef PRUNET_NETWORK_OPENED_H
#define PRUNET_NETWORK_OPENED_H

#include "lib/network/network.h"
#include "lib/network/pass.h"
#include "lib/network/prefetch.h"

struct network {
    struct architecture architecture;
    const struct label_scheme *scheme;
    struct parameter_table table;
    struct memory_budget budget;
    struct pass pass;
    struct prefetch prefetch;
    char *resident, *activations; /* the two blocks of the plan, in the backend's memory */
    size_t resident_bytes, activation_bytes;
    bool fresh;               /* it begins to train */
    char *state;              /* path of the checkpoint that was loaded; NULL: none */
    int size[3];              /* that the activations are for; 0 before the first network_resize */
    struct loss_weights loss; /* without the loss scale */
    struct recording recording;
    bool recorded; /* the recording holds a step, made with these factors of the losses */
    struct loss_weights recorded_loss;
    int accumulated; /* cases in the sum of the batch */
};

static inline const struct kernels *kernels_of(const struct network *n)
{
    return n->pass.kernels;
}

/* Waits for the backend's work. STATUS_FAILURE when something of it has failed. */
int network_finish(const struct network *network);

#endif
