/* The planar backend, for narrow networks: the plain layout of the reference, rows of any width without
 * padding, vectorised along x. One compilation unit for each instruction set (base/vector.h): a file uses
 * only what those before it define. */
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
#include "kernels/cpu/planar/streams.c"
#include "kernels/cpu/planar/rows.c"
#include "kernels/cpu/planar/norm.c"
#include "kernels/cpu/planar/slab.c"
#include "kernels/cpu/planar/stencil.c"
#include "kernels/cpu/planar/conv3.c"
#include "kernels/cpu/planar/branch.c"
#include "kernels/cpu/planar/conv1.c"
#include "kernels/cpu/planar/resample.c"
#include "kernels/cpu/planar/head.c"
#include "kernels/cpu/planar/table.c"
/* clang-format on */
