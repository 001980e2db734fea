#include "lib/metrics/segmentation.h"
#include "lib/base/error.h"
#include "lib/stream/affine.h"
#include <stdlib.h>
#include <string.h>

static const double AFFINE_TOLERANCE = 1e-3;

void segmentation_drop_voxels(struct segmentation *s)
{
    free(s->voxels);
    s->voxels = NULL;
}

void segmentation_free(struct segmentation *s)
{
    free(s->name);
    free(s->voxels);
    *s = (struct segmentation){0};
}

struct mask segmentation_region(const struct segmentation *s, uint8_t bit)
{
    return (struct mask){s->voxels, bit, {s->size[0], s->size[1], s->size[2]}, axes_of(s->size)};
}

const double *segmentation_spacing(const struct segmentation *p, const struct segmentation *r)
{
    return r->has_geometry ? r->spacing : p->spacing;
}

int segmentation_compare(const struct segmentation *p, const struct segmentation *r)
{
    if (memcmp(p->size, r->size, sizeof p->size))
        return fail(STATUS_DATA, "%s is of %dx%dx%d voxels, %s of %dx%dx%d", p->name, p->size[0], p->size[1],
                    p->size[2], r->name, r->size[0], r->size[1], r->size[2]);
    if (p->has_geometry && r->has_geometry && !(affine_difference(p->affine, r->affine) <= AFFINE_TOLERANCE))
        return fail(STATUS_DATA, "%s and %s: their affines differ by %g", p->name, r->name,
                    affine_difference(p->affine, r->affine));
    if (p->case_name[0] && r->case_name[0] && strcmp(p->case_name, r->case_name))
        return fail(STATUS_DATA, "%s is of case %s, %s of case %s", p->name, p->case_name, r->name,
                    r->case_name);
    return STATUS_OK;
}

void segmentation_warn(const char *case_name, const struct segmentation *p, const struct segmentation *r)
{
    const struct segmentation *both[2] = {p, r};
    for (int i = 0; i < 2; i++)
        if (both[i]->looks_2023)
            warn("case %s: %s: it holds label 3 and no 4: 2023's numbers, which need --scheme 2023, or the "
                 "Decathlon's, whose 1 is oedema and 2 the core: nii2raw --scheme msd translates them",
                 case_name, both[i]->name);
}
