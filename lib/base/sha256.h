/* SHA-256 (FIPS 180-4) of bytes that arrive in pieces. */
#ifndef PRUNET_BASE_SHA256_H
#define PRUNET_BASE_SHA256_H

#include "lib/base/sha256_blocks.h"

enum { SHA256_TEXT_SIZE = 65 }; /* 64 hexadecimal digits and the end of the string */

struct sha256 {
    sha256_blocks *blocks;
    uint32_t state[8];
    uint64_t bytes;                   /* so far */
    unsigned char rest[SHA256_BLOCK]; /* the last bytes % SHA256_BLOCK of them */
};

/* A digest of nothing yet, by the fastest way that this processor has. */
void sha256_begin(struct sha256 *sha);

/* Adds `count` bytes. */
void sha256_add(struct sha256 *sha, const void *bytes, size_t count);

/* The digest of all that was added, as 64 digits in lower case; sha256_begin must follow before the next use. */
void sha256_end(struct sha256 *sha, char text[SHA256_TEXT_SIZE]);

/* Whether a text begins with a digest, 64 digits in lower case. */
bool sha256_is_text(const char *text);

#endif
