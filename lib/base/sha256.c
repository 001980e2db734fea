#include "lib/base/sha256.h"
#include "lib/base/numbers.h"
#include <stdio.h>
#include <string.h>

void sha256_begin(struct sha256 *sha)
{
    /* The fractional parts of the square roots of the first eight primes. */
    *sha = (struct sha256){.blocks = sha256_fastest(),
                           .state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                                     0x1f83d9ab, 0x5be0cd19}};
}

void sha256_add(struct sha256 *sha, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    size_t have = sha->bytes % SHA256_BLOCK;
    sha->bytes += count;
    if (have) {
        size_t more = size_min(SHA256_BLOCK - have, count);
        memcpy(sha->rest + have, at, more);
        if (have + more < SHA256_BLOCK)
            return;
        sha->blocks(sha->state, sha->rest, 1);
        at += more;
        count -= more;
    }
    sha->blocks(sha->state, at, count / SHA256_BLOCK);
    memcpy(sha->rest, at + count / SHA256_BLOCK * SHA256_BLOCK, count % SHA256_BLOCK);
}

void sha256_end(struct sha256 *sha, char text[SHA256_TEXT_SIZE])
{
    /* A bit of 1, zeros up to the last eight bytes of a block, and there the length in bits. */
    const uint64_t bits = sha->bytes * 8;
    unsigned char padding[2 * SHA256_BLOCK] = {0x80};
    const size_t have = sha->bytes % SHA256_BLOCK;
    const size_t length = (have < SHA256_BLOCK - 8 ? 1 : 2) * SHA256_BLOCK - have;
    for (int i = 0; i < 8; i++)
        padding[length - 1 - (size_t)i] = (unsigned char)(bits >> 8 * i);
    sha256_add(sha, padding, length);
    for (int i = 0; i < 8; i++)
        snprintf(text + 8 * i, 9, "%08x", (unsigned)sha->state[i]);
}

bool sha256_is_text(const char *text)
{
    return strspn(text, "0123456789abcdef") >= SHA256_TEXT_SIZE - 1;
}
