/* One model of several: the mean of their weights, which segments at the cost of one. It is a good network where all
 * went on from the same weights for a short while, as ends of one training by several seeds do, and noise where they
 * were trained from different beginnings (Wortsman et al., Model soups, ICML 2022). */
#ifndef PRUNET_NETWORK_MODEL_MEAN_H
#define PRUNET_NETWORK_MODEL_MEAN_H

#include "lib/network/checkpoint.h"

/* Gives an opened checkpoint, in place of the vector that it segments with, the mean of that and of those of `count`
 * other files, added up in double in their order. `one_threshold` becomes whether all say the same of thresholds that were
 * moved; where they do not, those of the mean are in between. STATUS_DATA, with both files named, when one is another
 * network, or is of another scheme or spacing; the checkpoint may then be changed in part, and is to be closed. */
int checkpoint_average(struct checkpoint *checkpoint, const char *const *others, int count,
                       bool *one_threshold);

#endif
