#include "lib/base/sha256_beside.h"

/* What takes less than a millisecond is not worth a thread. */
enum { WORTH_A_THREAD = 1 << 20 };

static void *digest_pieces(void *self)
{
    struct sha256_beside *b = self;
    pthread_mutex_lock(&b->lock);
    for (;;) {
        while (b->digested == b->added && !b->ending)
            pthread_cond_wait(&b->moved, &b->lock);
        if (b->digested == b->added)
            break;
        const struct sha256_piece piece = b->piece[b->digested % SHA256_AHEAD];
        pthread_mutex_unlock(&b->lock);
        sha256_add(b->sha, piece.bytes, piece.count);
        pthread_mutex_lock(&b->lock);
        b->digested++;
        pthread_cond_signal(&b->moved);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

void sha256_beside_begin(struct sha256_beside *b, struct sha256 *sha, size_t bytes)
{
    *b = (struct sha256_beside){
        .sha = sha, .lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
    b->threaded = bytes >= WORTH_A_THREAD && !pthread_create(&b->thread, NULL, digest_pieces, b);
}

void sha256_beside_add(struct sha256_beside *b, const void *bytes, size_t count)
{
    if (!b->threaded) {
        sha256_add(b->sha, bytes, count);
        return;
    }
    pthread_mutex_lock(&b->lock);
    while (b->added - b->digested == SHA256_AHEAD)
        pthread_cond_wait(&b->moved, &b->lock);
    b->piece[b->added++ % SHA256_AHEAD] = (struct sha256_piece){bytes, count};
    pthread_cond_signal(&b->moved);
    pthread_mutex_unlock(&b->lock);
}

void sha256_beside_end(struct sha256_beside *b)
{
    if (!b->threaded)
        return;
    pthread_mutex_lock(&b->lock);
    b->ending = true;
    pthread_cond_signal(&b->moved);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    b->threaded = false;
}
