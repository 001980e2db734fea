#include "lib/network/prefetch.h"
#include "lib/base/error.h"
#include "lib/network/body.h"
#include <string.h>

static size_t image_bytes(const struct network *n)
{
    struct shape image = network_shape(n, 0, 1, n->architecture.inputs);
    return (size_t)shape_channels(image) * shape_voxels(image) * sizeof(float);
}

static size_t target_bytes(const struct network *n)
{
    return shape_voxels(network_shape(n, 0, 1, 1));
}

/* A case lies in one piece, the target on a cache line of its own. */
static size_t target_offset(const struct network *n)
{
    return (image_bytes(n) + PLAN_ALIGNMENT - 1) / PLAN_ALIGNMENT * PLAN_ALIGNMENT;
}

static size_t case_bytes(const struct network *n)
{
    return target_offset(n) + target_bytes(n);
}

static bool prefetches(const struct network *n)
{
    return n->training && n->kernels->overlaps;
}

void prefetch_plan(struct network *n)
{
    if (prefetches(n))
        n->prefetch.buffer = plan_begin(&n->plan, "next case", -1, case_bytes(n));
}

int prefetch_allocate(struct network *n)
{
    struct prefetch *s = &n->prefetch;
    if (!prefetches(n))
        return STATUS_OK;
    s->slot_bytes = case_bytes(n);
    for (int i = 0; i < STAGING_SLOTS; i++)
        if (!(s->slots[i] = n->kernels->allocate_host(s->slot_bytes))) {
            const char *advice = n->kernels->finish();
            return fail(STATUS_FAILURE, "%s: not enough host memory for %zu MiB of input%s%s",
                        n->kernels->name, mebibytes(s->slot_bytes), advice ? ": " : "", advice ? advice : "");
        }
    s->next = network_buffer(n, s->buffer);
    return STATUS_OK;
}

void prefetch_release(struct network *n)
{
    struct prefetch *s = &n->prefetch;
    for (int i = 0; i < STAGING_SLOTS; i++)
        if (s->slots[i])
            n->kernels->release_host(s->slots[i], s->slot_bytes);
    *s = (struct prefetch){0};
}

static char *free_slot(const struct network *n, int channels, const int size[3])
{
    const struct prefetch *s = &n->prefetch;
    bool fits = s->next && channels == n->architecture.inputs && !memcmp(size, n->size, sizeof n->size);
    return fits ? s->slots[s->filling] : NULL;
}

float *network_prefetch_destination(const struct network *n, int channels, const int size[3])
{
    return (float *)free_slot(n, channels, size);
}

void network_prefetch_start(struct network *n, int channels, const int size[3], const float *image,
                            const uint8_t *labels)
{
    struct prefetch *s = &n->prefetch;
    char *slot = free_slot(n, channels, size);
    if (!slot || target_from_labels(target_bytes(n), labels, (uint8_t *)slot + target_offset(n)))
        return;
    if ((const char *)image != slot)
        memcpy(slot, image, image_bytes(n));
    n->kernels->prefetch_start(s->next, slot, case_bytes(n));
    s->filling = (s->filling + 1) % STAGING_SLOTS;
    s->waiting = true;
}

bool network_put_prefetched(struct network *n)
{
    struct prefetch *s = &n->prefetch;
    if (!s->waiting)
        return false;
    n->kernels->prefetch_wait();
    n->kernels->copy(n->ends.image, s->next, image_bytes(n));
    n->kernels->copy(n->ends.target, s->next + target_offset(n), target_bytes(n));
    n->kernels->prefetch_release();
    s->waiting = false;
    return true;
}
