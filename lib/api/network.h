/* What the files of lib/api that are about networks share. */
#ifndef PRUNET_API_NETWORK_H
#define PRUNET_API_NETWORK_H

#include "lib/api/inside.h"
#include "lib/network/backend_choice.h"
#include "lib/network/train.h"

/* Settings as lib/network has them. */
struct use {
    unsigned use; /* of enum network_use (plan.h) */
    struct backend_choice backend;
    struct memory_budget budget;
    struct loss_weights loss;
    struct prunet_settings settings;
};

struct prunet_network {
    struct network *network;
    struct parameter_table table;
    struct epoch epoch; /* of a network for training */
    unsigned use;       /* INFERENCE, or what it was opened to train with */
    int threads;        /* that it computes on */
};

/* STATUS_USAGE for a rate that is not positive, a decay not within 0..1. */
int api_check_rate(double rate, double decay);

#endif
