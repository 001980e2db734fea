/* The smaller, the larger and the nearest in a range, for the types that need them. */
#ifndef PRUNET_BASE_NUMBERS_H
#define PRUNET_BASE_NUMBERS_H

#include <stddef.h>

static inline int int_min(int a, int b)
{
    return a < b ? a : b;
}

static inline int int_max(int a, int b)
{
    return a > b ? a : b;
}

/* `low` below low, `high` above high. */
static inline int int_clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static inline size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static inline double double_clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

#endif
