/* Winograd convolution where filters outgrow the cache: many channels on small grids.
 *
 * The operands of many chunks are transformed once and shared. Then each task takes a panel of output blocks
 * and goes through its filters line by line of points (filters.h): a line is transformed, multiplies all
 * those chunks and gives way to the next. The filters of all points, 33 MB at 240 channels, never exist at
 * once; what a task writes and reads again, 1.1 MB of planes and 0.2 MB of a line there, stays close. A
 * weight gradient is summed by one task, in order, the same way back.
 *
 * 2026-11-26, AMD EPYC with AVX-512, one thread, 240 channels, beside oneDNN's direct kernel in the same run
 * (OMP_NUM_THREADS=1 KERNEL_BENCH_CLOCK=cpu onednn_bench cpu patch 15): 8x8x8 forward 5.8 ms, 2.1 times as
 * fast, weight gradient 5.3 ms, 2.6 times. With the filters of all points of a panel at once it was 9 to 13
 * ms each.
 */
#ifndef PRUNET_KERNELS_CPU_BLOCKED_PANELS_H
#define PRUNET_KERNELS_CPU_BLOCKED_PANELS_H

#include "kernels/cpu/blocked/winograd.h"

#define blocked_panels_pay VARIANT_NAME(blocked_panels_pay)
#define blocked_panels_bytes VARIANT_NAME(blocked_panels_bytes)
#define blocked_panels_forward VARIANT_NAME(blocked_panels_forward)
#define blocked_panels_backward VARIANT_NAME(blocked_panels_backward)

/* Whether this is the way for a convolution. */
int blocked_panels_pay(struct shape in, struct shape out);

/* As blocked_winograd_*. */
size_t blocked_panels_bytes(struct shape in, struct shape out);
void blocked_panels_forward(const struct winograd_forward *f, void *scratch);
void blocked_panels_backward(const struct winograd_backward *b, void *scratch);

#endif
