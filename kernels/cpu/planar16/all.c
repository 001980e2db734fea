/* The planar backend's files once more, with other streams and another table: the activations of reversible sequences
 * in 16-bit fixed point (kernels/int16.h). */
#include "kernels/cpu/base/norm.h"
#include "kernels/cpu/base/scratch.h"
#include "kernels/cpu/base/slices.h"
#include "kernels/cpu/base/vector.h"
#include "kernels/cpu/cpu.h"
#include "kernels/reference/memory.h"
#include <math.h>

/* clang-format off */
#include "kernels/cpu/base/adam.c"
#include "kernels/cpu/base/average.c"
#include "kernels/cpu/base/dice.c"
#include "kernels/cpu/base/fixed.c"
#include "kernels/cpu/planar16/streams.c"
#include "kernels/cpu/planar/rows.c"
#include "kernels/cpu/planar/norm.c"
#include "kernels/cpu/planar/slab.c"
#include "kernels/cpu/planar/stencil.c"
#include "kernels/cpu/planar/conv3.c"
#include "kernels/cpu/planar/branch.c"
#include "kernels/cpu/planar/conv1.c"
#include "kernels/cpu/planar/resample.c"
#include "kernels/cpu/planar/head.c"
#include "kernels/cpu/planar16/table.c"
/* clang-format on */
