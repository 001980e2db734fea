/* The bounding box and the window at their edges; what tests/tools/crop.py does not reach. */
#include "lib/volume/crop.h"
#include "lib/base/error.h"
#include "tests/check.h"

static struct record image_of(int x, int y, int z, int channels, enum sample sample)
{
    struct record record = {.role = ROLE_IMAGE,
                            .sample = sample,
                            .size = {x, y, z},
                            .channels = channels,
                            .case_name = "case",
                            .last = true};
    if (record_allocate(&record))
        abort();
    return record;
}

static void check_centre(int low, int high, int size, int offset)
{
    int lows[3] = {low, low, low}, highs[3] = {high, high, high}, sizes[3] = {size, size, size}, offsets[3];
    centre_box(lows, highs, sizes, offsets);
    check(offsets[0] == offset && offsets[2] == offset, "[%d, %d) in %d starts at %d", low, high, size,
          offset);
}

static void check_box_of_one_voxel(enum sample sample, const char *name)
{
    int wrong = 0, size[3] = {5, 4, 3};
    for (int at = 0; at < 2 * 60; at++) {
        struct record record = image_of(size[0], size[1], size[2], 2, sample);
        int low[3], high[3], voxel[3] = {at % 5, at / 5 % 4, at / 20 % 3};
        ((uint8_t *)record.data)[(size_t)at * sample_bytes(sample)] = 1; /* the least significant byte */
        wrong += !bounding_box(&record, low, high);
        for (int axis = 0; axis < 3; axis++)
            wrong += low[axis] != voxel[axis] || high[axis] != voxel[axis] + 1;
        record_free(&record);
    }
    check(!wrong, "the box of a single voxel, at every place, %s", name);
}

static void check_far_window(void)
{
    struct record record = image_of(3, 3, 3, 1, SAMPLE_UINT8);
    memset(record.data, 7, record.bytes);
    struct window window = {.offset = {-100, 0, 0}, .size = {4, 3, 2}};
    int status = crop_record(&record, &window), sum = 0;
    for (size_t i = 0; i < record.bytes; i++)
        sum += ((uint8_t *)record.data)[i];
    check(!status && record.bytes == 24 && sum == 0, "a window beside the volume is all zeros");
    record_free(&record);
}

int main(void)
{
    check_centre(10, 20, 10, 10);
    check_centre(10, 20, 7, 11); /* cut 3: 1 low, 2 high */
    check_centre(10, 20, 13, 9); /* pad 3: 1 low, 2 high */
    check_centre(0, 1, 4, -1);
    check_centre(0, 155, 160, -2);
    check_box_of_one_voxel(SAMPLE_UINT8, "uint8");
    check_box_of_one_voxel(SAMPLE_INT16, "int16");
    check_box_of_one_voxel(SAMPLE_BFLOAT16, "bfloat16");
    check_box_of_one_voxel(SAMPLE_FLOAT, "float, even denormal");
    struct record empty = image_of(2, 2, 2, 1, SAMPLE_FLOAT);
    int low[3], high[3];
    ((float *)empty.data)[3] = -0.0f;
    check(!bounding_box(&empty, low, high), "zeros of either sign have no box");
    record_free(&empty);
    check_far_window();
    return check_exit();
}
