/* From a kind of network to the file that is the network (kinds.def lists both). */
#ifndef PRUNET_NETWORK_KINDS_H
#define PRUNET_NETWORK_KINDS_H

#include "lib/network/architecture.h"
#include "lib/network/parameters.h"

/* The topology of an architecture's kind, see pass.h. */
const struct topology *network_topology(const struct architecture *architecture);

/* The table of a checked architecture's parameters; STATUS_FAILURE without memory. */
int parameter_table_make(struct parameter_table *table, const struct architecture *architecture);

#endif
