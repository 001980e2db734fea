/* What tests of a training begin with and look at: a state to write, and the values of a network. */
#ifndef PRUNET_TESTS_LIB_NETWORK_BEGIN_H
#define PRUNET_TESTS_LIB_NETWORK_BEGIN_H

#include "lib/base/error.h"
#include "lib/network/network_state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For checkpoint_save: weights and, where there is one, another average; Adam has seen nothing. */
static inline int initial(void *self, enum state_vector vector, const struct parameter *parameter,
                          float *values)
{
    (void)self;
    memset(values, 0, parameter->count * sizeof *values);
    if (vector == STATE_WEIGHTS || vector == STATE_AVERAGE)
        parameter_initialise(parameter, vector == STATE_WEIGHTS ? 5 : 6, values);
    return STATUS_OK;
}

/* A test cannot go on without. */
static inline void must(int status)
{
    if (status) {
        fprintf(stderr, "%s\n", error_message());
        exit(1);
    }
}

/* All values of a vector, to be freed. */
static inline float *get_all(const struct network *network, const struct parameter_table *table, int vector)
{
    float *flat = calloc(table->floats, sizeof *flat);
    for (size_t i = 0; i < table->count; i++)
        network_get(network, vector, &table->parameters[i], flat + table->parameters[i].offset);
    return flat;
}

#endif
