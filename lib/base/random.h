/* Random numbers without state: a number is a function of a key and a counter.
 *
 * Any draw can be made in any order, by any thread, and comes out the same. A key is derived from a seed and
 * from what the numbers are for: random_key(random_key(seed, "augment"), case_name). */
#ifndef PRUNET_BASE_RANDOM_H
#define PRUNET_BASE_RANDOM_H

#include <stdint.h>

/* A new key from a key (or seed) and a name. */
uint64_t random_key(uint64_t key, const char *name);

/* A new key from a key and a number, such as an epoch. */
uint64_t random_key_number(uint64_t key, uint64_t number);

/* 64 uniform bits: SplitMix64's finaliser (Steele, Lea, Flood, OOPSLA 2014) over key and counter. */
uint64_t random_bits(uint64_t key, uint64_t counter);

/* Uniform in [0, 1), 53 bits. */
double random_uniform(uint64_t key, uint64_t counter);

/* Standard normal, by Box and Muller; counters 2n and 2n+1 of one key are used for counter n. */
double random_normal(uint64_t key, uint64_t counter);

#endif
