#include "lib/base/array.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_FIRST = 16 };

int array_grow_within(void *array, size_t *capacity, size_t wanted, size_t most, size_t element)
{
    size_t larger, bytes;
    if (wanted <= *capacity)
        return STATUS_OK;
    if (wanted > most || __builtin_mul_overflow(*capacity, 2, &larger))
        return fail(STATUS_FAILURE, "an array of %zu elements is too large", wanted);
    larger = size_min(size_max(size_max(larger, wanted), CAPACITY_FIRST), most);
    if (__builtin_mul_overflow(larger, element, &bytes))
        return fail(STATUS_FAILURE, "an array of %zu elements is too large", larger);
    void *old, *moved;
    memcpy(&old, array, sizeof old); /* the caller's pointer has another type */
    moved = realloc(old, bytes);
    if (!moved)
        return fail(STATUS_FAILURE, "out of memory for %zu bytes", bytes);
    memcpy(array, &moved, sizeof moved);
    *capacity = larger;
    return STATUS_OK; /* cppcheck-suppress memleak ; the caller has it */
}

int array_grow(void *array, size_t *capacity, size_t wanted, size_t element)
{
    return array_grow_within(array, capacity, wanted, SIZE_MAX, element);
}
