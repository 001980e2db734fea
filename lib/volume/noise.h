/* Smooth random fields: uniform numbers on a lattice, interpolated. */
#ifndef PRUNET_VOLUME_NOISE_H
#define PRUNET_VOLUME_NOISE_H

#include <stdint.h>

struct noise {
    int cells;     /* along each axis of the cube [-1.5, 1.5]^3 */
    float *values; /* (cells + 1)^3 numbers U(-1, 1) */
};

/* A function of key and cells alone. STATUS_FAILURE without memory. */
int noise_make(struct noise *noise, uint64_t key, int cells);
void noise_free(struct noise *noise);

/* The field at a point, within -1..1: trilinear with smoothed fractions, so that its gradient is continuous.
 * Points outside the cube have the value of its border. */
double noise_at(const struct noise *noise, const double point[3]);

#endif
