/* The sums of the Dice loss over plain arrays: see kernels/head.h. */
#include "kernels/cpu/blocked/head.h"

/* Vectors that are added up in single before they go on in double. */
enum { VECTORS_SINGLE = 16 };

struct lane_dice {
    lanes intersection, probability, target, hard_intersection, hard_probability;
};

static void add_group(struct lane_dice *sums, lanes p, lanes inside)
{
    lanes hard = lanes_where_positive(p - 0.5f, 1 - (lanes){0}, (lanes){0});
    sums->intersection += p * inside;
    sums->probability += p;
    sums->target += inside;
    sums->hard_intersection += hard * inside;
    sums->hard_probability += hard;
}

static double total(lanes v)
{
    double sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += v[i];
    return sum;
}

static void add_total(struct dice_sums *to, const struct lane_dice *from)
{
    to->intersection += total(from->intersection);
    to->probability += total(from->probability);
    to->target += total(from->target);
    to->hard_intersection += total(from->hard_intersection);
    to->hard_probability += total(from->hard_probability);
}

static struct dice_sums slice_sums(size_t begin, size_t end, const float *p, const uint8_t *target, int k)
{
    struct dice_sums sums = {0};
    for (size_t v = begin; v < end;) {
        struct lane_dice run;
        memset(&run, 0, sizeof run);
        for (int i = 0; i < VECTORS_SINGLE && v < end; i++, v += LANES) {
            int count = end - v < LANES ? (int)(end - v) : LANES;
            add_group(&run, load_some(p + v, count), inside_region(target + v, count, k));
        }
        add_total(&sums, &run);
    }
    return sums;
}

void blocked_dice_sums(size_t voxels, int regions, const float *p, const uint8_t *target,
                       struct dice_sums *sums, void *scratch)
{
    struct dice_sums *slices = scratch; /* [SLICES_MAX][regions] */
#pragma omp parallel for collapse(2) schedule(static)
    for (int slice = 0; slice < SLICES_MAX; slice++)
        for (int k = 0; k < regions; k++)
            slices[slice * regions + k] =
                slice_sums(slice_begin(voxels, SLICES_MAX, slice), slice_begin(voxels, SLICES_MAX, slice + 1),
                           p + (size_t)k * voxels, target, k);
    for (int k = 0; k < regions; k++) {
        sums[k] = (struct dice_sums){0};
        for (int slice = 0; slice < SLICES_MAX; slice++) {
            const struct dice_sums *s = slices + slice * regions + k;
            sums[k].intersection += s->intersection;
            sums[k].probability += s->probability;
            sums[k].target += s->target;
            sums[k].hard_intersection += s->hard_intersection;
            sums[k].hard_probability += s->hard_probability;
        }
    }
}
