/* The winograd backend, for wide networks: a channel a lane (layout.h), 3x3x3 convolutions by Winograd's
 * transforms. One compilation unit for each instruction set (base/vector.h): a file uses only what those
 * before it define. */
#include "kernels/cpu/base/norm.h"
#include "kernels/cpu/base/scratch.h"
#include "kernels/cpu/base/slices.h"
#include "kernels/cpu/base/vector.h"
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/winograd/layout.h"
#include "kernels/cpu/winograd/tiles.h"
#include "kernels/cpu/winograd/transforms.h"
#include "kernels/reference/memory.h"
#include <math.h>
#include <omp.h>

/* clang-format off */
#include "kernels/cpu/base/adam.c"
#include "kernels/cpu/base/average.c"
#include "kernels/cpu/base/dice.c"
#include "kernels/cpu/base/fixed.c"
#include "kernels/cpu/winograd/norm.c"
#include "kernels/cpu/winograd/filters.c"
#include "kernels/cpu/winograd/products.c"
#include "kernels/cpu/winograd/tile_io.c"
#include "kernels/cpu/winograd/panels.c"
#include "kernels/cpu/winograd/conv3.c"
#include "kernels/cpu/winograd/branch.c"
#include "kernels/cpu/winograd/conv1.c"
#include "kernels/cpu/winograd/rows.c"
#include "kernels/cpu/winograd/resample.c"
#include "kernels/cpu/winograd/head.c"
#include "kernels/cpu/winograd/table.c"
/* clang-format on */
