/* Host memory, 64-byte aligned; large blocks begin on a huge page and ask for huge ones. */
#include "kernels/reference/memory.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CACHE_LINE = 64, HUGE_PAGE = 2 << 20 };

void *reference_allocate(size_t bytes)
{
    size_t alignment = bytes < HUGE_PAGE ? CACHE_LINE : HUGE_PAGE;
    if (bytes > SIZE_MAX - alignment)
        return NULL;
    size_t rounded = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment, rounded ? rounded : CACHE_LINE))
        return NULL;
    if (alignment == HUGE_PAGE)
        (void)madvise(memory, rounded, MADV_HUGEPAGE); /* advice only: a refusal costs speed, nothing else */
    return memory;
}

size_t reference_available(void)
{
    return SIZE_MAX;
}

void reference_release(void *memory, size_t bytes)
{
    (void)bytes;
    free(memory);
}

void reference_copy(void *to, const void *from, size_t bytes)
{
    if (bytes)
        memcpy(to, from, bytes);
}

void reference_clear(void *memory, size_t bytes)
{
    if (bytes)
        memset(memory, 0, bytes);
}

const char *reference_open(void)
{
    return NULL; /* a CPU needs no claiming */
}

const char *reference_finish(void)
{
    return NULL; /* every function has done its work when it returns */
}

void reference_prefetch_wait(void)
{
    /* reference_copy, which prefetches, has copied when it returns */
}

void reference_prefetch_release(void)
{
    /* whatever read the copied bytes has done so when it returned */
}

bool reference_record_begin(struct recording *recording)
{
    (void)recording;
    return false; /* a call costs nothing that a recording could save */
}

bool reference_record_end(struct recording *recording)
{
    (void)recording;
    return false;
}

void reference_replay(const struct recording *recording)
{
    (void)recording;
}

void reference_record_release(struct recording *recording)
{
    (void)recording;
}
