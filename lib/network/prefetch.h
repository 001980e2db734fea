/* The next case on its way to a network that works on the present one.
 *
 * Where a backend copies beside its work (kernels.overlaps), a training network has room for one more image
 * and target, on the device and twice in host memory that copies fast:
 *
 *     network_put_*, or network_put_prefetched;  then at the same time
 *         one thread: network_gradient, network_update;
 *         another: reads into network_prefetch_destination, network_prefetch_start;
 *     when both are through, network_put_staged.
 *
 * Elsewhere there is no room, nothing is prefetched, and every case is put in its turn. */
#ifndef PRUNET_NETWORK_STAGING_H
#define PRUNET_NETWORK_STAGING_H

#include "lib/network/network.h"

/* Where the next case's image (channels, z, y, x) can be read to, without a copy later on; valid until the
 * step after the one that it is put for. NULL where it cannot be prefetched: it has not the channels and the size
 * of the present case, or the backend does not overlap. */
float *network_prefetch_destination(const struct network *network, int channels, const int size[3]);

/* Starts to copy the next case, image and labels 0, 1, 2, 4; both may be freed afterwards, except for the
 * room. Does nothing where there is no room or a label is wrong: whoever puts the case in its turn hears of
 * that. */
void network_prefetch_start(struct network *network, int channels, const int size[3], const float *image,
                            const uint8_t *labels);

/* The case that was prefetched becomes the network's image and target. False when none was. */
bool network_put_prefetched(struct network *network);

#endif
