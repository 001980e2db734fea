/* The two inner loops of a 3x3x3 convolution over a slab. */
#ifndef PRUNET_KERNELS_CPU_PLANAR_STENCIL_H
#define PRUNET_KERNELS_CPU_PLANAR_STENCIL_H

#include "kernels/cpu/planar/slab.h"

#define stencil_pack VARIANT_NAME(stencil_pack)
#define stencil_convolve VARIANT_NAME(stencil_convolve)
#define stencil_correlate VARIANT_NAME(stencil_correlate)

/* Output channels are convolved four at a time. */
enum { QUAD = 4 };

static inline int quads(int channels)
{
    return (channels + QUAD - 1) / QUAD;
}

static inline size_t packed_floats(int out, int in)
{
    return (size_t)quads(out) * (size_t)in * 27 * QUAD;
}

/* packed[quad][in][27][QUAD] of w [out][in][27], zeros behind the last channel; with `transposed`, w is
 * [in][out][27] and each kernel is reversed: the transpose of the convolution. */
void stencil_pack(int out, int in, const float *w, int transposed, float *packed);

/* result[QUAD][room] = one quad of output channels at the strip's numbered voxels, room = strip_room.
 * packed: that quad's [in][27][QUAD]. */
void stencil_convolve(const struct slab *slab, const float *packed, size_t room, float *result);

/* sums[out][in][27] += sum over the strip's `voxels` numbered voxels of dy[out][v] x[in][v + t]. */
void stencil_correlate(const struct slab *x, const struct slab *dy, size_t voxels, double *sums);

#endif
