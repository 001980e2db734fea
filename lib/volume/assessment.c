#include "lib/volume/assessment.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/base/numbers.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int count_labels(const struct region *region)
{
    int count = 0;
    while (region->labels[count])
        count++;
    return count;
}

/* Whether all labels of a region are among those of another one, which has more. */
static bool lies_in(const struct region *inner, const struct region *outer)
{
    for (const uint8_t *label = inner->labels; *label; label++) {
        const uint8_t *own = outer->labels;
        while (*own && *own != *label)
            own++;
        if (!*own)
            return false;
    }
    return count_labels(outer) > count_labels(inner);
}

int region_around(const struct label_scheme *scheme, int r)
{
    int best = -1;
    for (int other = 0; other < scheme->region_count; other++)
        if (lies_in(&scheme->regions[r], &scheme->regions[other]) &&
            (best < 0 || count_labels(&scheme->regions[other]) < count_labels(&scheme->regions[best])))
            best = other;
    return best;
}

/* The box of what any region holds by either, low .. high - 1; empty: low >= high. */
static void find_box(const float *probabilities, int regions, const uint8_t *bits, const int size[3],
                     int low[3], int high[3])
{
    const size_t voxels = grid_voxels(size);
    for (int axis = 0; axis < 3; axis++) {
        low[axis] = size[axis];
        high[axis] = 0;
    }
    for (size_t i = 0; i < voxels; i++) {
        bool any = bits[i];
        for (int r = 0; r < regions && !any; r++)
            any = probabilities[(size_t)r * voxels + i] > 0.5f;
        if (!any)
            continue;
        const int at[3] = {(int)(i % size[0]), (int)(i / size[0] % size[1]), (int)(i / size[0] / size[1])};
        for (int axis = 0; axis < 3; axis++) {
            low[axis] = int_min(low[axis], at[axis]);
            high[axis] = int_max(high[axis], at[axis] + 1);
        }
    }
}

static void add_voxel(struct calibration_bin bins[CALIBRATION_BINS], float probability, bool inside)
{
    if (!(probability >= 0 && probability <= 1))
        return;
    struct calibration_bin *bin = &bins[int_min((int)(probability * CALIBRATION_BINS), CALIBRATION_BINS - 1)];
    bin->voxels++;
    bin->probability += probability;
    bin->reference += inside;
}

static void count_outside(const float *probabilities, size_t voxels, struct assessment *assessment)
{
    for (int r = 0; r < assessment->scheme->region_count; r++) {
        const int around = region_around(assessment->scheme, r);
        const float *own = probabilities + (size_t)r * voxels,
                    *outer = probabilities + (size_t)around * voxels;
        for (size_t i = 0; around >= 0 && i < voxels; i++)
            assessment->outside[r] += own[i] > 0.5f && !(outer[i] > 0.5f);
    }
}

int assess(const struct label_scheme *scheme, const float *probabilities, const uint8_t *labels,
           const int size[3], struct assessment *assessment)
{
    const size_t voxels = grid_voxels(size);
    int low[3], high[3];
    *assessment = (struct assessment){.scheme = scheme};
    uint8_t *bits = malloc(voxels);
    if (!bits)
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", voxels);
    int status = region_bits_of_labels(scheme, labels, voxels, bits);
    if (!status) {
        find_box(probabilities, scheme->region_count, bits, size, low, high);
        count_outside(probabilities, voxels, assessment);
        for (int r = 0; r < assessment->scheme->region_count; r++)
            for (int z = low[2]; z < high[2]; z++)
                for (int y = low[1]; y < high[1]; y++)
                    for (int x = low[0]; x < high[0]; x++) {
                        const size_t i =
                            ((size_t)z * (size_t)size[1] + (size_t)y) * (size_t)size[0] + (size_t)x;
                        add_voxel(assessment->bins[r], probabilities[(size_t)r * voxels + i],
                                  bits[i] >> r & 1);
                    }
    }
    free(bits);
    return status;
}

int assessment_begin(struct output *output)
{
    return output_print(output, "case\titem\tregion\tkey\tvalue\n");
}

int assessment_rows(struct output *output, const char *case_name, const struct assessment *assessment)
{
    int status = STATUS_OK;
    for (int r = 0; r < assessment->scheme->region_count && !status; r++) {
        const char *name = assessment->scheme->regions[r].name;
        const int around = region_around(assessment->scheme, r);
        for (int b = 0; b < CALIBRATION_BINS && !status; b++) {
            const struct calibration_bin *bin = &assessment->bins[r][b];
            if (bin->voxels > 0)
                status = output_print(output, "%s\tcalibration\t%s\t%d\t%.0f %.9g %.0f\n", case_name, name, b,
                                      bin->voxels, bin->probability, bin->reference);
        }
        if (!status && around >= 0)
            status = output_print(output, "%s\toutside\t%s\t%s\t%.0f\n", case_name, name,
                                  assessment->scheme->regions[around].name, assessment->outside[r]);
    }
    return status;
}
