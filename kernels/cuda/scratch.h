/* Dividing an operation's scratch. Each operation has one function that takes its pieces in order: with
 * memory it gives the pointers, without (NULL) it counts the bytes, so that the two cannot differ. */
#ifndef PRUNET_KERNELS_CUDA_SCRATCH_H
#define PRUNET_KERNELS_CUDA_SCRATCH_H

#include <stddef.h>

/* Bytes at whose multiples each piece begins: cuBLAS refuses a workspace that does not begin at one of 256. Plans
 * give scratch as a whole and tensors the same. */
enum { SCRATCH_ALIGNMENT = 256 };

struct scratch {
    char *base;   /* NULL: only count */
    size_t bytes; /* taken so far */
};

static inline struct scratch scratch_begin(void *base)
{
    struct scratch s = {(char *)base, 0};
    return s;
}

/* The next piece, of at least so many bytes; NULL when only counting. */
static inline void *scratch_take(struct scratch *s, size_t bytes)
{
    char *piece = s->base ? s->base + s->bytes : NULL;
    s->bytes += (bytes + SCRATCH_ALIGNMENT - 1) / SCRATCH_ALIGNMENT * SCRATCH_ALIGNMENT;
    return piece;
}

#endif
