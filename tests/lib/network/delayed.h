/* A stand-in for a device, made of the reference: input that is prefetched is copied at the last moment that
 * the contract of prefetching (kernels/kernels.h) allows, what may not be read yet is poisoned, and breaches
 * of the contract are counted. */
#ifndef PRUNET_TESTS_LIB_NETWORK_DELAYED_H
#define PRUNET_TESTS_LIB_NETWORK_DELAYED_H

#include "kernels/kernels.h"
#include "tests/check.h"
#include <stdatomic.h>
#include <stdint.h>

static struct kernels delayed;

struct copy {
    void *to;
    const void *from;
    size_t bytes;
    uint64_t sum;
};

/* A copy belongs to the thread that prefetches until `prefetch_wait`, then to the caller's. */
static struct {
    struct copy on_its_way, arrived;
    bool moving, reading, borrowed; /* asked for; arrived; its host memory may not be touched */
    atomic_int prefetches, wrong;   /* how many, and breaches of the contract */
    int stop_at;                    /* the copy at which `stop` is set; 0: none */
    atomic_bool *stop;
    int host_blocks; /* allocated and not released */
    bool refuse_host;
    const void *last_from; /* of the latest copy */
    int from_changes;
} d;

static inline uint64_t sum_of(const struct copy *copy)
{
    const unsigned char *bytes = copy->from;
    uint64_t sum = 14695981039346656037u; /* FNV-1a */
    for (size_t i = 0; i < copy->bytes; i++)
        sum = (sum ^ bytes[i]) * 1099511628211u;
    return sum;
}

static inline void *delayed_allocate_host(size_t bytes)
{
    if (d.refuse_host)
        return NULL;
    d.host_blocks++;
    return poisoned(bytes);
}

static inline void delayed_release_host(void *memory, size_t bytes)
{
    (void)bytes;
    d.host_blocks--;
    free(memory);
}

static inline void delayed_prefetch_start(void *to, const void *from, size_t bytes)
{
    d.wrong += d.moving || d.reading;
    d.on_its_way = (struct copy){.to = to, .from = from, .bytes = bytes};
    d.on_its_way.sum = sum_of(&d.on_its_way);
    poison(to, bytes);
    d.moving = true;
    d.from_changes += from != d.last_from;
    d.last_from = from;
    if (++d.prefetches == d.stop_at)
        *d.stop = true;
}

static inline void delayed_prefetch_wait(void)
{
    d.wrong += !d.moving;
    d.arrived = d.on_its_way;
    memcpy(d.arrived.to, d.arrived.from, d.arrived.bytes);
    d.moving = false;
    d.reading = d.borrowed = true;
}

static inline void delayed_prefetch_release(void)
{
    d.wrong += !d.reading;
    poison(d.arrived.to, d.arrived.bytes);
    d.reading = false;
}

static inline const char *delayed_finish(void)
{
    if (d.borrowed)
        d.wrong += sum_of(&d.arrived) != d.arrived.sum;
    d.borrowed = false;
    return NULL;
}

static inline void make_double(void)
{
    delayed = kernels_reference;
    delayed.name = "reference, delayed";
    delayed.overlaps = true;
    delayed.allocate_host = delayed_allocate_host;
    delayed.release_host = delayed_release_host;
    delayed.prefetch_start = delayed_prefetch_start;
    delayed.prefetch_wait = delayed_prefetch_wait;
    delayed.prefetch_release = delayed_prefetch_release;
    delayed.finish = delayed_finish;
}

#endif
