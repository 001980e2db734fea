#include "lib/metrics/postprocess.h"
#include "lib/base/error.h"
#include "lib/metrics/component.h"
#include "lib/volume/labels.h"

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

int postprocess_labels(const struct postprocess *postprocess, uint8_t *labels, const int size[3],
                       double voxel, size_t *changed)
{
    int status = drop_components(labels, size, voxel, postprocess->component_minimum, changed);
    const size_t count = grid_voxels(size);
    size_t enhancing = 0;
    if (status)
        return status;
    for (size_t i = 0; i < count; i++)
        enhancing += labels[i] == LABEL_ENHANCING;
    if ((double)enhancing * voxel >= postprocess->et_minimum)
        return STATUS_OK;
    for (size_t i = 0; i < count; i++)
        labels[i] = labels[i] == LABEL_ENHANCING ? LABEL_CORE : labels[i];
    *changed += enhancing;
    return STATUS_OK;
}
