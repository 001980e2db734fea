/* The CPU backends: every layout in every instruction set. kernels/cpu/<layout>/table.c defines one table for
 * each set; cpu.c knows them by these names. */
#ifndef PRUNET_KERNELS_CPU_CPU_H
#define PRUNET_KERNELS_CPU_CPU_H

#include "kernels/kernels.h"

/* Plain layout, for narrow networks. */
extern const struct kernels kernels_planar_portable, kernels_planar_avx2, kernels_planar_avx512;

/* Channels in vectors, for wide networks. */
extern const struct kernels kernels_winograd_portable, kernels_winograd_avx2, kernels_winograd_avx512;

#endif
