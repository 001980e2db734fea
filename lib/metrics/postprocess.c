#include "lib/metrics/postprocess.h"
#include "lib/base/error.h"
#include "lib/metrics/component.h"
#include <stdbool.h>
#include <stdlib.h>

enum { ANY_BIT = 0xff };

int drop_components(uint8_t *voxels, const int size[3], double voxel, double minimum, size_t *dropped)
{
    const struct mask mask = {voxels, ANY_BIT, {size[0], size[1], size[2]}, axes_of(size)};
    const size_t count = grid_voxels(size);
    struct components components;
    *dropped = 0;
    if (minimum <= 0)
        return STATUS_OK;
    int status = components_label(&mask, &components);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++) {
        const int32_t label = components.labels[i];
        if (label && (double)components.volumes[label] * voxel < minimum) {
            voxels[i] = 0;
            ++*dropped;
        }
    }
    components_free(&components);
    return STATUS_OK;
}

/* inside[label] = 1 for the labels of a region. */
static void list_labels(const struct label_scheme *scheme, int region, uint8_t inside[256])
{
    for (int label = 0; label < 256; label++)
        inside[label] = label_region_bits(scheme, (uint8_t)label) >> region & 1;
}

/* The same for the labels of one region; the others stay. */
static int drop_lesions(const struct label_scheme *scheme, uint8_t *labels, const int size[3], double voxel,
                        double minimum, size_t *dropped)
{
    const size_t count = grid_voxels(size);
    uint8_t *lesions = malloc(count), inside[256];
    if (!lesions)
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", count);
    list_labels(scheme, scheme->lesions, inside);
    for (size_t i = 0; i < count; i++)
        lesions[i] = inside[labels[i]];
    int status = drop_components(lesions, size, voxel, minimum, dropped);
    for (size_t i = 0; i < count && !status; i++)
        if (!lesions[i] && inside[labels[i]])
            labels[i] = LABEL_BACKGROUND;
    free(lesions);
    return status;
}

/* What a voxel of a region becomes without it: what the last region before it that has all of it paints. */
static uint8_t label_without(const struct label_scheme *scheme, int region)
{
    for (int r = region - 1; r >= 0; r--) {
        bool whole = true;
        for (const uint8_t *label = scheme->regions[region].labels; *label; label++)
            whole = whole && label_region_bits(scheme, *label) >> r & 1;
        if (whole)
            return scheme->regions[r].label;
    }
    return LABEL_BACKGROUND;
}

int postprocess_labels(const struct postprocess *postprocess, const struct label_scheme *scheme,
                       uint8_t *labels, const int size[3], double voxel, size_t *changed)
{
    const int et = region_named(scheme, "ET");
    const size_t count = grid_voxels(size);
    size_t enhancing = 0;
    uint8_t inside[256];
    *changed = 0;
    if (et < 0 && postprocess->et_minimum > 0)
        return fail(STATUS_DATA, "scheme %s has no region ET", scheme->name);
    int status = postprocess->component_minimum > 0
                     ? drop_lesions(scheme, labels, size, voxel, postprocess->component_minimum, changed)
                     : STATUS_OK;
    if (status || !(postprocess->et_minimum > 0))
        return status;
    list_labels(scheme, et, inside);
    for (size_t i = 0; i < count; i++)
        enhancing += inside[labels[i]];
    if ((double)enhancing * voxel >= postprocess->et_minimum)
        return STATUS_OK;
    const uint8_t instead = label_without(scheme, et);
    for (size_t i = 0; i < count; i++)
        labels[i] = inside[labels[i]] ? instead : labels[i];
    *changed += enhancing;
    return STATUS_OK;
}
