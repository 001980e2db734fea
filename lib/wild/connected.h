/* What is connected with a voxel of a volume. */
#ifndef PRUNET_WILD_CONNECTED_H
#define PRUNET_WILD_CONNECTED_H

#include <stddef.h>
#include <stdint.h>

/* In a set (D, H, W), marks the voxels of `value` that are connected by faces with voxel `from`, which has it: they
 * become `mark`, another number. */
void mark_connected(uint8_t *set, const int size[3], size_t from, uint8_t value, uint8_t mark);

#endif
