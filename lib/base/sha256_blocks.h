/* The blocks of SHA-256, each way that a processor may have of working through them. */
#ifndef PRUNET_BASE_SHA256_BLOCKS_H
#define PRUNET_BASE_SHA256_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BLOCK = 64 };

/* Updates the state by `count` blocks of SHA256_BLOCK bytes, which need no alignment. */
typedef void sha256_blocks(uint32_t state[8], const unsigned char *bytes, size_t count);

struct sha256_way {
    const char *name;
    sha256_blocks *blocks;
    bool (*runs_here)(void);
};

/* All ways of this kind of processor, the fastest first; the last one is portable. */
extern const struct sha256_way sha256_ways[];
extern const int sha256_way_count;

/* The first way that this processor has. */
sha256_blocks *sha256_fastest(void);

#endif
