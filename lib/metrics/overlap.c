#include "lib/metrics/overlap.h"
#include <math.h>

struct overlap overlap_count(const struct mask *prediction, const struct mask *reference)
{
    const size_t rows = (size_t)prediction->size[1] * prediction->size[2];
    const int width = prediction->size[0];
    const uint8_t p_bit = prediction->bit, r_bit = reference->bit;
    uint64_t both = 0, p_all = 0, r_all = 0;
    for (size_t row = 0; row < rows; row++) {
        const uint8_t *p = prediction->voxels + row * width, *r = reference->voxels + row * width;
        uint32_t row_both = 0, row_p = 0, row_r = 0;
        for (int x = 0; x < width; x++) {
            unsigned in_p = (p[x] & p_bit) != 0, in_r = (r[x] & r_bit) != 0;
            row_p += in_p;
            row_r += in_r;
            row_both += in_p & in_r;
        }
        both += row_both;
        p_all += row_p;
        r_all += row_r;
    }
    return (struct overlap){both, p_all - both, r_all - both, rows * width - p_all - r_all + both};
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

double overlap_dice(const struct overlap *o)
{
    return share(2 * o->tp, 2 * o->tp + o->fp + o->fn);
}

double overlap_sensitivity(const struct overlap *o)
{
    return share(o->tp, o->tp + o->fn);
}

double overlap_specificity(const struct overlap *o)
{
    return share(o->tn, o->tn + o->fp);
}
