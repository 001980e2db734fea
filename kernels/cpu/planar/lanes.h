/* Vectors of LANES floats: unaligned access, ends of rows, sums across. */
#ifndef PRUNET_KERNELS_CPU_PLANAR_LANES_H
#define PRUNET_KERNELS_CPU_PLANAR_LANES_H

#include "kernels/cpu/variant.h"
#include <string.h>

typedef int lanes_index __attribute__((vector_size(4 * LANES)));

static inline lanes lanes_load(const float *from)
{
    return *(const lanes_unaligned *)from;
}

static inline void lanes_store(float *to, lanes value)
{
    *(lanes_unaligned *)to = value;
}

/* The first `count` floats, zeros behind them. */
static inline lanes lanes_load_first(const float *from, size_t count)
{
    lanes value = {0};
    memcpy(&value, from, count * sizeof(float));
    return value;
}

/* Elements 0, 2, 4, ... and 1, 3, 5, ... of a followed by b. */
static inline lanes lanes_even(lanes a, lanes b)
{
    lanes_index index;
    for (int i = 0; i < LANES; i++)
        index[i] = 2 * i;
    return __builtin_shuffle(a, b, index);
}

static inline lanes lanes_odd(lanes a, lanes b)
{
    lanes_index index;
    for (int i = 0; i < LANES; i++)
        index[i] = 2 * i + 1;
    return __builtin_shuffle(a, b, index);
}

/* The sum of all elements, in a fixed order. */
static inline float lanes_total(lanes value)
{
    for (int left = LANES; left > 1; left /= 2)
        value = lanes_even(value, value) + lanes_odd(value, value);
    return value[0];
}

/* Turns LANES vectors into one that holds the total of each; overwrites them. */
static inline lanes lanes_totals(lanes values[LANES])
{
    for (int left = LANES; left > 1; left /= 2)
        for (int i = 0; i < left / 2; i++)
            values[i] =
                lanes_even(values[2 * i], values[2 * i + 1]) + lanes_odd(values[2 * i], values[2 * i + 1]);
    return values[0];
}

#endif
