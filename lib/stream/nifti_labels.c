#include "lib/base/error.h"
#include "lib/stream/nifti.h"
#include <string.h>

enum { NONE = 255, VALUES = 5 };

/* rules -> the file's value -> BraTS 2018's value */
static const uint8_t maps[][VALUES] = {
    [RULES_2018] = {0, 1, 2, NONE, 4}, [RULES_2023] = {0, 1, 2, 4, 4}, [RULES_MSD] = {0, 2, 1, 4, NONE}};

static const char *const allowed[] = {[RULES_2018] = "0, 1, 2, 4 (with --labels 2023 also 3)",
                                      [RULES_2023] = "0, 1, 2, 3, 4",
                                      [RULES_MSD] = "0, 1, 2, 3"};

bool label_rules_named(const char *name, enum label_rules *rules)
{
    static const char *const names[] = {[RULES_2018] = "2018", [RULES_2023] = "2023", [RULES_MSD] = "msd"};
    for (int i = RULES_2018; i <= RULES_MSD; i++)
        if (!strcmp(name, names[i])) {
            *rules = i;
            return true;
        }
    return false;
}

static uint8_t map(const uint8_t to[VALUES], float value)
{
    int whole = value >= 0 && value < VALUES ? (int)value : VALUES;
    return whole < VALUES && (float)whole == value ? to[whole] : NONE;
}

int nifti_labels(const char *path, const struct nifti *volume, enum label_rules rules, uint8_t *labels)
{
    size_t voxels = (size_t)volume->size[0] * (size_t)volume->size[1] * (size_t)volume->size[2],
           first = voxels;
    if (volume->channels != 1)
        return fail(STATUS_DATA, "%s: %d channels; a label map has one", path, volume->channels);
    for (size_t i = 0; i < voxels; i++) {
        labels[i] = map(maps[rules], volume->data[i]);
        if (labels[i] == NONE && first == voxels)
            first = i;
    }
    if (first == voxels)
        return STATUS_OK;
    float value = volume->data[first];
    size_t count = 0;
    for (size_t i = first; i < voxels; i++)
        count += volume->data[i] == value;
    return fail(STATUS_DATA, "%s: label %.9g in %zu voxels: allowed are %s", path, (double)value, count,
                allowed[rules]);
}
