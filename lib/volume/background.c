#include "lib/volume/background.h"
#include "lib/base/error.h"
#include "lib/base/grid.h"
#include "lib/volume/samples.h"
#include <math.h>
#include <string.h>

enum { CORNERS = 8, SIZE_MIN = 16 };

static bool is_whole(const struct record *image)
{
    for (int axis = 0; axis < 3; axis++)
        if (image->size[axis] < SIZE_MIN)
            return false;
    int grid[3];
    record_turned_grid(image, grid);
    return !image->has_grid || grid_equal(image->size, grid);
}

static char *voxel(const struct record *image, int channel, size_t place)
{
    return (char *)image->data +
           ((size_t)channel * record_voxels(image) + place) * sample_bytes(image->sample);
}

/* Bit 0 of `corner` is the far end of x, bit 1 that of y, bit 2 that of z. */
static size_t corner_place(const int size[3], int corner)
{
    const size_t x = corner & 1 ? (size_t)size[0] - 1 : 0, y = corner & 2 ? (size_t)size[1] - 1 : 0,
                 z = corner & 4 ? (size_t)size[2] - 1 : 0;
    return (z * (size_t)size[1] + y) * (size_t)size[0] + x;
}

/* Makes 0 of every voxel that is as the channel's first. */
static size_t clear_value(const struct record *image, int channel)
{
    const size_t bytes = sample_bytes(image->sample);
    char value[sizeof(float)], *at = voxel(image, channel, 0);
    size_t cleared = 0;
    memcpy(value, at, bytes);
    for (size_t i = 0; i < record_voxels(image); i++, at += bytes)
        if (!memcmp(at, value, bytes)) {
            memset(at, 0, bytes);
            cleared++;
        }
    return cleared;
}

static void clear_channel(struct record *image, int channel)
{
    float value[CORNERS], lowest = INFINITY, highest = -INFINITY;
    int other = 0; /* corners that are not 0 */
    char name[CHANNEL_NAMES_SIZE];
    for (int i = 0; i < CORNERS; i++) {
        samples_to_float(image->sample, voxel(image, channel, corner_place(image->size, i)), 1, &value[i]);
        lowest = fminf(lowest, value[i]);
        highest = fmaxf(highest, value[i]);
        other += value[i] != 0;
        if (!isfinite(value[i])) /* refused elsewhere */
            return;
    }
    channel_name(image, channel, name, sizeof name);
    if (other == CORNERS && lowest == highest) {
        const size_t cleared = clear_value(image, channel);
        warn("case %s: %s: the background is %g, not 0: %zu voxels of this value are taken for 0",
             image->case_name, name, (double)lowest, cleared);
    } else if (other > CORNERS / 2)
        warn("case %s: %s: the corners are not 0 but %g to %g: the background is taken for brain; mask it",
             image->case_name, name, (double)lowest, (double)highest);
}

void background_clear(struct record *image)
{
    if (!is_whole(image))
        return;
    for (int c = 0; c < image->channels; c++)
        clear_channel(image, c);
}
