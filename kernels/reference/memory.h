/* What all backends in host memory share: the memory itself, 64-byte aligned, and the functions that have nothing
 * to do there. */
#ifndef PRUNET_KERNELS_REFERENCE_MEMORY_H
#define PRUNET_KERNELS_REFERENCE_MEMORY_H

#include "kernels/kernels.h"

void *reference_allocate(size_t bytes);
size_t reference_available(void);
void reference_release(void *memory, size_t bytes);
void reference_copy(void *to, const void *from, size_t bytes);
void reference_clear(void *memory, size_t bytes);
const char *reference_open(void);
const char *reference_finish(void);
void reference_prefetch_wait(void);
void reference_prefetch_release(void);
bool reference_record_begin(struct recording *recording);
bool reference_record_end(struct recording *recording);
void reference_replay(const struct recording *recording);
void reference_record_release(struct recording *recording);

/* The part of a table that all backends in host memory share. */
#define REFERENCE_HOST_FUNCTIONS                                                                             \
    .alignment = 64, .open = reference_open, .allocate = reference_allocate, .release = reference_release,   \
    .available = reference_available, .upload = reference_copy, .download = reference_copy,                  \
    .clear = reference_clear, .copy = reference_copy, .finish = reference_finish,                            \
    .allocate_host = reference_allocate, .release_host = reference_release, .on_host = true,                 \
    .prefetch_start = reference_copy, .prefetch_wait = reference_prefetch_wait,                              \
    .prefetch_release = reference_prefetch_release, .record_begin = reference_record_begin,                  \
    .record_end = reference_record_end, .replay = reference_replay,                                          \
    .record_release = reference_record_release

#endif
