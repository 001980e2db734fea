/* Arrays that grow: one rule for all of them. */
#ifndef PRUNET_BASE_ARRAY_H
#define PRUNET_BASE_ARRAY_H

#include <stddef.h>

/* Sees to it that an array can have `wanted` elements of `element` bytes. `array` is the address of the
 * pointer to a malloc'd array (or to NULL, with *capacity 0). Pointer and *capacity, which is in elements,
 * change only when the capacity does not suffice, and then it at least doubles. The new elements are not set.
 * STATUS_FAILURE when memory, or size_t, does not suffice; the old array is then as it was.
 *
 *     if ((status = array_grow(&list->items, &list->capacity, list->count + 1, sizeof *list->items)))
 *         return status;
 *     list->items[list->count++] = item; */
int array_grow(void *array, size_t *capacity, size_t wanted, size_t element);

/* The same for an array that never has more than `most` elements: the last step does not go beyond them. */
int array_grow_within(void *array, size_t *capacity, size_t wanted, size_t most, size_t element);

#endif
