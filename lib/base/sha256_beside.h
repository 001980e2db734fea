/* SHA-256 in a thread of its own, beside the reading of what is digested: a second processor cannot take a share of
 * a digest, which is one chain of instructions, but it can read meanwhile. */
#ifndef PRUNET_BASE_SHA256_BESIDE_H
#define PRUNET_BASE_SHA256_BESIDE_H

#include "lib/base/sha256.h"
#include <pthread.h>

/* Pieces that wait for the digest at most. It is the slower one: with these it never waits for the reader. */
enum { SHA256_AHEAD = 4 };

struct sha256_beside {
    struct sha256 *sha; /* borrowed */
    bool threaded;      /* from begin to end, where there is a thread */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t moved; /* added, digested or ending */
    struct sha256_piece {
        const void *bytes;
        size_t count;
    } piece[SHA256_AHEAD];  /* piece n in n % SHA256_AHEAD */
    size_t added, digested; /* pieces */
    bool ending;
};

/* Begins a thread that adds about so many bytes to `sha`, which is the thread's until sha256_beside_end. Where
 * they are few, or no thread can be made, they are digested where they are added. */
void sha256_beside_begin(struct sha256_beside *beside, struct sha256 *sha, size_t bytes);

/* Adds `count` bytes. They must stay as they are until SHA256_AHEAD further pieces were added, or until the
 * end. */
void sha256_beside_add(struct sha256_beside *beside, const void *bytes, size_t count);

/* Waits until all that was added is digested, and ends the thread. */
void sha256_beside_end(struct sha256_beside *beside);

#endif
