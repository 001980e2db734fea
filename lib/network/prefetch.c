#include "lib/network/prefetch.h"
#include "lib/base/error.h"

int prefetch_open(struct prefetch *f, const struct pass *p)
{
    f->slot_bytes = p->next_case.bytes;
    for (int i = 0; f->slot_bytes && i < PREFETCH_SLOTS; i++)
        if (!(f->slots[i] = p->kernels->allocate_host(f->slot_bytes))) {
            const char *advice = p->kernels->finish();
            return fail(STATUS_FAILURE, "%s: not enough host memory for %zu MiB of input%s%s",
                        p->kernels->name, mebibytes(f->slot_bytes), advice ? ": " : "", advice ? advice : "");
        }
    return STATUS_OK;
}

void prefetch_close(struct prefetch *f, const struct kernels *kernels)
{
    for (int i = 0; i < PREFETCH_SLOTS; i++)
        if (f->slots[i])
            kernels->release_host(f->slots[i], f->slot_bytes);
    *f = (struct prefetch){0};
}

float *prefetch_slot(const struct prefetch *f)
{
    return (float *)f->slots[f->filling];
}

void prefetch_start(struct prefetch *f, const struct pass *p)
{
    p->kernels->prefetch_start(p->next_case.at, f->slots[f->filling], f->slot_bytes);
    f->filling = (f->filling + 1) % PREFETCH_SLOTS;
    f->waiting = true;
}

bool prefetch_put(struct prefetch *f, const struct pass *p)
{
    if (!f->waiting)
        return false;
    p->kernels->prefetch_wait();
    p->kernels->copy(p->image.at, p->next_case.at, p->image.bytes);
    p->kernels->copy(p->target.at, (char *)p->next_case.at + target_offset(p), p->target.bytes);
    p->kernels->prefetch_release();
    f->waiting = false;
    return true;
}
