/* The tables of the CPU backends: every layout in every instruction set. base/table.h defines them, each in
 * the unit of its layout and set. */
#ifndef PRUNET_KERNELS_CPU_CPU_H
#define PRUNET_KERNELS_CPU_CPU_H

#include "kernels/kernels.h"

/* Plain layout, for narrow networks. */
extern const struct kernels kernels_planar_portable, kernels_planar_avx2, kernels_planar_avx512;

/* Channels in vectors, for wide networks. */
extern const struct kernels kernels_winograd_portable, kernels_winograd_avx2, kernels_winograd_avx512;

/* Plain layout with streams of 16 bits (kernels/int16.h), for reversible networks. */
extern const struct kernels kernels_planar16_portable, kernels_planar16_avx2, kernels_planar16_avx512;

#endif
