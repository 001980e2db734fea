#include "lib/network/staging.h"
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

static bool stages(const struct network *n)
{
    return n->training && n->kernels->overlaps;
}

void staging_plan(struct network *n)
{
    if (stages(n))
        n->staging.buffer = plan_begin(&n->plan, "next case", -1, case_bytes(n));
}

int staging_allocate(struct network *n)
{
    struct staging *s = &n->staging;
    if (!stages(n))
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

void staging_release(struct network *n)
{
    struct staging *s = &n->staging;
    for (int i = 0; i < STAGING_SLOTS; i++)
        if (s->slots[i])
            n->kernels->release_host(s->slots[i], s->slot_bytes);
    *s = (struct staging){0};
}

static char *free_slot(const struct network *n, int channels, const int size[3])
{
    const struct staging *s = &n->staging;
    bool fits = s->next && channels == n->architecture.inputs && !memcmp(size, n->size, sizeof n->size);
    return fits ? s->slots[s->filling] : NULL;
}

float *network_stage_room(const struct network *n, int channels, const int size[3])
{
    return (float *)free_slot(n, channels, size);
}

void network_stage(struct network *n, int channels, const int size[3], const float *image,
                   const uint8_t *labels)
{
    struct staging *s = &n->staging;
    char *slot = free_slot(n, channels, size);
    if (!slot || target_from_labels(target_bytes(n), labels, (uint8_t *)slot + target_offset(n)))
        return;
    if ((const char *)image != slot)
        memcpy(slot, image, image_bytes(n));
    n->kernels->stage(s->next, slot, case_bytes(n));
    s->filling = (s->filling + 1) % STAGING_SLOTS;
    s->staged = true;
}

bool network_put_staged(struct network *n)
{
    struct staging *s = &n->staging;
    if (!s->staged)
        return false;
    n->kernels->staged();
    n->kernels->copy(n->ends.image, s->next, image_bytes(n));
    n->kernels->copy(n->ends.target, s->next + target_offset(n), target_bytes(n));
    n->kernels->taken();
    s->staged = false;
    return true;
}
