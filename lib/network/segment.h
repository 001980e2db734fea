/* Segmentation of volumes of any size by a network that wants multiples of 2^(levels - 1). */
#ifndef PRUNET_NETWORK_SEGMENT_H
#define PRUNET_NETWORK_SEGMENT_H

#include "lib/network/network.h"

/* Prepares the network for an image (inputs, z, y, x) and hands it over: padded with zeros at the high end of
 * each axis. The image may be freed afterwards. STATUS_FAILURE when memory is short. */
int segment_put(struct network *network, const int size[3], const float *image);

/* Probabilities (outputs, z, y, x) of the image put last, cut to its size. STATUS_DATA when they are not
 * finite, which only an image that is not finite (or a ruined network) can cause. */
int segment_run(struct network *network, const int size[3], float *probabilities);

#endif
