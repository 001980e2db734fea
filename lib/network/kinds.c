/* Which file is the network of a kind. */
#include "lib/network/kinds.h"
#include "lib/network/pass.h"

#define KIND(constant, name, network, ...) extern const struct topology network;
#include "lib/network/kinds.def"

static const struct topology *const topologies[NETWORK_KINDS] = {
#define KIND(constant, name, network, ...) [NETWORK_##constant] = &network,
#include "lib/network/kinds.def"
};

const struct topology *network_topology(const struct architecture *architecture)
{
    return topologies[architecture->kind];
}

int parameter_table_make(struct parameter_table *table, const struct architecture *architecture)
{
    return network_topology(architecture)->parameters(table, architecture);
}
