/* Whether ranks are of one mind before they train together. */
#ifndef PRUNET_NETWORK_RANKS_COMPARE_H
#define PRUNET_NETWORK_RANKS_COMPARE_H

#include "lib/network/ranks.h"

/* Compares a text by a digest of it; called by all ranks. STATUS_DATA, with the same message for all, where they differ:
 * "rank 2 has another STATE than rank 0", `what` being its STATE. STATUS_FAILURE without memory. */
int ranks_compare(const struct ranks *ranks, const char *what, const char *text);

#endif
