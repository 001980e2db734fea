#include "lib/base/random.h"
#include <math.h>

static uint64_t splitmix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t random_bits(uint64_t key, uint64_t counter)
{
    return splitmix(splitmix(key + 0x9e3779b97f4a7c15u) + (counter + 1) * 0x9e3779b97f4a7c15u);
}

uint64_t random_key(uint64_t key, const char *name)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    return random_bits(splitmix(key), hash);
}

uint64_t random_key_number(uint64_t key, uint64_t number)
{
    return random_bits(key ^ 0x6a09e667f3bcc909u, number);
}

double random_uniform(uint64_t key, uint64_t counter)
{
    return (double)(random_bits(key, counter) >> 11) * 0x1p-53;
}

double random_normal(uint64_t key, uint64_t counter)
{
    double radius = 1 - random_uniform(key, 2 * counter); /* (0, 1] */
    double angle = random_uniform(key, 2 * counter + 1);
    return sqrt(-2 * log(radius)) * cos(2 * 3.14159265358979323846 * angle);
}
