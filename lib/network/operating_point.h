/* Where a trained network draws the line between a region and what is around it. */
#ifndef PRUNET_NETWORK_OPERATING_POINT_H
#define PRUNET_NETWORK_OPERATING_POINT_H

#include "lib/network/checkpoint.h"

/* Moves a region's threshold: what had the probability `threshold` of an open checkpoint, within 0..1 and neither,
 * has 0.5 afterwards, by the region's bias in the last convolution. Only the vector to segment with has values
 * afterwards. STATUS_DATA where the checkpoint has no region of that name, STATUS_FAILURE without memory. */
int checkpoint_move_threshold(struct checkpoint *checkpoint, const char *region, double threshold);

#endif
