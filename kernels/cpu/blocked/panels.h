/* Winograd convolution where filters outgrow the cache: many channels on small grids.
 *
 * The operands of many chunks are transformed once and shared; then each task takes a panel of COLUMNS output
 * blocks, transforms its filters, and goes through all those chunks. The filters of all blocks, 33 MB at
 * 240 channels, never exist at once, and a weight gradient is summed by one task, in order. */
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
